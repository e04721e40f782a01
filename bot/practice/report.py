"""The report of a mock interview: a card that fits every platform, and a file to keep. Pure: outcomes in, words out."""

from collections.abc import Iterable, Sequence
from datetime import date

from bot.bank.model import QUESTION_LIMIT
from bot.messages import Card, File, Tone, escape
from bot.practice.interview import Marks, Outcome, strongest, weakest
from bot.practice.verdicts import AIM
from bot.wording import count, say

LISTED = 2_300  # characters for all questions on the card: with the rest, under the 4,000 of Discord
SHOWN = 80  # characters of a question that is named in a sentence
TITLE = 32  # characters of a section's title
SECTIONS = 8  # that are compared on the card
SLOW = 45  # seconds: half as much again as is the aim
ENOUGH = 4  # of 5


def report_card(outcomes: Sequence[Outcome], left: int) -> Card:
    """How the interview went; `left` questions of it were not asked."""
    answered = sum(one.answered for one in outcomes)
    heading = say("Your interview: {answered} of {number} answered", answered=answered, number=len(outcomes) + left)
    parts = [" ".join(impression(outcomes)), "  \n".join(_listed(outcomes))]
    if len(sections := _by_section(outcomes)) < len(outcomes):
        told = [_section_line(title, of) for title, of in list(sections.items())[:SECTIONS]]
        parts.append(say("**By section:** {sections}", sections=" · ".join(told)))
    if left:
        parts.append(count("{number} question was not asked.", "{number} questions were not asked.", left))
    if weak := [str(place) for place, one in enumerate(outcomes, 1) if one.weak]:
        parts.append(say("**To review:** {numbers}", numbers=", ".join(weak)))
        if any(one.weak and not one.remembered for one in outcomes):
            parts.append(
                say(
                    "What you have never answered is not in your reviews yet: its answer is in the file, read it aloud."
                )
            )
    return Card(heading, "\n\n".join(parts), tone=Tone.PLAIN if weak or left else Tone.GOOD)


def report_file(outcomes: Sequence[Outcome], day: date) -> File:
    """The same to keep, with the answers as one would say them, their key points and where to read on."""
    parts = [
        "# " + say("Mock interview, {day}", day=f"{day:%Y-%m-%d}"),
        " ".join(impression(outcomes, QUESTION_LIMIT)),
        "## " + say("By section"),
        "\n".join(
            f"- {_section_line(title, of)}{_times(of)}" for title, of in _by_section(outcomes, whole=True).items()
        ),
    ]
    for place, one in enumerate(outcomes, 1):
        parts += _written(place, one)
    return File(f"interview-{day:%Y-%m-%d}.md", ("\n\n".join(parts) + "\n").encode())


def impression(outcomes: Sequence[Outcome], limit: int = SHOWN) -> tuple[str, str, str]:
    """What an interviewer might say in the end: the strongest, the weakest, what to do next."""
    best, worst = strongest(outcomes), weakest(outcomes)
    if best:
        first = say("Your strongest answer was to “{question}”.", question=shortened(_asked(best), limit))
    else:
        first = say("No answer was strong yet, and that is what practice is for.")
    return first, _weakest(worst, outcomes, limit), _next(worst, outcomes)


def _weakest(worst: Outcome | None, outcomes: Sequence[Outcome], limit: int) -> str:
    if not worst:
        if any(one.well for one in outcomes):
            return say("None of your answers was weak.")
        return say("None was weak either, but each had something left to say.")
    question = shortened(_asked(worst), limit)
    if not worst.answered:
        return say("To “{question}” you gave no answer.", question=question)
    if worst.share is not None:
        return say("The weakest was to “{question}”: much of what a listener waits for was missing.", question=question)
    return say("The weakest was to “{question}”: by your own word it was not right yet.", question=question)


