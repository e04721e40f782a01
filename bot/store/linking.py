"""The SQL of learners who become one, and part again.

Facts move from the two to a new learner, with their first owner as `origin`, and back by it. Where both have the same
fact, an answer to one deal or a day, the other one stays behind with a learner who has no account: it counts nowhere.
What the two have chosen stays with them too, so that nothing has to be remembered for a parting.

What is read first and then written is guarded: the batch breaks a constraint, and changes nothing, unless all of it
is still so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from secrets import token_hex

from bot.messages import Person
from bot.store.database import ConflictError, Database, Row, Statement
from bot.store.reviews import Interview, Kept, Review, review_values
from bot.store.schedules import Reminder

LINK, DELETE = "link", "delete"  # what codes are for
WRONG_TRIES = 5  # of codes, one after the other, until an account has to wait
NEVER = 253_370_764_800  # the year 9999: when the reminders of learners are due who are somebody else for now


@dataclass(frozen=True, slots=True)
class Code:
    """A code as it is kept, and whose it is."""

    who: Person
    hash: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """Two learners who are one now: who made the code, and who gave it."""

    id: str
    learner: str
    maker: str
    joiner: str
    linked: datetime

    @property
    def both(self) -> tuple[str, str]:
        return self.maker, self.joiner


@dataclass(frozen=True, slots=True)
class Account:
    who: Person
    origin: str  # whose it was first; empty for the learner's own


@dataclass(frozen=True, slots=True)
class Profile:
    """A learner's accounts, and what they have chosen. `timezone` is empty until one is."""

    learner: str
    accounts: tuple[Account, ...]
    timezone: str
    zone_changed: datetime | None
    name: str
    hidden: bool
    reminder: Reminder | None
    interview: Interview | None


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


@dataclass(frozen=True, slots=True)
class Mark:
    """By what it is told whether facts have changed since they were read."""

    answers: int
    seconds: int
    claims: int


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    kind: str
    origin: str


@dataclass(frozen=True, slots=True)
class Score:
    platform: str
    community: str
    bucket: str
    points: int
    reached: datetime


@dataclass(frozen=True, slots=True)
class Remembered:
    """The review of a question, and since when it is set aside; `back` is when it was brought back, in seconds."""

    question: str
    review: Review
    aside: datetime | None
    back: int


