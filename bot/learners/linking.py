"""One learner on several platforms: a code joins two accounts, and for a day either of them can undo it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from secrets import choice
from typing import Any
from zoneinfo import ZoneInfo

from bot.groups.schedule import next_due
from bot.lane import Lane
from bot.learners.rebuilding import Replay, answered_days, books, first_answers, shared_days
from bot.learners.streaks import skipped_between, streak
from bot.learners.zones import Zones, spoken
from bot.messages import LABEL_LIMIT, Button, Card, Person, Press, Refusal, Reply, Request, Tone
from bot.platforms import Gone, Unknown
from bot.store.codes import LINK, Code
from bot.store.joining import Books, Link, Profile
from bot.store.linking import Fact
from bot.store.parting import Side
from bot.store.schedules import Reminder
from bot.store.store import Learner, Store, new_id
from bot.wording import count, say

logger = logging.getLogger(__name__)

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none of these looks like another
LENGTH = 8
VALID = timedelta(minutes=10)
LOCKED = timedelta(hours=1)  # for whoever gave too many wrong codes
UNDO_WITHIN = timedelta(hours=24)
TRIES = 20  # of joining or parting learners who go on answering meanwhile


@dataclass(frozen=True, slots=True)
class _Choice:
    """A setting in which two learners differ: what each has chosen, and whose is kept."""

    name: str
    title: str
    makers: str
    joiners: str
    kept: str  # maker or joiner; empty once it is neither's


class Linking:
    def __init__(self, store: Store, zones: Zones, lane: Lane, replay: Replay, now: Callable[[], datetime]) -> None:
        self._store = store
        self._codes = store.codes
        self._links = store.links
        self._zones = zones
        self._lane = lane
        self._replay = replay
        self._now = now

    # The conversation

    async def link(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        """Make a code, or give one."""
        written = options.get("code", "")
        code = _read(written)
        if not request.where.private:
            if found := await self._codes.find(LINK, code, self._now()):
                await self._codes.revoke(found)  # whoever reads along could use it
            told = say("A code that was written where others read it does not work any more.")
            how = say("Write me `/link` in private: the code is for you alone.")
            raise Refusal(say("That is between the two of us"), f"{how} {told}" if written else how)
        if not written:
            return Reply(new=await self._new_code(request, learner))
        if len(code) != LENGTH or not set(code) <= set(ALPHABET):
            raise Refusal(
                say("A code has {number} letters and digits", number=LENGTH),
                say("`/link` in your other account's private chat with me makes one."),
            )
        return await self._join(request, code)

    async def pressed(self, request: Request, learner: Learner, press: Press) -> Reply:
        """Undo a link, or keep what one of the two had chosen."""
        link = await self._links.link(press.deal)
        if not request.where.private or not link or self._now() - link.linked > UNDO_WITHIN:
            raise Refusal(
                say("That link can't be changed any more"), say("It can for a day. `/privacy` shows what is kept.")
            )
        if link.learner != learner.id:
            if link.learner in await self._links.selves(learner.id):
                raise Refusal(say("You have linked another account since"), say("Undo that first, then this."))
            raise Refusal(say("That link is somebody else's"), say("`/link` makes one of your own."))
        if press.value == "undo":
            return await self._undo(request, link)
        name, _, whose = press.value.partition(".")
        makers, joiners = await self._profiles(link)
        theirs = {"maker": makers, "joiner": joiners}.get(whose)
        if not theirs or name not in ("timezone", "reminder", "interview"):
            raise Refusal(say("That button is too old, or not one of mine"))
        await self._keep(link, name, theirs)
        return Reply(edit=await self._joined_card(link))

    async def _new_code(self, request: Request, learner: Learner) -> Card:
        code = "".join(choice(ALPHABET) for _ in range(LENGTH))
        await self._codes.keep(request.who, LINK, code, self._now() + VALID)
        parts = [
            say("In your other account's private chat with me, within {minutes} minutes, write:",
                minutes=VALID // timedelta(minutes=1)),
            f"```\n/link {code[:4]}-{code[4:]}\n```",
            say(
                "Then both are one learner: days, answers, reviews and points are added up, and nothing counts twice. "
                "It works once, and can be undone for a day. Give it to nobody: it opens your data."
            ),
        ]  # fmt: skip
        profile = await self._links.profile(learner.id)
        if profile and len(profile.accounts) > 1:
            parts.append(say("Linked so far: {accounts}.", accounts=_names([one.who for one in profile.accounts])))
        link = await self._links.made(learner.id)
        rows = ((_undo(link),),) if link and self._now() - link.linked <= UNDO_WITHIN else ()
        return Card(say("Link another account"), "\n\n".join(parts), rows=rows)

    # Joining

    async def _join(self, request: Request, written: str) -> Reply:
        if not await self._codes.may_try(request.who, self._now(), int(LOCKED.total_seconds())):
            raise Refusal(say("Too many wrong codes"), say("Try again in an hour."))
        for _ in range(TRIES):
            code = await self._codes.find(LINK, written, self._now())
            if not code:
                raise Refusal(
                    say("That code is wrong, used or too old"),
                    say("It holds for ten minutes and works once; `/link` in your other account makes a new one."),
                )
            maker, joiner = [await self._links.learner_of(who) for who in (code.who, request.who)]
            if maker == joiner:
                await self._codes.was_right(request.who)
                raise Refusal(
                    say("You are the same person already"), say("Give the code in the account that is to be linked.")
                )
            now = self._now().replace(microsecond=0)
            link = Link(new_id(11), new_id(16), maker, joiner, now)
            if await self._joined(link, code, request.who, now):
                logger.info("two accounts were linked")
                told = say("It was done from {platform}. If that was not you, undo it.",
                           platform=_name(request.who.platform))  # fmt: skip
                news = Card(say("Your accounts are linked"), told, rows=((_undo(link),),))
                await self._tell(code.who, news)
                return Reply(new=await self._joined_card(link))
        raise RuntimeError(f"{TRIES} other changes came first")

    async def _joined(self, link: Link, code: Code, joiner: Person, now: datetime) -> bool:
        """Make two learners one; False if they have changed meanwhile."""
        makers, joiners = [await self._links.profile(one) for one in link.both]
        if not makers or not joiners:
            return False
        facts, mark = await self._links.facts(link.both)
        back = await self._links.brought_back(link.both)
        counted = first_answers(facts, link.both)
        shared = set.intersection(*({fact.question for fact in facts if fact.learner == one} for one in link.both))
        since = {question: max(back.get((one, question), 0) for one in link.both) for question in shared}
        zones = {profile.learner: self._zone(profile) for profile in (makers, joiners)}

        def calendar(fact: Fact) -> ZoneInfo:
            return zones[fact.learner] if fact.private else self._zones.default

        merged = self._merged(link, makers, joiners, now)
        made = await asyncio.to_thread(books, counted, calendar, shared, since, self._replay)
        return await self._links.join(link, code, joiner, merged, mark, made, now)

    def _merged(self, link: Link, makers: Profile, joiners: Profile, now: datetime) -> Profile:
        """What the new learner begins with: the maker's choices, and the other's where the maker has none."""
        zoned = makers if makers.timezone else joiners
        merged = Profile(
            link.learner,
            (),
            zoned.timezone,
            zoned.zone_changed,
            makers.name or joiners.name,
            makers.hidden or joiners.hidden,
            None,
            makers.interview or joiners.interview,
        )
        reminder = makers.reminder or joiners.reminder
        return replace(merged, reminder=self._due(reminder, merged, now)) if reminder else merged

    async def _joined_card(self, link: Link) -> Card:
        """What became of two learners, and what they have to decide."""
        profile = await self._links.profile(link.learner)
        assert profile  # noqa: S101 - whoever asks has just seen it
        learner = Learner(link.learner, profile.timezone)
        days = await self._store.practice_days(learner)
        found = streak(days.practised, self._zones.day(learner, self._now()), days.repaired, days.skipped)
        answered = len(await self._store.reviewed(learner))
        parts = [
            say("Linked: {accounts}.", accounts=_names([one.who for one in profile.accounts])),
            say("Days are added up by date. What both had answered or practised counts once."),
        ]
        choices = self._choices(profile, *await self._profiles(link))
        if choices:
            parts.append(say("**You had chosen different things.** Press what to keep:"))
            parts += [f"- {one.title}: {_kept(one)}" for one in choices]
        parts.append(say("*Undo* makes two of it again, as it was, for a day. `/settings` changes what is kept."))
        fields = (
            (say("Streak"), count("{number} day", "{number} days", found.current)),
            (say("Practised"), count("{number} day", "{number} days", found.days)),
            (say("Questions"), str(answered)),
            (say("Points"), str(await self._store.points(learner))),
        )
        rows = [
            tuple(
                Button(_label(one, value), Press("link", link.id, f"{one.name}.{whose}"), _tone(one, whose))
                for whose, value in (("maker", one.makers), ("joiner", one.joiners))
            )
            for one in choices
        ]
        heading = say("Your accounts are one learner")
        return Card(heading, "\n\n".join(parts), fields, (*rows, (_undo(link),)), Tone.GOOD)

    def _choices(self, kept: Profile, makers: Profile, joiners: Profile) -> list[_Choice]:
        """Where both have chosen, and not the same."""
        titles = {"timezone": say("Time zone"), "reminder": say("Reminder"), "interview": say("Interview")}
        found = []
        for name, shown in _SHOWN.items():
            one, other = shown(makers), shown(joiners)
            if one and other and one != other:
                whose = {one: "maker", other: "joiner"}.get(shown(kept), "")
                found.append(_Choice(name, titles[name], one, other, whose))
        return found

    async def _keep(self, link: Link, name: str, theirs: Profile) -> None:
        """Keep one of the two's choice."""
        now = self._now()
        profile = await self._links.profile(link.learner)
        assert profile  # noqa: S101 - the link is there
        if _SHOWN[name](profile) == _SHOWN[name](theirs):
            return
        following = self._due(theirs.reminder, profile, now).next_due if theirs.reminder else None
        await self._links.choose(link, name, theirs, following, now)
        if name == "timezone":
            learner, zone = Learner(link.learner, profile.timezone), self._zone(theirs)
            left_out = skipped_between(self._zones.day(learner, now), now.astimezone(zone).date())
            await self._store.keep_days(learner, left_out, "skipped")
            if profile.reminder:
                due = self._due(profile.reminder, theirs, now).next_due
                await self._store.schedules.move_reminder(link.learner, due)

    # Parting

    async def _undo(self, request: Request, link: Link) -> Reply:
        for _ in range(TRIES):
            profile = await self._links.profile(link.learner)
            if not profile or not await self._links.link(link.id):
                raise Refusal(say("This is undone already"))
            if await self._parted(link, profile):
                logger.info("a link was undone")
                body = say("Each account has what it had before, and what was answered from it since.")
                card = Card(say("Your accounts are two learners again"), body, tone=Tone.GOOD)
                for account in profile.accounts:
                    if account.who != request.who:
                        await self._tell(account.who, card)
                return Reply(edit=card)
        raise RuntimeError(f"{TRIES} other changes came first")

    async def _parted(self, link: Link, profile: Profile) -> bool:
        """Make one learner two again; False if they have changed meanwhile."""
        facts, mark = await self._links.facts([link.learner])
        owns = {side: await self._links.selves(side) for side in link.both}
        rooms = {
            room: _side_of(where, private, before, owns, profile)
            for room, (where, private, before) in (await self._links.rooms(link.learner)).items()
        }
        since = {side: [f for f in facts if not f.origin and rooms.get(f.room, link.maker) == side] for side in owns}
        answered = {side: answered_days(given, self._zone(profile)) for side, given in since.items()}
        days = shared_days(await self._links.days(link.learner), answered)
        sessions = await self._links.sessions(link.learner)
        sides = []
        for side in link.both:
            before = [fact for fact in facts if fact.origin in owns[side]]
            theirs = await self._links.profile(side)
            assert theirs  # noqa: S101 - learners stay until their link is settled
            sides.append(
                Side(
                    side,
                    owns[side],
                    [room for room, whose in rooms.items() if whose == side],
                    [one for one, room in sessions.items() if rooms.get(room, link.maker) == side],
                    days[side],
                    await self._books_of(theirs, before, since[side]),
                    theirs.hidden,
                    self._due(theirs.reminder, theirs, self._now()) if theirs.reminder else None,
                )
            )
        if profile.hidden and not any(side.hidden for side in sides):  # they have hidden since
            sides = [replace(side, hidden=True) for side in sides]
        return await self._links.part(link, mark, sides)

    async def _books_of(self, theirs: Profile, before: Sequence[Fact], since: Sequence[Fact]) -> Books:
        """What follows from all that one of the two has, and has had all along; reviews of what was answered since."""
        own, _ = await self._links.facts([theirs.learner])
        zone = self._zone(theirs)
        facts = sorted([*own, *before, *since], key=lambda fact: fact.kept.at)
        back = {question: at for (_, question), at in (await self._links.brought_back([theirs.learner])).items()}
        questions = {fact.question for fact in since}

        def calendar(fact: Fact) -> ZoneInfo:
            return zone if fact.private else self._zones.default

        return await asyncio.to_thread(books, facts, calendar, questions, back, self._replay)

    # Both

    async def _profiles(self, link: Link) -> tuple[Profile, Profile]:
        makers, joiners = [await self._links.profile(one) for one in link.both]
        assert makers  # noqa: S101 - learners stay until their link is settled
        assert joiners  # noqa: S101
        return makers, joiners

    def _zone(self, profile: Profile) -> ZoneInfo:
        return self._zones.of(Learner(profile.learner, profile.timezone))

    def _due(self, reminder: Reminder, profile: Profile, now: datetime) -> Reminder:
        """A reminder with the moment at which it is due next, where this learner lives."""
        return replace(reminder, next_due=next_due(now, time.fromisoformat(reminder.at), self._zone(profile)))

    async def _tell(self, who: Person, card: Card) -> None:
        """Tell the other account, beside the answer to this one. That it can't be told is no failure."""
        if self._lane.serves(who.platform):
            await self._lane.begin(who.platform, self._ready(who, card))

    async def _ready(self, who: Person, card: Card) -> Coroutine[Any, Any, None]:
        return self._send(who, card)

    async def _send(self, who: Person, card: Card) -> None:
        try:
            await self._lane.tell(who, card)
        except (Gone, Unknown, TimeoutError):
            logger.info("the other account of a link could not be told")
        except Exception:
            logger.exception("the other account of a link could not be told")


