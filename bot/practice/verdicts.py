"""What an answer was worth, as a card, however it was given. Pure but for graders, which are prepared once."""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache

from bot.bank.bank import Bank, Entry
from bot.messages import Button, Card, Press, Tone, escape
from bot.practice import cards
from bot.practice.answering import Opened, Recorded
from bot.practice.grading import Grade, Grader, PointGrade, Status, grader_of
from bot.practice.grading.grade import (
    APPROXIMATE,
    COPIED,
    DENIED,
    EMPTY,
    HEDGED,
    KEYWORDS,
    OFF_TOPIC,
    TOO_LONG,
)
from bot.store.store import Answer
from bot.wording import count, say

RIGHT, PARTLY = 0.8, 0.25  # shares of the key points from which an answer is called so
PREPARED = 256  # graders that are kept
WORDS_PER_SECOND = 2.5  # as one speaks in an interview
AIM = 30  # seconds of an answer
EVIDENCE = 80  # characters of a learner's words that are shown beside a key point


class Verdicts:
    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._grader = lru_cache(PREPARED)(self._prepared)

    def grade(self, entry: Entry, text: str) -> Grade:
        return self._grader(entry.name).grade(text)

    def card(
        self, opened: Opened, answer: Answer, claims: Collection[str] = (), *, note: str = "", again: bool = False
    ) -> Card:
        """The verdict on an answer to a deal; `note` comes first, and `again` says that it is not the one given now."""
        match answer.mode:
            case "typed":
                return self._typed(opened, answer, claims, note, again=again)
            case "flash":
                return cards.answer_card(opened.deal, opened.entry, rated=True)
        return cards.verdict_card(opened.deal, opened.entry, answer, again=again)

    def rated(self, opened: Opened, recorded: Recorded, now: datetime) -> Card:
        """What follows from a learner's own rating, if that is the answer that counts."""
        review = recorded.dealt.review
        if not review or recorded.answer.mode != "flash":
            return self.card(opened, recorded.answer, again=True)
        return cards.rated_card(opened.deal, opened.entry, recorded.answer, review, now, again=recorded.again)

    def _prepared(self, name: str) -> Grader:
        entry = self._bank.entry(name)
        assert entry  # noqa: S101 - names come from entries
        return grader_of(entry.question, entry.topic.aliases)

    def _typed(self, opened: Opened, answer: Answer, claims: Collection[str], note: str, *, again: bool) -> Card:
        entry, grade = opened.entry, self.grade(opened.entry, answer.text)
        parts = [note] if note else []
        if again:
            parts.append(say("You have answered this one before, and the first answer counts."))
        parts += _told(grade.flags) if answer.text else [say("Good to know. Read it aloud once; it comes again soon.")]
        parts += _key_points(grade, claims)
        parts += grade.mistakes
        if asked := self._follow_up(entry):
            parts.append(say("**A listener would still ask:** {question}", question=asked))
        parts.append(say("**Said in 30 seconds:**") + "\n\n" + entry.question.answer)
        needed = [point for point in grade.points if point.weight]
        said = sum(point.status is Status.COVERED or point.id in claims for point in needed)
        fields = [(say("Key points"), say("{said} of {number}", said=said, number=len(needed)))] if needed else []
        if answer.text:
            fields.append((say("Length"), _length(answer.text)))
        if answer.points and not again:
            fields.append((say("Points"), f"+{answer.points}"))
        heading, tone = _HEADINGS[answer.verdict]
        rows = [cards.more(opened.deal, entry)]
        claimable = answer.text and not {EMPTY, KEYWORDS, COPIED} & set(grade.flags)
        if claimable and any(point.status is not Status.COVERED and point.id not in claims for point in needed):
            rows.insert(0, (Button(say("I did say that"), Press("claim", opened.deal.id)),))
        return Card(say(heading), "\n\n".join(parts), tuple(fields), tuple(rows), tone)

    def _follow_up(self, entry: Entry) -> str:
        """The first question that an interviewer would ask next, if the bank has it."""
        names = (f"{entry.topic.id}/{id_}" for id_ in entry.question.follow_ups)
        return next((found.question.question for name in names if (found := self._bank.entry(name))), "")


_HEADINGS = {
    "right": ("Correct ✔", Tone.GOOD),
    "partly": ("Partly right ◐", Tone.PARTLY),
    "wrong": ("Not quite ✘", Tone.BAD),
}


def verdict_of(score: float) -> str:
    """What an answer is called that made this share of the key points."""
    return "right" if score >= RIGHT else "partly" if score >= PARTLY else "wrong"


def missing(grade: Grade, claims: Collection[str]) -> list[tuple[int, PointGrade]]:
    """The key points that were not made, with their places from 1 on."""
    return [
        (place, point)
        for place, point in enumerate(grade.points, 1)
        if point.weight and point.status is not Status.COVERED and point.id not in claims
    ]


def _key_points(grade: Grade, claims: Collection[str]) -> list[str]:
    """The key points by what became of them, each with the learner's words."""
    groups: dict[str, list[str]] = {
        say("**✔ You said:**"): [],
        say("**✔ You say that you said:**"): [],
        say("**✘ You said the opposite of:**"): [],
        say("**≈ Close, but not quite:**"): [],
        say("**○ You missed:**"): [],
    }
    said, claimed, opposite, close, missed = groups.values()
    for point in grade.points:
        if point.status is Status.COVERED:
            said.append(_line(point))
        elif point.id in claims:
            claimed.append(f"- {point.text}")
        elif point.status is Status.CONTRADICTED:
            opposite.append(_line(point))
        elif point.status is Status.CLOSE:
            close.append(_line(point))
        elif point.weight:
            missed.append(f"- {point.text}")
    return [f"{heading}\n\n" + "\n".join(lines) for heading, lines in groups.items() if lines]


def _line(point: PointGrade) -> str:
    words = " … ".join(point.evidence)
    shown = words if len(words) <= EVIDENCE else words[: EVIDENCE - 1] + "…"
    return f"- {point.text} (“{escape(shown)}”)" if shown else f"- {point.text}"


def _told(flags: Iterable[str]) -> list[str]:
    """Why an answer earned nothing, or less, in kind words."""
    words = {
        EMPTY: say("There was no answer in it. One sentence is enough to begin with."),
        KEYWORDS: say("That is a list of words. Say it in sentences, as you would to a person."),
        COPIED: say("That repeats the question. Say what you would answer."),
        OFF_TOPIC: say("I found nothing in it about this question."),
        DENIED: say("You deny what a full answer says."),
        HEDGED: say("Of two different answers none counts. Decide on one."),
        APPROXIMATE: say("This question has no key points yet, so this is only roughly how close you were."),
        TOO_LONG: say("That was long, and I read only its beginning."),
    }
    return [words[flag] for flag in flags if flag in words]


def _length(text: str) -> str:
    number = len(text.split())
    seconds = round(number / WORDS_PER_SECOND)
    shown = count("{number} word", "{number} words", number)
    return say("{words}, about {seconds} s of {aim}", words=shown, seconds=seconds, aim=AIM)
