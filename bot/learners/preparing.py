"""The way to a learner's interview: setting its day, what today takes, and how many days are left."""

from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta

from bot.bank.bank import Bank, Filters, Place
from bot.learners.countdown import Plan, missing_looks, plan, read_day
from bot.learners.zones import Zones
from bot.messages import Card, Refusal, Tone, escape
from bot.store.reviews import Interview, Looks
from bot.store.store import Learner, Store
from bot.wording import count, say

FURTHEST = timedelta(days=731)  # until an interview: two years
MANY = 40  # looks a day that are more than one remembers


class Preparation:
    def __init__(self, bank: Bank, store: Store, zones: Zones, now: Callable[[], datetime]) -> None:
        self._bank = bank
        self._store = store
        self._reviews = store.reviews
        self._zones = zones
        self._now = now

    async def set(self, learner: Learner, written: str, topic: str) -> Card:
        """Count down to a day, or to none; only a topic changes what is prepared."""
        if written.casefold() in ("off", "no", "never", "none"):
            if interview := await self._reviews.interview(learner.id):
                await self._reviews.end(learner.id, interview)
            return Card(say("No interview is counted down to"), tone=Tone.GOOD)
        today = self._zones.day(learner, self._now())
        before = None if written else await self._reviews.interview(learner.id)
        if not written and (not before or before.day < today):
            raise Refusal(say("When is your interview?"), say("A topic goes with its day: `interview:2026-12-15`."))
        day = before.day if before else _read(written, today)
        place = place_named(self._bank, topic)
        names = self._names(place)
        if not names:
            raise Refusal(say("No question there is marked as asked in most interviews"), say("Try another topic."))
        looks = await self._looks(learner, names, today)
        needed = missing_looks({name: one.all for name, one in looks.items()})
        path = f"{place.topic}/{place.section}".strip("/")
        await self._reviews.prepare(learner.id, Interview(day, path, today, needed))
        found = await self.plan(learner)
        return Card(say("Your interview: {day}", day=f"{day:%a %Y-%m-%d}"), _promise(found), tone=Tone.GOOD)

    async def plan(self, learner: Learner) -> Plan | None:
        """What today takes; None without an interview to come."""
        interview = await self._reviews.interview(learner.id)
        today = self._zones.day(learner, self._now())
        if not interview or interview.day < today:
            return None
        return await self._plan(learner, interview, today)

    async def told(self, learner: Learner) -> str:
        """How it stands, in a line; empty without an interview. One that is over is asked after, and forgotten."""
        interview = await self._reviews.interview(learner.id)
        if not interview:
            return ""
        today = self._zones.day(learner, self._now())
        if interview.day < today:
            if not await self._reviews.end(learner.id, interview):
                return ""  # it was asked after at this moment
            return say("Your interview was on {day}. How did it go? Whatever it was that you were asked: practise it "
                       "while you remember it. I count down no more.", day=f"{interview.day:%a %Y-%m-%d}")  # fmt: skip
        return _standing(await self._plan(learner, interview, today))

    async def told_once(self, learner: Learner, last: str) -> str:
        """The line of today, if none was told today; `last` is the day of the last one, as far as it is known."""
        today = self._zones.day(learner, self._now())
        if last >= today.isoformat() or not await self._reviews.tell(learner.id, today):
            return ""
        return await self.told(learner)

    async def _plan(self, learner: Learner, interview: Interview, today: date) -> Plan:
        topic, _, section = interview.place.partition("/")
        looks = await self._looks(learner, self._names(Place(topic, section)), today)
        now = self._now()
        due = {one.question for one in await self._reviews.known(learner.id) if one.due <= now and not one.aside}
        return plan(
            {name: one.all for name, one in looks.items()},
            {name: one.since for name, one in looks.items() if one.since},
            due,
            today,
            interview.day,
            interview.began,
            interview.needed,
        )

    async def _looks(self, learner: Learner, names: Collection[str], today: date) -> dict[str, Looks]:
        midnight = datetime.combine(today, time(), self._zones.of(learner))
        found = await self._reviews.looks(learner.id, midnight)
        return {name: found.get(name, Looks()) for name in names}

    def _names(self, place: Place) -> tuple[str, ...]:
        return self._bank.pool(Filters(place.topic, place.section, priority=True)).priority


def place_named(bank: Bank, words: str) -> Place:
    """The topic or section that was named, all topics without a name. Refuses one that there is not."""
    place = bank.place(words) if words else Place("")
    if not place:
        near = ", ".join(f"`{name}`" for name in bank.nearest(words))
        raise Refusal(
            say("I know no topic “{topic}”", topic=escape(words[:40])),
            say("Did you mean {names}? `/topics` lists them all.", names=near),
        )
    return place


def _read(written: str, today: date) -> date:
    day = read_day(written, today)
    if not day:
        raise Refusal(
            say("I don't understand the date “{words}”", words=escape(written[:40])),
            say('Write it as `2026-12-15`, `15.12.` or `"15 Dec"`, or `off`.'),
        )
    if day < today:
        raise Refusal(say("That day is over"), say("It is {today} where you are.", today=f"{today:%a %Y-%m-%d}"))
    if day - today > FURTHEST:
        raise Refusal(say("That is more than two years away"), say("Come back when it is nearer."))
    return day


def _promise(found: Plan | None) -> str:
    if not found or not found.days:
        return say("That is today. Good luck! Take your time, and say first what you know.")
    parts = [
        count(
            "{number} question that most interviews ask, to be seen twice before that day.",
            "{number} questions that most interviews ask, each to be seen twice before that day.",
            found.number,
        ),
        _standing(found),
        say("`/review` has the questions of each day. `/settings interview:off` ends this."),
    ]
    if len(found.today) > MANY:
        parts.insert(2, say("That is a lot for a day. What you have never seen comes first."))
    return "\n\n".join(parts)


def _standing(found: Plan) -> str:
    """The days that are left, and whether they are enough."""
    seen = say("{seen} of {number} seen twice", seen=found.seen, number=found.number)
    if not found.days:
        return say("Today is the day. Good luck! {seen}: you know more than you think. Take your time.", seen=seen)
    days = count("{number} day left", "{number} days left", found.days)
    if found.seen == found.number:
        pace = say("on track, nothing is missing")
    elif not found.today:
        pace = say("done for today") if found.behind else say("on track, done for today")
    elif found.behind:
        pace = say("{behind} behind: {number} today", behind=found.behind, number=len(found.today))
    else:
        pace = say("on track: {number} today", number=len(found.today))
    return f"{days} · {seen} · {pace}"
