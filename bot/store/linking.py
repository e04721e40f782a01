"""The SQL of learners who are one, or were: who is who, and the facts that move when they join and part.

What changes them is in `joining` and `parting`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from bot.messages import Person
from bot.store.codes import Code
from bot.store.database import ConflictError, Database, Row, Statement, among
from bot.store.joining import Account, Books, Link, Mark, Profile, joined, kept_choice
from bot.store.parting import Day, Side, parted
from bot.store.reviews import Interview, Kept
from bot.store.schedules import Reminder


@dataclass(frozen=True, slots=True)
class Fact:
    """An answer that was kept, with all that can be told anew from it."""

    kept: Kept
    learner: str
    origin: str
    question: str
    points: int
    day: str  # on which its points count; empty if that was not kept
    room: str
    platform: str
    community: str
    private: bool


class Links:
    def __init__(self, database: Database) -> None:
        self._database = database

    # Who is who

    async def learner_of(self, who: Person) -> str:
        """The learner behind an account, if there is one; empty if not."""
        rows = await self._database.fetch(_LEARNER_OF, {"platform": who.platform, "platform_id": who.id})
        return str(rows[0]["learner"]) if rows else ""

    async def profile(self, learner: str) -> Profile | None:
        rows = await self._database.fetch(_PROFILE, {"learner": learner})
        if not rows:
            return None
        row = rows[0]
        accounts = [
            Account(Person(one["platform"], one["platform_id"]), one["origin"] or "")
            for one in await self._database.fetch(_ACCOUNTS, {"learner": learner})
        ]
        return Profile(
            learner,
            tuple(accounts),
            row["timezone"] or "",
            _moment(row["zone_changed_at"]) if row["zone_changed_at"] is not None else None,
            row["name"],
            bool(row["hidden"]),
            _reminder(row) if row["at"] is not None else None,
            _interview(row) if row["place"] is not None else None,
        )

    async def link(self, id_: str) -> Link | None:
        return _link(await self._database.fetch(f"{_LINKS} WHERE id = :id", {"id": id_}))

    async def made(self, learner: str) -> Link | None:
        """The link that made this learner, if one did and it can still be undone."""
        return _link(await self._database.fetch(f"{_LINKS} WHERE learner = :learner", {"learner": learner}))

    async def later(self, link: Link) -> Link | None:
        """The link in which this one's learner has become somebody else."""
        where = "WHERE maker = :learner OR joiner = :learner"
        return _link(await self._database.fetch(f"{_LINKS} {where}", {"learner": link.learner}))

    async def oldest(self, before: datetime) -> Link | None:
        """The first link that was made before this moment."""
        where = "WHERE linked_at <= :before ORDER BY linked_at, id LIMIT 1"
        return _link(await self._database.fetch(f"{_LINKS} {where}", {"before": _seconds(before)}))

    async def selves(self, learner: str) -> list[str]:
        """A learner, and all who have become them: those whose links can still be undone."""
        found = [learner]
        for one in found:
            if link := await self.made(one):
                found += link.both
        return found

    # Facts

    async def facts(self, learners: Sequence[str]) -> tuple[list[Fact], Mark]:
        """All answers in order, and what tells whether they are still all."""
        claims = (await self._database.fetch(*among(learners, _CLAIMS)))[0]["number"]
        found = [_fact(row) for row in await self._database.fetch(*among(learners, _FACTS))]
        seconds = sum(_seconds(fact.kept.at) for fact in found)
        return found, Mark(len(found), seconds, int(claims))

    async def days(self, learner: str) -> list[Day]:
        rows = await self._database.fetch(_DAYS, {"learner": learner})
        return [Day(date.fromisoformat(row["day"]), row["kind"], row["origin"] or "") for row in rows]

    async def brought_back(self, learners: Sequence[str]) -> dict[tuple[str, str], int]:
        """When learners brought back which questions, in seconds; 0 for never."""
        rows = await self._database.fetch(*among(learners, _BACK))
        return {(row["learner"], row["question"]): int(row["back_at"]) for row in rows}

    async def rooms(self, learner: str) -> dict[str, tuple[Person, bool, str]]:
        """Where something was asked since the link: the room, whether it is private, and whose it was before."""
        rows = await self._database.fetch(_ROOMS, {"learner": learner})
        before = {row["room"]: row["origin"] for row in await self._database.fetch(_ROOMS_BEFORE, {"learner": learner})}
        return {
            row["id"]: (Person(row["platform"], row["platform_id"]), bool(row["private"]), before.get(row["id"], ""))
            for row in rows
        }

    async def sessions(self, learner: str) -> dict[str, str]:
        """The sessions that were begun since the link, and the room of each; empty before anything was asked."""
        rows = await self._database.fetch(_SESSIONS, {"learner": learner})
        return {row["id"]: row["room"] or "" for row in rows}

    # One, and two again

    async def join(
        self, link: Link, code: Code, joiner: Person, after: Profile, mark: Mark, books: Books, now: datetime
    ) -> bool:
        """Make two learners one; False, and nothing is changed, if anything is not any more as it was read.

        For the values see `joining.joined`.
        """
        return await self._done(joined(link, code, joiner, after, mark, books, now))

    async def part(self, link: Link, mark: Mark, sides: Sequence[Side]) -> bool:
        """Make one learner two again; False, and nothing is changed, if there is more than what was read."""
        return await self._done(parted(link, mark, sides))

    async def choose(self, link: Link, what: str, theirs: Profile, following: datetime | None, now: datetime) -> None:
        """Keep what one of the two has chosen: the timezone, the reminder or the interview.

        For the values see `joining.kept_choice`.
        """
        await self._done(kept_choice(link, what, theirs, following, now))

    async def _done(self, batch: Sequence[Statement]) -> bool:
        try:
            await self._database.write(batch)
        except ConflictError:
            return False
        return True


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _reminder(row: Row) -> Reminder:
    return Reminder(row["id"], Person(row["platform"], row["person"]), row["at"], _moment(row["next_due_at"]))