def _read(written: str) -> str:
    """A code as it was made, however it was written."""
    return "".join(char for char in written.upper() if char.isalnum())


def _side_of(where: Person, private: bool, before: str, owns: Mapping[str, Sequence[str]], profile: Profile) -> str:
    """Which of two was asked in a room: who has the account, was asked there before, or is on that platform.

    Where that does not tell it (two accounts of one platform, in one group), it was who made the code.
    """
    sides = {side: [one.who for one in profile.accounts if one.origin in theirs] for side, theirs in owns.items()}
    for side, people in sides.items():
        if private and (where in people or before in owns[side]):
            return side
    there = [side for side, people in sides.items() if any(who.platform == where.platform for who in people)]
    return there[0] if there else next(iter(owns))


def _undo(link: Link) -> Button:
    return Button(say("Undo"), Press("link", link.id, "undo"))


def _name(platform: str) -> str:
    return platform.title()


def _names(people: Sequence[Person]) -> str:
    return ", ".join(_name(who.platform) for who in people)


def _shown_reminder(profile: Profile) -> str:
    if not profile.reminder:
        return ""
    return say("{time} on {platform}", time=profile.reminder.at, platform=_name(profile.reminder.who.platform))


def _shown_interview(profile: Profile) -> str:
    found = profile.interview
    return f"{found.day} {found.place}".strip() if found else ""


_SHOWN: Mapping[str, Callable[[Profile], str]] = {
    "timezone": lambda profile: spoken(profile.timezone) if profile.timezone else "",
    "reminder": _shown_reminder,
    "interview": _shown_interview,
}


def _kept(one: _Choice) -> str:
    kept = {"maker": one.makers, "joiner": one.joiners}.get(one.kept)
    return say("**{kept}** is kept", kept=kept) if kept else say("neither is kept")


def _label(one: _Choice, value: str) -> str:
    label = f"{one.title}: {value}"
    return label if len(label) <= LABEL_LIMIT else f"{label[: LABEL_LIMIT - 1]}…"


def _tone(one: _Choice, whose: str) -> Tone:
    return Tone.GOOD if one.kept == whose else Tone.PLAIN
