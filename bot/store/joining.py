"""The statements by which two learners become one.

Facts move from the two to a new learner, with their first owner as `origin`, and back by it (see `parting`). Where both
have the same fact, an answer to one deal or a day, the other one stays behind with a learner who has no account: it
counts nowhere. What the two have chosen stays with them too, so that nothing has to be remembered for a parting.

What is read first and then written is guarded: the batch breaks a constraint, and changes nothing, unless all of it
is still so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.messages import Person
from bot.store.codes import RIGHT_TRY, Code
from bot.store.database import Statement
from bot.store.reviews import Interview, Review, review_values
from bot.store.schedules import Reminder

NEVER = 253_370_764_800  # the year 9999: when the reminders of learners are due who are somebody else for now


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
class Mark:
    """By what it is told whether facts have changed since they were read."""

    answers: int
    seconds: int
    claims: int


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


def joined(
    link: Link, code: Code, joiner: Person, after: Profile, mark: Mark, books: Books, now: datetime
) -> list[Statement]:
    """Two learners become one, if everything is still as it was read.

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
        **mark_values(mark),
    }
    return [
        *turns(link.both),
        only_if(f"{_CODE_IS_GOOD} AND {_STILL_THEY} AND {same_facts('(:maker, :joiner)')}", values),
        *(Statement(sql, values) for sql in _JOIN),
        *kept_books(link.learner, books),
        *_chosen(link.learner, after),
    ]


def kept_choice(link: Link, what: str, theirs: Profile, following: datetime | None, now: datetime) -> list[Statement]:
    """What one of the two has chosen is kept, if they are still linked: the timezone, the reminder or the interview.

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
    return [Statement(_STILL_THEIRS, {**values, "link": link.id}), *batch]


def mark_values(mark: Mark) -> dict[str, object]:
    return {"answers": mark.answers, "seconds": mark.seconds, "claims": mark.claims}


def turns(learners: Sequence[str]) -> list[Statement]:
    """Answers of these learners wait until the batch is done (see `store`); in one order, lest two wait for ever."""
    return [Statement(_MY_TURN, {"learner": learner}) for learner in sorted(learners)]


def only_if(condition: str, values: Mapping[str, object]) -> Statement:
    """Breaks a constraint, and so the whole batch, unless this is so: there is no learner without an id."""
    sql = f"INSERT INTO account (platform, platform_id, learner) SELECT '', '', '' WHERE NOT ({condition})"
    return Statement(sql, values)


def same_facts(learners: str) -> str:
    """Whether these learners have as many answers and claims as were read, given at the same moments."""
    return f"""
        (SELECT count(*) FROM answer WHERE learner IN {learners}) = :answers
        AND (SELECT CAST(coalesce(sum(answered_at), 0) AS BIGINT) FROM answer WHERE learner IN {learners}) = :seconds
        AND (SELECT count(*) FROM claim WHERE learner IN {learners}) = :claims
    """


def kept_books(learner: str, books: Books) -> list[Statement]:
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


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


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

STILL_LINKED = """
    EXISTS (SELECT 1 FROM link WHERE id = :link AND learner = :learner)
    AND EXISTS (SELECT 1 FROM account WHERE learner = :learner)
"""

_STILL_THEIRS = f"""
    INSERT INTO account (platform, platform_id, learner) SELECT '', '', '' WHERE NOT ({STILL_LINKED})
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
    *RIGHT_TRY,
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

_DROP_REMINDER = "DELETE FROM reminder WHERE learner = :learner"

_PREPARE = """
    INSERT INTO interview (learner, day, place, began, needed, told)
    VALUES (:learner, :day, :place, :began, :needed, '')
"""

_DROP_INTERVIEW = "DELETE FROM interview WHERE learner = :learner"

_CHOOSE_ZONE = "UPDATE learner SET timezone = :timezone, zone_changed_at = :now WHERE id = :learner"