def _next(worst: Outcome | None, outcomes: Sequence[Outcome]) -> str:
    """The one thing to do next, the most pressing first."""
    if worst and not worst.answered:
        return say("Next time say the little that you know, and how you would find out the rest.")
    if worst:
        return say("Next, read the answers to what went badly aloud, close them, and say each in your own words.")
    times = [one.seconds for one in outcomes if one.seconds is not None]
    if times and sorted(times)[len(times) // 2] > SLOW:
        return say("Next, be shorter: the point, one reason, stop.")
    clarity, brevity = (_lowest([one.marks.ratings[which] for one in outcomes if one.marks]) for which in (0, 2))
    if clarity < ENOUGH and clarity <= brevity:
        return say("Next, be clearer: say the point in the first sentence, and an example after it.")
    if brevity < ENOUGH:
        return say("Next, be shorter: the point, one reason, stop.")
    return say("Next, take a longer interview, or a section that you know less.")


def _lowest(ratings: Sequence[int]) -> float:
    given = [rating for rating in ratings if rating]
    return sum(given) / len(given) if given else 5


def _listed(outcomes: Sequence[Outcome]) -> list[str]:
    """A line for each question, shorter the more there are."""
    room = LISTED // len(outcomes)
    lines = []
    for place, one in enumerate(outcomes, 1):
        about = " · ".join([shortened(one.entry.section.title, TITLE), *_told(one)])
        lines.append(f"**{place}.** {shortened(_asked(one), max(SHOWN // 4, room - len(about)))} · {about}")
    return lines


def _told(one: Outcome) -> list[str]:
    """What became of a question, in a few words."""
    told = [say("follow-up")] if one.follows else []
    if one.seconds is not None:
        told.append(say("{seconds} s", seconds=one.seconds))
    if one.points:
        made = sum(made for _, made in one.points)
        told.append(say("{made} of {number} key points", made=made, number=len(one.points)))
    elif one.marks and one.marks.complete:
        told.append(rated(one.marks))
    elif one.marks:
        told.append(say("said, not rated"))
    elif one.answered:
        told.append(say("answered"))
    else:
        told.append(say("not answered"))
    return told


def rated(marks: Marks) -> str:
    """Somebody's ratings of their own answer, in a few words."""
    clear, right, brief = marks.ratings
    return say("clear {clear}, right {right}, brief {brief}", clear=clear, right=right, brief=brief)


def _by_section(outcomes: Iterable[Outcome], *, whole: bool = False) -> dict[str, list[Outcome]]:
    """What was asked, by the title of its section."""
    sections: dict[str, list[Outcome]] = {}
    for one in outcomes:
        title = one.entry.section.title if whole else shortened(one.entry.section.title, TITLE)
        sections.setdefault(title, []).append(one)
    return sections


def _section_line(title: str, outcomes: Sequence[Outcome]) -> str:
    fine = sum(one.answered and not one.weak for one in outcomes)
    return say("{section}: {fine} of {number} went well", section=title, fine=fine, number=len(outcomes))


def _times(outcomes: Sequence[Outcome]) -> str:
    times = ", ".join(say("{seconds} s", seconds=one.seconds) for one in outcomes if one.seconds is not None)
    return f" ({times})" if times else ""


def _written(place: int, one: Outcome) -> list[str]:
    """One question, as the file tells it."""
    entry = one.entry
    parts = [
        f"## {place}. {entry.question.question}",
        f"*{' · '.join([entry.topic.title, entry.section.title, *_told(one)])}*",
    ]
    if one.seconds is not None:
        parts.append(took(one.seconds))
    if one.text:
        parts.append(say("**You said:** {text}", text=escape(one.text)))
    parts.append(say("**Said in {aim} seconds:**", aim=AIM) + "\n\n" + entry.question.answer)
    if points := [f"- {'✔' if made else '○'} {text}" for text, made in one.points]:
        parts.append(say("**Key points, ✔ made and ○ missed:**") + "\n\n" + "\n".join(points))
    elif points := [f"- {point.text}" for point in entry.question.key_points if point.weight]:
        parts.append(say("**A listener waits for:**") + "\n\n" + "\n".join(points))
    if entry.question.sources:
        parts.append(say("**Read on:**") + "\n\n" + "\n".join(f"- <{source}>" for source in entry.question.sources))
    return parts


def took(seconds: int | None) -> str:
    """The time of an answer, in words; None when it was interrupted."""
    if seconds is None:
        return say("You were away in between, so the time says nothing.")
    return say("You took {seconds} s; {aim} is the aim.", seconds=seconds, aim=AIM)


def _asked(one: Outcome) -> str:
    return one.entry.question.question


def shortened(text: str, limit: int) -> str:
    """The text, or its beginning: cut between words where that is possible, and never within code."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    cut = cut.rpartition(" ")[0] or cut
    if cut.count("`") % 2:
        cut = cut.rpartition("`")[0]
    return cut.rstrip(" ,;:") + "…"
