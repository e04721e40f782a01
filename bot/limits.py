"""How much one person, and one room, may ask of us: whoever hammers waits, and slows nobody else.

Each may do so much at once, and then so much a second (the generic cell rate algorithm, as in ATM networks: all that is
kept of a key is when it will owe nothing). Limits are above what people do, and below what hurts: they are for
hammering fingers and scripts. They are kept in memory, by each process.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from time import monotonic
from typing import NamedTuple

from bot.commands import Commands
from bot.messages import Call, Card, Reply, Request, Tone
from bot.platforms import Answer
from bot.tally import Tally
from bot.wording import best, language, say


class Rate(NamedTuple):
    at_once: int
    per_second: float


PERSON = Rate(300, 30)
ROOM = Rate(2_000, 500)  # a whole server may press when a question comes
CARDS = Rate(60, 1)  # that one person has us post into a shared room, where everybody has to see them
SCARCE_CARDS = Rate(8, 1 / 6)
SCARCE = {"telegram"}  # where a group takes twenty messages a minute from us, and others need theirs
ROOM_CARDS = Rate(1_000, 100)
TOLD = Rate(1, 0.1)  # how often somebody is told to wait
TOLD_TO_ALL = Rate(1, 1 / 60)  # where others may have to read it, too


class Limits:
    def __init__(
        self, answer: Answer, commands: Commands, tally: Tally, clock: Callable[[], float] = monotonic
    ) -> None:
        self._answer = answer
        self._commands = commands
        self._tally = tally
        self._clock = clock
        self._rates = Rates()

    async def answer(self, request: Request) -> Reply:
        """The answer; or, if this comes too fast, that it does. That is told once in a while: the rest is silence."""
        who, where = request.who, request.where
        wanted: list[tuple[Rate, Hashable]] = [(PERSON, who)]
        if not where.private:
            room = where.platform, where.id  # a group with all its topics, as Telegram counts
            wanted.append((ROOM, room))
            if self._commands.posts(request.what):
                cards = SCARCE_CARDS if who.platform in SCARCE else CARDS
                wanted += [(cards, (who, room)), (ROOM_CARDS, (room, "cards"))]
        now = self._clock()
        wait = self._rates.take(wanted, now)
        if not wait:
            return await self._answer(request)
        self._tally.count("hasty", who.platform)
        told_to_all = isinstance(request.what, Call) and not where.private
        if self._rates.take([(TOLD_TO_ALL if told_to_all else TOLD, (who, "told", told_to_all))], now):
            return Reply()
        language.set(best(request.locale))
        told = say("Once more in {seconds} s, please: nothing of this was counted.", seconds=int(wait) + 1)
        return Reply(aside=Card(say("That is faster than I can follow"), told, tone=Tone.ADVICE))


class Rates:
    """What was taken lately, by key. What owes nothing any more is forgotten."""

    def __init__(self) -> None:
        self._clear_at: OrderedDict[Hashable, float] = OrderedDict()  # when a key owes nothing, least recent use first

    def __len__(self) -> int:
        return len(self._clear_at)

    def take(self, wanted: Sequence[tuple[Rate, Hashable]], now: float) -> float:
        """Take one of each, if all are to be had, and then 0; else nothing, and the seconds until they are."""
        while self._clear_at and next(iter(self._clear_at.values())) <= now:
            self._clear_at.popitem(last=False)
        if wait := self.wait(wanted, now):
            return wait
        for rate, key in wanted:
            self._clear_at[key] = self._then(rate, key, now)
            self._clear_at.move_to_end(key)
        return 0.0

    def wait(self, wanted: Sequence[tuple[Rate, Hashable]], now: float) -> float:
        """The seconds until one of each is to be had; 0 if they are."""
        wait = max(self._then(rate, key, now) - now - rate.at_once / rate.per_second for rate, key in wanted)
        return wait if wait > 1e-6 else 0.0

    def _then(self, rate: Rate, key: Hashable, now: float) -> float:
        """When a key would owe nothing, if one more was taken."""
        return max(self._clear_at.get(key, now), now) + 1 / rate.per_second