@dataclass(frozen=True, slots=True)
class Books:
    """What follows from a learner's facts: all scores, and the reviews of some questions."""

    scores: Sequence[Score]
    reviews: Sequence[Remembered]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two who part: what they get back beside their own, and what follows from all of it."""

    learner: str
    owns: Sequence[str]  # the origins of facts that are theirs
    rooms: Sequence[str]  # in which, since the link, it was they
    sessions: Sequence[str]
    days: Sequence[Day]
    books: Books
    hidden: bool
    reminder: Reminder | None


class Links:
    def __init__(self, database: Database) -> None:
        self._database = database

    # Codes

    async def keep_code(self, who: Person, purpose: str, code: str, expires: datetime) -> None:
        """A new code in place of the one before.

        It has 39 bits and ten minutes, so a fast hash will do; the salt keeps one table of all codes from being made
        beforehand, and two accounts with one code from being told.
        """
        salt = token_hex(8)
        values = {**_account(who), "purpose": purpose, "salt": salt, "hash": _hash(code, salt)}
        await self._database.write([Statement(_KEEP_CODE, {**values, "expires": _seconds(expires)})])

    async def code(self, purpose: str, code: str, now: datetime, who: Person | None = None) -> Code | None:
        """The code that was given, if it is one of this account, or of any; and still is."""
        rows = await self._database.fetch(_CODES, {"purpose": purpose, "now": _seconds(now)})
        for row in rows:
            owner = Person(row["platform"], row["platform_id"])
            if who in (None, owner) and _hash(code, row["salt"]) == row["hash"]:
                return Code(owner, row["hash"], _moment(row["expires_at"]))
        return None

    async def revoke(self, code: Code) -> None:
        await self._database.write([Statement(_USE_CODE, {**_account(code.who), "hash": code.hash})])

    async def may_try(self, who: Person, now: datetime, wait: int) -> bool:
        """Count a try before it is looked at, so that many at once are no more than a few; False after too many wrong
        ones, until `wait` seconds have passed since the last."""
        values = {**_account(who), "now": _seconds(now), "over": _seconds(now) - wait}
        return bool((await self._database.write([Statement(_TRY, values)]))[0])

    async def was_right(self, who: Person) -> None:
        """The last try does not count; wrong ones before it still do, or one's own code would make up for them."""
        await self._database.write([Statement(sql, _account(who)) for sql in _RIGHT_TRY])

    # Who is who

    async def learner_of(self, who: Person) -> str:
        """The learner behind an account, if there is one; empty if not."""
        rows = await self._database.fetch(_LEARNER_OF, _account(who))
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

        Args:
            code: of the maker, which is used by this
            joiner: the account that gave it
            after: what the new learner has chosen
            books: all scores, and the reviews of questions that both have answered
        """
        values = {
            "link": link.id,
            "learner": link.learner,
            "maker": link.maker,
            "joiner": link.joiner,
            "linked": _seconds(link.linked),
            "now": _seconds(now),
            "hash": code.hash,
            "code_platform": code.who.platform,
            "code_person": code.who.id,
            "platform": joiner.platform,
            "platform_id": joiner.id,
            "timezone": after.timezone or None,
            "zone_changed": _seconds(after.zone_changed) if after.zone_changed else None,
            "name": after.name,
            "hidden": after.hidden,
            **_mark_values(mark),
        }
        batch = [
            *_turns(link.both),
            _only_if(f"{_CODE_IS_GOOD} AND {_STILL_THEY} AND {_same_facts('(:maker, :joiner)')}", values),
            *(Statement(sql, values) for sql in _JOIN),
            *_kept_books(link.learner, books),
            *_chosen(link.learner, after),
        ]
        return await self._done(batch)

    async def part(self, link: Link, mark: Mark, sides: Sequence[Side]) -> bool:
        """Make one learner two again; False, and nothing is changed, if there is more than what was read."""
        values = {"link": link.id, "learner": link.learner, **_mark_values(mark)}
        batch = [
            *_turns([link.learner, *link.both]),
            _only_if(f"{_STILL_LINKED} AND {_same_facts('(:learner)')}", values),
            *(statement for side in sides for statement in _claimed(link.learner, side)),
            Statement(_CLAIM_REST, {**values, "side": link.maker}),
            Statement(_CLAIM_REST_DEALS, {**values, "side": link.maker}),
            *(statement for side in sides for statement in _given_back(link.learner, side)),
            *(Statement(sql, {**values, "side": link.maker}) for sql in _GONE),
        ]
        return await self._done(batch)

    async def choose(self, link: Link, what: str, theirs: Profile, following: datetime | None, now: datetime) -> None:
        """Keep what one of the two has chosen: the timezone, the reminder or the interview.

        Args:
            following: when the reminder is due next, in the time zone that is kept
        """
        values: dict[str, object] = {"learner": link.learner, "now": _seconds(now)}
        batch: list[Statement] = []
        if what == "timezone":
            batch.append(Statement(_CHOOSE_ZONE, {**values, "timezone": theirs.timezone}))
        elif what == "reminder" and theirs.reminder and following:
            batch.append(Statement(_DROP_REMINDER, values))
            batch += _reminded(link.learner, theirs.reminder, following)
        elif what == "interview" and theirs.interview:
            batch.append(Statement(_DROP_INTERVIEW, values))
            batch += _prepared(link.learner, theirs.interview)
        await self._done([Statement(_STILL_THEIRS, {**values, "link": link.id}), *batch])

    async def _done(self, batch: Sequence[Statement]) -> bool:
        try:
            await self._database.write(batch)
        except ConflictError:
            return False
        return True

    # Those who have left

    async def left(self, who: Person, community: str) -> None:
        """A member has left a community: its boards don't show them until they answer there again."""
        values = {**_account(who), "community": community}
        await self._database.write([Statement(_LEFT, values), Statement(_OFF_BOARDS, values)])


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _hash(code: str, salt: str) -> str:
    return sha256(f"{salt}:{code}".encode()).hexdigest()


