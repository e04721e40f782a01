"""Who talks to the bot in tests, and when."""

from datetime import UTC, datetime, timedelta

from bot.commands import Commands
from bot.lane import Lane
from bot.messages import Button, Card, Person, Press, Rank, Reply, Request, Room
from bot.platforms import Answer

ADA, BOB = Person("test", "ada"), Person("test", "bob")
HOME = Room("test", "private-ada", private=True)
HOME_OF_BOB = Room("test", "private-bob", private=True)
GROUP = Room("test", "group", community="server")


class Clock:
    """The time that tests decide. It begins on a Monday at noon, UTC."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


class Conversation:
    """Type a line or press a button as somebody, somewhere."""

    def __init__(self, answer: Answer, commands: Commands) -> None:
        self.answer = answer
        self.commands = commands

    async def type(self, line: str, who: Person = ADA, where: Room = HOME, rank: Rank = Rank.MEMBER) -> Reply:
        return await self.answer(Request(who, where, self.commands.parse(line), rank=rank))

    async def press(self, button: Button | Press, who: Person = ADA, where: Room = HOME) -> Reply:
        press = button.press if isinstance(button, Button) else button
        return await self.answer(Request(who, where, press))


def shown(reply: Reply) -> Card:
    """The one card of a reply."""
    (card,) = reply.cards
    return card


def button(card: Card, label: str) -> Button:
    return next(button for button in card.buttons if button.label == label)


def right_and_wrong(card: Card) -> tuple[Button, Button]:
    """The buttons of the right choice and of a wrong one, as `samples` writes them."""
    right = next(line for line in card.body.splitlines() if "right of" in line)
    wrong = next(line for line in card.body.splitlines() if "wrong 1 of" in line)
    return button(card, right[2]), button(card, wrong[2])


async def looked(lane: Lane, platform: str) -> None:
    """A tick: whatever is due on a platform, to its end."""
    for look in lane.due:
        await look(platform)
    await lane.finish()
