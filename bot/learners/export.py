"""All that is kept about a person, as a file to keep: one document, whose schema is written here.

A field that is new raises no version; one that goes, or means something else, does. Times are ISO 8601 in UTC, days are
the person's local days. Nobody else's name or id is in it.
"""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.messages import escape
from bot.store.privacy import Everything
from bot.wording import count, say


def _moment(seconds: object) -> object:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else seconds


Moment = Annotated[datetime, BeforeValidator(_moment)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Account(_Part):
    platform: str
    platform_id: str


class Profile(_Part):
    name: str = Field(description="as others see it on boards")
    hidden: bool = Field(description="whether others do not see it")
    timezone: str | None
    zone_changed_at: Moment | None
    created_at: Moment
    battled_at: Moment | None = Field(description="when they last were in a battle that counted on boards")
    rival: int | None = Field(description="how strong their simulated opponent is")
    former: bool = Field(description="of a learner from before a link that can still be undone")


class Reminder(_Part):
    platform: str
    person: str
    at: str
    next_due_at: Moment | None = Field(description="null while it rests")
    former: bool


class Interview(_Part):
    day: date
    place: str = Field(description="a topic, or topic/section; empty for all")
    began: date
    needed: int = Field(description="looks at questions that were missing then")
    told: str = Field(description="the last day on which it was spoken of")
    former: bool


class Day(_Part):
    day: date
    kind: str = Field(description="practised, repaired, or skipped by a change of time zone")


class Answer(_Part):
    question: str
    mode: str
    value: str = Field(description="the author's number of the choice, the rating, or the share in per cent")
    verdict: str
    points: int
    day: date | None = Field(description="on which its points count")
    dealt_at: Moment
    answered_at: Moment
    platform: str
    room: str = Field(description="what the server or group is called; empty in private")
    private: bool
    text: str | None = Field(description="what was typed")


class Claim(_Part):
    question: str
    point: str = Field(description="the key point that was said to be made")
    claimed_at: Moment


class Deal(_Part):
    """A question that was asked in private."""

    question: str
    mode: str
    choices: str = Field(description="the order in which they were shown")
    filters: str
    dealt_at: Moment
    closed_at: Moment | None


class Seen(_Part):
    question: str
    number: int = Field(description="of the last time that it was asked in private")
    former: bool


class Review(_Part):
    """What py-fsrs remembers of a question."""

    question: str
    state: int
    step: int | None
    stability: float | None
    difficulty: float | None
    due_at: Moment
    reviewed_at: Moment
    aside_at: Moment | None = Field(description="since when it does not come by itself")
    back_at: Moment | None = Field(description="when it was brought back")
    former: bool


class Score(_Part):
    platform: str
    room: str | None = Field(description="what the server or group is called")
    alone: bool
    bucket: str = Field(description="all, a month, an ISO week or a day; with a topic before it, of that topic")
    points: int
    reached_at: Moment
    shown: bool


class Step(_Part):
    place: int
    question: str
    follows: str
    marks: str


class Session(_Part):
    kind: str
    filters: str
    began_at: Moment
    ended_at: Moment | None
    steps: tuple[Step, ...]


class Schedule(_Part):
    """A daily question that this person has set."""

    platform: str
    room: str
    private: bool
    person: str
    at: str
    timezone: str
    weekdays: str
    filters: str
    reveal: str
    style: str


class Room(_Part):
    """A private chat."""

    platform: str
    platform_id: str
    thread: str
    created_at: Moment
    gone: bool
    former_id: str | None


class Player(_Part):
    """A battle of the last day, in which this person played."""

    platform: str
    joined_at: Moment
    gone: bool


class Choice(_Part):
    """What was chosen in a battle of the last day."""

    value: str
    chosen_at: Moment


class Battle(_Part):
    """A battle of the last day that this person began."""

    platform: str
    questions: int
    began_at: Moment


class Absence(_Part):
    """A server or group that this person has left."""

    platform: str
    room: str | None


class Code(_Part):
    """A code that was made; the code itself is not kept."""

    purpose: str
    expires_at: Moment


class WrongTries(_Part):
    platform: str
    number: int
    last_at: Moment


class Note(_Part):
    """What the bot notes to know which answer belongs to which prompt."""

    name: str
    value: str


class Export(_Part):
    """All that Prepdeck keeps about a person."""

    format: Literal["prepdeck-person"] = "prepdeck-person"
    version: Literal[1] = 1
    exported_at: datetime
    accounts: tuple[Account, ...]
    profiles: tuple[Profile, ...]
    reminders: tuple[Reminder, ...]
    interviews: tuple[Interview, ...]
    days: tuple[Day, ...]
    answers: tuple[Answer, ...]
    claims: tuple[Claim, ...]
    deals: tuple[Deal, ...]
    seen: tuple[Seen, ...]
    reviews: tuple[Review, ...]
    scores: tuple[Score, ...]
    sessions: tuple[Session, ...]
    schedules: tuple[Schedule, ...]
    rooms: tuple[Room, ...]
    played: tuple[Player, ...]
    choices: tuple[Choice, ...]
    battles: tuple[Battle, ...]
    absences: tuple[Absence, ...]
    links: tuple[datetime, ...] = Field(description="when accounts were linked, as far as that can be undone")
    codes: tuple[Code, ...]
    wrong_tries: tuple[WrongTries, ...]
    notes: tuple[Note, ...]


_TABLES = {
    "accounts": "account",
    "profiles": "learner",
    "reminders": "reminder",
    "interviews": "interview",
    "days": "practice_day",
    "answers": "answer",
    "claims": "claim",
    "deals": "deal",
    "seen": "seen",
    "reviews": "review",
    "scores": "score",
    "schedules": "schedule",
    "rooms": "room",
    "played": "player",
    "choices": "choice",
    "battles": "battle",
    "absences": "absent",
    "codes": "code",
    "wrong_tries": "wrong_try",
    "notes": "note",
}


def export_of(found: Everything, now: datetime) -> Export:
    """The rows of the store as the document tells them."""
    rows: dict[str, list[dict[str, Any]]] = {table: [_named(row) for row in found[table]] for table in found}
    parts: dict[str, Any] = {name: rows[table] for name, table in _TABLES.items()}
    steps: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for step in rows["step"]:
        steps[step["session"]].append(step)
    sessions = [{**session, "steps": steps[session["id"]]} for session in rows["session"]]
    links = [_moment(row["linked_at"]) for row in rows["link"]]
    return Export.model_validate(
        {"exported_at": now.replace(microsecond=0), "sessions": sessions, "links": links, **parts}
    )


def _named(row: Any) -> dict[str, Any]:
    return dict(row)  # rows of both databases have names


def summary(export: Export) -> str:
    """The document in a few lines of Markdown, for who wants to read it and not its data."""
    profile = next(one for one in export.profiles if not one.former)
    verdicts = Counter(answer.verdict for answer in export.answers)
    practised = sorted(one.day for one in export.days if one.kind == "practised")
    known = [one for one in export.reviews if not one.former]
    lines = [
        say("**Accounts:** {accounts}", accounts=", ".join(one.platform.title() for one in export.accounts)),
        say("**Name:** {name}", name=escape(profile.name) or say("none")),
        say("**Time zone:** {zone}", zone=profile.timezone or say("none chosen")),
    ]
    if practised:
        days = count("{number} day", "{number} days", len(practised))
        lines.append(say("**Practised:** {days}, from {first} to {last}", days=days, first=practised[0],
                         last=practised[-1]))  # fmt: skip
    if export.answers:
        told = ", ".join(f"{number} {verdict}" for verdict, number in verdicts.most_common())
        texts = sum(answer.text is not None for answer in export.answers)
        lines.append(say("**Answers:** {number} ({verdicts}), {texts} of them typed", number=len(export.answers),
                         verdicts=told, texts=texts))  # fmt: skip
    lines += [
        say("**Questions remembered:** {number}", number=len(known)),
        say("**Reviews and interviews begun:** {number}", number=len(export.sessions)),
        say("**Points:** {number}", number=sum(one.points for one in export.scores if one.bucket == "all")),
        say("**Daily questions set:** {number}", number=len(export.schedules)),
    ]
    return "\n".join(f"- {line}" for line in lines)