def _account(who: Person) -> dict[str, object]:
    return {"platform": who.platform, "platform_id": who.id}


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


def among(learners: Sequence[str], sql: str, values: Mapping[str, object] = {}) -> Statement:
    """A statement about several learners, in place of its `(:learners)`."""
    names = {f"learner_{place}": learner for place, learner in enumerate(learners)}
    listed = "(" + ", ".join(f":{name}" for name in names) + ")"
    return Statement(sql.replace("(:learners)", listed), {**values, **names})


def settled(link: Link, heir: str, holders: Sequence[str]) -> list[Statement]:
    """The two will not part any more: what was theirs is the new learner's own.

    Args:
        heir: the new learner, if they have become somebody else since; empty if not
        holders: who may have their facts
    """
    values = {"heir": heir or None, "maker": link.maker, "joiner": link.joiner}
    return [among(holders, sql, values) for sql in _SETTLE]


def _mark_values(mark: Mark) -> dict[str, object]:
    return {"answers": mark.answers, "seconds": mark.seconds, "claims": mark.claims}


def _turns(learners: Sequence[str]) -> list[Statement]:
    """Answers of these learners wait until the batch is done (see `store`); in one order, lest two wait for ever."""
    return [Statement(_MY_TURN, {"learner": learner}) for learner in sorted(learners)]


def _only_if(condition: str, values: Mapping[str, object]) -> Statement:
    """Breaks a constraint, and so the whole batch, unless this is so: there is no learner without an id."""
    sql = f"INSERT INTO account (platform, platform_id, learner) SELECT '', '', '' WHERE NOT ({condition})"
    return Statement(sql, values)


def _same_facts(learners: str) -> str:
    """Whether these learners have as many answers and claims as were read, given at the same moments."""
    return f"""
        (SELECT count(*) FROM answer WHERE learner IN {learners}) = :answers
        AND (SELECT CAST(coalesce(sum(answered_at), 0) AS BIGINT) FROM answer WHERE learner IN {learners}) = :seconds
        AND (SELECT count(*) FROM claim WHERE learner IN {learners}) = :claims
    """


def _kept_books(learner: str, books: Books) -> list[Statement]:
    """Scores are all made anew; reviews, those that are told."""
    scores = [
        Statement(
            _SCORE,
            {
                "learner": learner,
                "platform": one.platform,
                "community": one.community,
                "bucket": one.bucket,
                "points": one.points,
                "reached": _seconds(one.reached),
            },
        )
        for one in books.scores
    ]
    reviews = [
        Statement(
            _REVIEW,
            {
                "learner": learner,
                "question": one.question,
                "aside": _seconds(one.aside) if one.aside else None,
                "back": one.back,
                **review_values(one.review),
            },
        )
        for one in books.reviews
    ]
    return [Statement(_DROP_SCORES, {"learner": learner}), *scores, *reviews]


def _chosen(learner: str, profile: Profile) -> list[Statement]:
    batch: list[Statement] = []
    if profile.reminder:
        batch += _reminded(learner, profile.reminder, profile.reminder.next_due)
    if profile.interview:
        batch += _prepared(learner, profile.interview)
    return batch


def _reminded(learner: str, reminder: Reminder, following: datetime) -> list[Statement]:
    values = {
        "learner": learner,
        "platform": reminder.who.platform,
        "person": reminder.who.id,
        "at": reminder.at,
        "next": _seconds(following),
    }
    return [Statement(_REMIND, values)]