def _interview(row: Row) -> Interview:
    return Interview(date.fromisoformat(row["day"]), row["place"], date.fromisoformat(row["began"]), row["needed"])


def _link(rows: Sequence[Row]) -> Link | None:
    if not rows:
        return None
    row = rows[0]
    return Link(row["id"], row["learner"], row["maker"], row["joiner"], _moment(row["linked_at"]))


def _fact(row: Row) -> Fact:
    return Fact(
        Kept(row["deal"], row["receipt"], row["mode"], row["value"], row["verdict"], _moment(row["answered_at"])),
        row["learner"],
        row["origin"] or "",
        row["question"],
        row["points"],
        row["day"] or "",
        row["room"],
        row["platform"],
        row["community"],
        bool(row["private"]),
    )


_LEARNER_OF = "SELECT learner FROM account WHERE platform = :platform AND platform_id = :platform_id"

_PROFILE = """
    SELECT learner.id, learner.timezone, learner.zone_changed_at, learner.name, learner.hidden,
        reminder.platform, reminder.person, reminder.at, reminder.next_due_at,
        interview.day, interview.place, interview.began, interview.needed
    FROM learner
    LEFT JOIN reminder ON reminder.learner = learner.id
    LEFT JOIN interview ON interview.learner = learner.id
    WHERE learner.id = :learner
"""

_ACCOUNTS = """
    SELECT platform, platform_id, origin FROM account WHERE learner = :learner ORDER BY platform, platform_id
"""

_LINKS = "SELECT id, learner, maker, joiner, linked_at FROM link"

_CLAIMS = "SELECT count(*) AS number FROM claim WHERE learner IN (:learners)"

_FACTS = """
    SELECT answer.deal, answer.receipt, answer.mode, answer.value, answer.verdict, answer.answered_at,
        answer.learner, answer.origin, answer.question, answer.points, answer.day,
        deal.room, room.platform, room.community, room.private
    FROM answer JOIN deal ON deal.id = answer.deal JOIN room ON room.id = deal.room
    WHERE answer.learner IN (:learners)
    ORDER BY answer.answered_at, deal.dealt_at, deal.number
"""

_DAYS = "SELECT day, kind, origin FROM practice_day WHERE learner = :learner ORDER BY day, kind"

_BACK = "SELECT learner, question, back_at FROM review WHERE learner IN (:learners)"

_SINCE = "(SELECT deal FROM answer WHERE learner = :learner AND origin IS NULL)"

_ROOMS = f"""
    SELECT id, platform, platform_id, private FROM room WHERE id IN (
        SELECT room FROM deal WHERE id IN {_SINCE}
        UNION SELECT room FROM deal WHERE audience = :learner AND origin IS NULL
    )
"""

_ROOMS_BEFORE = """
    SELECT room, min(origin) AS origin FROM deal WHERE audience = :learner AND origin IS NOT NULL GROUP BY room
"""

_SESSIONS = """
    SELECT session.id, min(deal.room) AS room
    FROM session LEFT JOIN step ON step.session = session.id LEFT JOIN deal ON deal.id = step.deal
    WHERE session.learner = :learner AND session.origin IS NULL GROUP BY session.id
"""
