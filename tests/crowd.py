"""Members of many servers and groups who practise all the time, and note what they were told."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Hashable
from random import Random
from typing import Generic, NamedTuple, Protocol, TypeVar

from bot.messages import Press
from tests import loopback_discord, loopback_telegram
from tests.loopback_discord import LoopbackDiscord
from tests.loopback_telegram import LoopbackTelegram

PAUSE = 0.3  # seconds, at most, that a member needs to read
PATIENCE = 4.0  # seconds after which a member takes a press for lost
NO_HURRY = 20.0  # seconds that a moderator waits
ASKED_LATELY = 3.5  # seconds in which a room has asked for a question: a group gets twenty a minute
LETTERS = "ABCD"
VERDICTS = {"Correct": "right", "Not quite": "wrong"}


class Card(Protocol):
    id: int

    @property
    def text(self) -> str: ...
    @property
    def buttons(self) -> dict[str, str]: ...


T = TypeVar("T", bound=Card)


class Told(NamedTuple):
    """A verdict, and whom it was shown to: an answer that must be kept."""

    platform: str
    person: str
    deal: str
    verdict: str


class Crowd(Generic[T]):
    """The people of a platform. `homes` are the servers or groups, each with its members and the rooms in it."""

    platform = ""

    def __init__(self, random: Random, homes: dict[int, tuple[list[int], list[int]]]) -> None:
        self._random = random
        self.homes = homes
        self.told: set[Told] = set()
        self.unanswered = 0  # presses and questions that nothing came back to in time
        self.rooms = {room: home for home, (_, rooms) in homes.items() for room in rooms}
        self._cards: defaultdict[int, deque[T]] = defaultdict(lambda: deque(maxlen=8))  # that may be answered, by home
        self._done: set[Hashable] = set()
        self._asked: dict[int, float] = {}
        self._seen = 0

    @property
    def people(self) -> list[int]:
        return [person for members, _ in self.homes.values() for person in members]

    async def practise(self, over: asyncio.Event) -> None:
        """All of them, each one thing after the other, until it is over."""
        people = [(home, person) for home, (members, _) in self.homes.items() for person in members]
        await asyncio.gather(*(self._practise(home, person, over) for home, person in people))

    async def _practise(self, home: int, person: int, over: asyncio.Event) -> None:
        while not over.is_set():
            await asyncio.sleep(self._random.uniform(0, PAUSE))
            if self._random.random() < 0.2:
                card = await self.ask(person, person)
                if card:
                    await self._answer(person, card, private=True)
                continue
            self._look()
            card = next((one for one in self._cards[home] if (person, one.id) not in self._done), None)
            now = asyncio.get_running_loop().time()
            if card:
                await self._answer(person, card, private=False)
            elif now - self._asked.get(home, -ASKED_LATELY) >= ASKED_LATELY:
                self._asked[home] = now
                await self.ask(person, self._random.choice(self.homes[home][1]))

    async def _answer(self, person: int, card: T, *, private: bool) -> None:
        """Press a letter. Who is not answered presses again, as people do."""
        deal = Press.unpack(card.buttons["A"]).deal
        text = await self.press(person, card, self._random.choice(LETTERS), private=private)
        heading = text.removeprefix("### ")
        for words, verdict in VERDICTS.items():
            if heading.startswith(words):
                self._done.add((person, card.id))
                self.told.add(Told(self.platform, str(person), deal, verdict))
                return
        assert not text, f"no verdict: {text}"
        self.unanswered += 1

    def _look(self) -> None:
        """Find the questions that came to rooms since we looked."""
        messages = self.shown()
        for message in messages[self._seen :]:
            home = self.rooms.get(self.room_of(message))
            if home is not None and "A" in message.buttons:
                self._cards[home].append(message)
        self._seen = len(messages)

    def posts(self) -> dict[int, list[T]]:
        """The questions of the day, by room."""
        found: dict[int, list[T]] = {room: [] for room in self.rooms}
        for message in self.shown():
            if "Question of the day" in message.text:
                found[self.room_of(message)].append(message)
        return found

    # What each platform does in its own way. A room that is a person is the private chat with them.

    def shown(self) -> list[T]:
        raise NotImplementedError

    def room_of(self, message: T) -> int:
        raise NotImplementedError

    async def ask(self, person: int, room: int) -> T | None:
        """Ask for a question; in a room it is found later, whoever asked."""
        raise NotImplementedError

    async def press(self, person: int, card: T, label: str, *, private: bool) -> str:
        """What comes back to a press; nothing if nothing does."""
        raise NotImplementedError

    async def command(self, person: int, room: int, name: str, **options: str) -> str:
        """What a moderator is answered to a command."""
        raise NotImplementedError


class DiscordCrowd(Crowd[loopback_discord.Message]):
    platform = "discord"

    def __init__(self, random: Random, homes: dict[int, tuple[list[int], list[int]]], server: LoopbackDiscord) -> None:
        super().__init__(random, homes)
        self._server = server

    def shown(self) -> list[loopback_discord.Message]:
        return self._server.messages

    def room_of(self, message: loopback_discord.Message) -> int:
        return message.channel

    async def ask(self, person: int, room: int) -> loopback_discord.Message | None:
        private = room == person
        asked = await self._server.call("quiz", person, where=room, private=private, mode="choice")
        return await self._first(asked)

    async def press(self, person: int, card: loopback_discord.Message, label: str, *, private: bool) -> str:
        pressed = await self._server.press(card, label, person, private=private)
        answer = await self._first(pressed)
        return answer.text if answer else ""

    async def command(self, person: int, room: int, name: str, **options: str) -> str:
        rights = loopback_discord.MANAGE_GUILD
        private = room == person
        asked = await self._server.call(name, person, where=room, private=private, permissions=rights, **options)
        answer = await self._first(asked, NO_HURRY)
        return answer.text if answer else ""

    async def _first(
        self, interaction: loopback_discord.Interaction, patience: float = PATIENCE
    ) -> loopback_discord.Message | None:
        """What comes back first, unless Discord shows that the interaction failed."""
        try:
            async with asyncio.timeout(patience if interaction.heard else 0):
                await interaction.settled.wait()
        except TimeoutError:
            self.unanswered += interaction.source is None  # a press is counted by who pressed
            return None
        return interaction.messages[0] if interaction.messages else interaction.source


class TelegramCrowd(Crowd[loopback_telegram.Message]):
    """Each does one thing after the other, so that it is no matter that Telegram would keep them in order."""

    platform = "telegram"

    def __init__(self, random: Random, homes: dict[int, tuple[list[int], list[int]]], server: LoopbackTelegram) -> None:
        super().__init__(random, homes)
        self._server = server

    def shown(self) -> list[loopback_telegram.Message]:
        return self._server.messages

    def room_of(self, message: loopback_telegram.Message) -> int:
        return message.chat

    async def ask(self, person: int, room: int) -> loopback_telegram.Message | None:
        return await self._answered("/quiz mode:choice", person, room, lambda one: "A" in one.buttons, PATIENCE)

    async def press(self, person: int, card: loopback_telegram.Message, label: str, *, private: bool) -> str:
        before = card.edits
        pressed = await self._server.press(card, label, person)
        try:
            async with asyncio.timeout(PATIENCE):
                await pressed.answered.wait()
                if private:
                    await self._server.until(lambda: card.edits > before)
        except TimeoutError:
            return ""
        return card.text if private else str(pressed.answer.get("text", ""))

    async def command(self, person: int, room: int, name: str, **options: str) -> str:
        line = " ".join([f"/{name}", *(f"{option}:{value}" for option, value in options.items())])
        answer = await self._answered(line, person, room, lambda one: "A" not in one.buttons, NO_HURRY)
        return answer.text if answer else ""

    async def _answered(
        self, line: str, person: int, room: int, fits: Callable[[loopback_telegram.Message], bool], patience: float
    ) -> loopback_telegram.Message | None:
        """Say something; the first message that then comes there and fits."""
        before = len(self._server.messages)
        await self._server.say(line, person, None if room == person else room)

        def found() -> loopback_telegram.Message | None:
            return next((one for one in self._server.messages[before:] if one.chat == room and fits(one)), None)

        try:
            async with asyncio.timeout(patience):
                await self._server.until(found)
        except TimeoutError:
            self.unanswered += 1
        return found()