def _prepared(learner: str, interview: Interview) -> list[Statement]:
    values = {
        "learner": learner,
        "day": interview.day.isoformat(),
        "place": interview.place,
        "began": interview.began.isoformat(),
        "needed": interview.needed,
    }
    return [Statement(_PREPARE, values)]


def _claimed(learner: str, side: Side) -> list[Statement]:
    """What came since the link gets its origin: as if it had been given before."""
    values = {"learner": learner, "side": side.learner}
    rooms = [Statement(sql, {**values, "room": room}) for room in side.rooms for sql in _CLAIM_ROOM]
    return rooms + [Statement(_CLAIM_SESSION, {**values, "session": one}) for one in side.sessions]


def _given_back(learner: str, side: Side) -> list[Statement]:
    values = {"learner": learner, "side": side.learner, "hidden": side.hidden}
    days = [Statement(_DAY, {"side": side.learner, "day": one.day.isoformat(), "kind": one.kind}) for one in side.days]
    reminded = (
        [Statement(_MOVE_REMINDER, {**values, "next": _seconds(side.reminder.next_due)})] if side.reminder else []
    )
    moved = [among(side.owns, sql, values) for sql in _BACK_AGAIN]
    return [*moved, *days, *reminded, *_kept_books(side.learner, side.books)]


_KEEP_CODE = """
    INSERT INTO code (platform, platform_id, purpose, salt, hash, expires_at)
    VALUES (:platform, :platform_id, :purpose, :salt, :hash, :expires)
    ON CONFLICT (platform, platform_id, purpose) DO UPDATE SET
        salt = excluded.salt, hash = excluded.hash, expires_at = excluded.expires_at
"""

_CODES = "SELECT platform, platform_id, salt, hash, expires_at FROM code WHERE purpose = :purpose AND expires_at > :now"

_USE_CODE = "DELETE FROM code WHERE platform = :platform AND platform_id = :platform_id AND hash = :hash"

_TRY = f"""
    INSERT INTO wrong_try (platform, platform_id, number, last_at) VALUES (:platform, :platform_id, 1, :now)
    ON CONFLICT (platform, platform_id) DO UPDATE SET
        number = CASE WHEN wrong_try.last_at <= :over THEN 1 ELSE wrong_try.number + 1 END, last_at = excluded.last_at
    WHERE wrong_try.number < {WRONG_TRIES} OR wrong_try.last_at <= :over
    RETURNING number
"""

_RIGHT_TRY = (
    "UPDATE wrong_try SET number = number - 1 WHERE platform = :platform AND platform_id = :platform_id",
    "DELETE FROM wrong_try WHERE platform = :platform AND platform_id = :platform_id AND number <= 0",
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

# A learner's answers wait for each other here (see `store`), and what is made anew of them waits with them.
_MY_TURN = "UPDATE learner SET name = name WHERE id = :learner"

_CODE_IS_GOOD = """
    EXISTS (
        SELECT 1 FROM code
        WHERE platform = :code_platform AND platform_id = :code_person AND purpose = 'link'
            AND hash = :hash AND expires_at > :now
    )
"""

_STILL_THEY = """
    EXISTS (
        SELECT 1 FROM account
        WHERE platform = :code_platform AND platform_id = :code_person AND learner = :maker
    )
    AND EXISTS (SELECT 1 FROM account WHERE platform = :platform AND platform_id = :platform_id AND learner = :joiner)
"""

_STILL_LINKED = """
    EXISTS (SELECT 1 FROM link WHERE id = :link AND learner = :learner)
    AND EXISTS (SELECT 1 FROM account WHERE learner = :learner)
"""

_STILL_THEIRS = f"""
    INSERT INTO account (platform, platform_id, learner) SELECT '', '', '' WHERE NOT ({_STILL_LINKED})
"""

_MOVED = "learner = :learner, origin = coalesce(origin, learner)"
_OF_BOTH = "learner IN (:maker, :joiner)"

# The order matters: of two answers to one deal the earlier one moves, and what was said with it follows; of two days
# the maker's. Questions that were seen in deals that are not kept any more come before all deals.
_JOIN = (
    """
    INSERT INTO learner (id, timezone, zone_changed_at, created_at, name, hidden, battle, battled_at, rival)
    SELECT :learner, :timezone, :zone_changed, least_created.at, :name, :hidden, battle, battled_at, rival
    FROM learner, (SELECT min(created_at) AS at FROM learner WHERE id IN (:maker, :joiner)) AS least_created
    WHERE id IN (:maker, :joiner) ORDER BY coalesce(battled_at, 0) DESC, rival IS NULL, id = :joiner LIMIT 1
    """,
    """
    INSERT INTO link (id, learner, maker, joiner, linked_at) VALUES (:link, :learner, :maker, :joiner, :linked)
    """,
    "DELETE FROM code WHERE platform = :code_platform AND platform_id = :code_person AND purpose = 'link'",
    *_RIGHT_TRY,
    f"UPDATE account SET {_MOVED} WHERE {_OF_BOTH}",
    f"""
    UPDATE answer SET {_MOVED} WHERE learner = :maker AND NOT EXISTS (
        SELECT 1 FROM answer AS other
        WHERE other.deal = answer.deal AND other.learner = :joiner AND other.answered_at < answer.answered_at
    )
    """,
    f"""
    UPDATE answer SET {_MOVED} WHERE learner = :joiner AND NOT EXISTS (
        SELECT 1 FROM answer AS other WHERE other.deal = answer.deal AND other.learner = :learner
    )
    """,
    *(
        f"""
        UPDATE {table} SET learner = :learner WHERE {_OF_BOTH} AND NOT EXISTS (
            SELECT 1 FROM answer WHERE answer.deal = {table}.deal AND answer.learner = {table}.learner
        )
        """
        for table in ("said", "claim")
    ),
    f"UPDATE practice_day SET {_MOVED} WHERE learner = :maker",
    f"""
    UPDATE practice_day SET {_MOVED} WHERE learner = :joiner AND NOT EXISTS (
        SELECT 1 FROM practice_day AS other
        WHERE other.learner = :learner AND other.day = practice_day.day AND other.kind = practice_day.kind
    )
    """,
    f"UPDATE session SET {_MOVED} WHERE {_OF_BOTH}",
    f"UPDATE schedule SET learner = :learner WHERE {_OF_BOTH}",
    "UPDATE battle SET opener = :learner WHERE opener IN (:maker, :joiner)",
    *(
        f"""
        UPDATE {table} SET learner = :learner WHERE learner = {side} AND NOT EXISTS (
            SELECT 1 FROM {table} AS other WHERE other.learner = :learner AND {same}
        )
        """
        for table, same in (
            ("player", "other.battle = player.battle"),
            ("choice", "other.battle = choice.battle AND other.place = choice.place"),
        )
        for side in (":maker", ":joiner")
    ),
    """
    INSERT INTO seen (audience, question, number)
    SELECT :learner, question, row_number() OVER (ORDER BY min(number), question) FROM seen
    WHERE audience IN (:maker, :joiner)
        AND question NOT IN (SELECT question FROM deal WHERE audience IN (:maker, :joiner))
    GROUP BY question
    """,
    """
    UPDATE deal SET audience = :learner, origin = coalesce(deal.origin, deal.audience), number = ordered.number
    FROM (
        SELECT id, row_number() OVER (ORDER BY dealt_at, audience = :joiner, number) + (
            SELECT count(*) FROM seen WHERE audience = :learner
        ) AS number
        FROM deal WHERE audience IN (:maker, :joiner)
    ) AS ordered
    WHERE ordered.id = deal.id
    """,
    """
    INSERT INTO seen (audience, question, number)
    SELECT :learner, question, max(number) FROM deal WHERE audience = :learner GROUP BY question
    """,
    """
    INSERT INTO review (
        learner, question, state, step, stability, difficulty, due_at, reviewed_at, aside_at, back_at
    )
    SELECT :learner, question, state, step, stability, difficulty, due_at, reviewed_at, aside_at, back_at
    FROM review AS one
    WHERE learner IN (:maker, :joiner) AND NOT EXISTS (
        SELECT 1 FROM review AS other
        WHERE other.learner IN (:maker, :joiner) AND other.learner <> one.learner AND other.question = one.question
    )
    """,
    """
    INSERT INTO absent (platform, community, learner)
    SELECT DISTINCT platform, community, :learner FROM absent WHERE learner IN (:maker, :joiner)
    """,
    "DELETE FROM score WHERE learner IN (:maker, :joiner)",
    f"UPDATE reminder SET next_due_at = {NEVER} WHERE {_OF_BOTH}",
)

_SCORE = """
    INSERT INTO score (platform, community, bucket, learner, points, reached_at, shown)
    SELECT :platform, :community, :bucket, id, :points, :reached, NOT hidden AND NOT EXISTS (
        SELECT 1 FROM absent
        WHERE absent.learner = :learner AND absent.platform = :platform AND absent.community = :community
    )
    FROM learner WHERE id = :learner
"""

_DROP_SCORES = "DELETE FROM score WHERE learner = :learner"

_REVIEW = """
    INSERT INTO review (
        learner, question, state, step, stability, difficulty, due_at, reviewed_at, aside_at, back_at
    )
    VALUES (
        :learner, :question, :state, :step, :stability, :difficulty, :due_at, :reviewed_at, :aside, :back
    )
    ON CONFLICT (learner, question) DO UPDATE SET
        state = excluded.state, step = excluded.step, stability = excluded.stability,
        difficulty = excluded.difficulty, due_at = excluded.due_at, reviewed_at = excluded.reviewed_at,
        aside_at = excluded.aside_at, back_at = excluded.back_at
"""

_REMIND = """
    INSERT INTO reminder (learner, platform, person, at, next_due_at)
    VALUES (:learner, :platform, :person, :at, :next)
"""

_MOVE_REMINDER = "UPDATE reminder SET next_due_at = :next WHERE learner = :side"

_DROP_REMINDER = "DELETE FROM reminder WHERE learner = :learner"

_PREPARE = """
    INSERT INTO interview (learner, day, place, began, needed, told)
    VALUES (:learner, :day, :place, :began, :needed, '')
"""

_DROP_INTERVIEW = "DELETE FROM interview WHERE learner = :learner"

_CHOOSE_ZONE = "UPDATE learner SET timezone = :timezone, zone_changed_at = :now WHERE id = :learner"

# Parting: first whose each fact is, then all facts go back.

_CLAIM_ROOM = (
    """
    UPDATE answer SET origin = :side WHERE learner = :learner AND origin IS NULL AND EXISTS (
        SELECT 1 FROM deal WHERE deal.id = answer.deal AND deal.room = :room
    )
    """,
    "UPDATE deal SET origin = :side WHERE audience = :learner AND origin IS NULL AND room = :room",
)

_CLAIM_SESSION = "UPDATE session SET origin = :side WHERE id = :session AND learner = :learner"

_CLAIM_REST = "UPDATE answer SET origin = :side WHERE learner = :learner AND origin IS NULL"

_CLAIM_REST_DEALS = "UPDATE deal SET origin = :side WHERE audience = :learner AND origin IS NULL"

_BACK_TO_SIDE = "learner = :side, origin = nullif(origin, :side)"

_BACK_AGAIN = (
    f"UPDATE account SET {_BACK_TO_SIDE} WHERE learner = :learner AND origin IN (:learners)",
    *(
        f"""
        UPDATE {table} SET learner = :side WHERE learner = :learner AND EXISTS (
            SELECT 1 FROM answer
            WHERE answer.deal = {table}.deal AND answer.learner = :learner AND answer.origin IN (:learners)
        )
        """
        for table in ("said", "claim")
    ),
    f"UPDATE answer SET {_BACK_TO_SIDE} WHERE learner = :learner AND origin IN (:learners)",
    f"UPDATE practice_day SET {_BACK_TO_SIDE} WHERE learner = :learner AND origin IN (:learners)",
    f"UPDATE session SET {_BACK_TO_SIDE} WHERE learner = :learner AND origin IN (:learners)",
    """
    UPDATE schedule SET learner = :side WHERE learner = :learner AND EXISTS (
        SELECT 1 FROM account
        WHERE account.platform = schedule.platform AND account.platform_id = schedule.person AND account.learner = :side
    )
    """,
    *(
        f"""
        UPDATE {table} SET {column} = :side WHERE {column} = :learner AND {key} IN (
            SELECT id FROM battle WHERE platform IN (SELECT platform FROM account WHERE learner = :side)
        )
        """
        for table, column, key in (
            ("battle", "opener", "id"),
            ("player", "learner", "battle"),
            ("choice", "learner", "battle"),
        )
    ),
    """
    DELETE FROM seen WHERE audience = :side
        AND question IN (SELECT question FROM deal WHERE audience = :learner AND origin IN (:learners))
    """,
    """
    UPDATE deal SET audience = :side, origin = nullif(deal.origin, :side), number = ordered.number
    FROM (
        SELECT id, row_number() OVER (ORDER BY dealt_at, number) + (
            SELECT coalesce(max(number), 0) FROM seen WHERE audience = :side
        ) AS number
        FROM deal WHERE audience = :learner AND origin IN (:learners)
    ) AS ordered
    WHERE ordered.id = deal.id
    """,
    """
    INSERT INTO seen (audience, question, number)
    SELECT :side, question, max(number) FROM deal WHERE audience = :side GROUP BY question
    """,
    """
    DELETE FROM absent WHERE learner = :side AND platform IN (SELECT platform FROM account WHERE learner = :side)
    """,
    """
    INSERT INTO absent (platform, community, learner)
    SELECT platform, community, :side FROM absent
    WHERE learner = :learner AND platform IN (SELECT platform FROM account WHERE learner = :side)
    """,
    "UPDATE learner SET hidden = :hidden WHERE id = :side",
)

_DAY = """
    INSERT INTO practice_day (learner, day, kind) VALUES (:side, :day, :kind)
    ON CONFLICT (learner, day, kind) DO NOTHING
"""

_GONE = (
    "UPDATE battle SET opener = :side WHERE opener = :learner",
    *(f"UPDATE {table} SET learner = :side WHERE learner = :learner" for table in ("player", "choice")),
    "UPDATE schedule SET learner = :side WHERE learner = :learner",
    "UPDATE session SET learner = :side WHERE learner = :learner",
    "DELETE FROM link WHERE id = :link",
    *(
        f"DELETE FROM {table} WHERE learner = :learner"
        for table in ("practice_day", "review", "score", "reminder", "interview", "absent")
    ),
    "DELETE FROM seen WHERE audience = :learner",
    "DELETE FROM learner WHERE id = :learner",
)

_SETTLE = (
    *(
        f"UPDATE {table} SET origin = :heir WHERE learner IN (:learners) AND origin IN (:maker, :joiner)"
        for table in ("account", "answer", "practice_day", "session")
    ),
    "UPDATE deal SET origin = :heir WHERE audience IN (:learners) AND origin IN (:maker, :joiner)",
    "DELETE FROM link WHERE maker = :maker",
)

_LEFT = """
    INSERT INTO absent (platform, community, learner)
    SELECT platform, :community, learner FROM account WHERE platform = :platform AND platform_id = :platform_id
    ON CONFLICT (platform, community, learner) DO NOTHING
"""

_OFF_BOARDS = """
    UPDATE score SET shown = FALSE
    WHERE platform = :platform AND community = :community AND learner = (
        SELECT learner FROM account WHERE platform = :platform AND platform_id = :platform_id
    )
"""
