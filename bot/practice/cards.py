"""What a question, its verdict and its explanation look like. Pure: rows of the database and the bank in, cards out."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.bank.bank import Entry
from bot.bank.model import Choices, Question
from bot.messages import Button, Card, Poll, Press, Tone
from bot.practice.remembering import RATINGS
from bot.store.store import Answer, Deal, Review
from bot.wording import count, say

LETTERS = "ABCDE"
ROW = 5  # buttons, as many as Discord takes


def question_card(deal: Deal, entry: Entry, *, private: bool, poll: bool = False) -> Card:
    """The question as everyone sees it. In a shared room only its hint and answers are offered."""
    question = entry.question
    about = [entry.topic.title, entry.section.title, level_name(question.level)]
    if question.priority:
        about.append(say("asked in most interviews"))
    parts = [f"*{' · '.join(about)}*"]
    last = []
    if question.hint:
        last.append(Button(say("Hint"), Press("hint", deal.id)))
    typing = Button(say("Type answer"), Press("type", deal.id))
    if gradable(question) and deal.mode != "typed":
        last.append(typing)
    if private:
        last.append(Button(say("Next question"), Press("next", deal.id)))
    alone = Button(say("Full answer"), Press("verdict", deal.id))
    if deal.mode == "choice" and question.choices:
        shown = _shown(deal, question.choices)
        if entry.stem:
            parts.append(entry.stem)
        parts.append("  \n".join(f"**{letter}.** {text}" for letter, text in shown))
        answers = tuple(Button(letter, Press("answer", deal.id, letter)) for letter, _ in shown)
    elif deal.mode == "typed":
        parts.append(say("Say it in your own words, as you would in the interview: 30 seconds, about 75 words."))
        answers = (typing, Button(say("I don't know"), Press("pass", deal.id)))
    else:
        parts.append(say("Say it aloud, as you would in the interview. Then look."))
        answers = (Button(say("Show answer"), Press("show", deal.id)),)
        alone = Button(say("Full answer"), Press("show", deal.id))
    return Card(
        question.question,
        "\n\n".join(parts),
        rows=(answers, tuple(last)) if last else (answers,),
        poll=_poll(deal, question.choices, question.answer)
        if poll and deal.mode == "choice" and question.choices and not entry.stem  # which polls have no place for
        else None,
        alone=None if private else alone,
    )


def gradable(question: Question) -> bool:
    """Whether an answer in own words can be graded."""
    return bool(question.key_points or question.counts)


def shared_card(entry: Entry, choices: str) -> Card:
    """A question to be shared anywhere, before anybody has dealt it: its first press does, and tells it the order."""
    deal = Deal("", "", 0, "", entry.name, "choice" if choices else "flash", choices, "", datetime.min)  # noqa: DTZ901
    card = question_card(deal, entry, private=False)
    address = f"{entry.code}{choices}"
    pressed = [Button(one.label, Press("pick", value=f"{address}{one.press.value}")) for one in card.rows[0]]
    return replace(card, rows=(tuple(pressed),), alone=None)


def verdict_card(deal: Deal, entry: Entry, answer: Answer, *, again: bool = False) -> Card:
    """What an answer was worth, what is right, and the answer as one would say it."""
    question = entry.question
    right = answer.verdict == "right"
    parts = []
    if question.choices and deal.choices:
        shown = dict(zip(deal.choices, LETTERS, strict=False))
        choices = question.choices
        named = say("**{letter}.** {text}", letter=shown["0"], text=choices.right)
        if right:
            parts.append(named)
        else:
            wrong = choices.wrong[int(answer.value) - 1]
            parts.append(say("You chose **{letter}.** {text}", letter=shown[answer.value], text=wrong.text))
            parts.append(wrong.why)
            parts.append(say("Right is {choice}", choice=named))
    parts.append(_said(entry))
    heading = say("Correct ✔") if right else say("Not quite ✘")
    if again:
        parts.insert(0, say("You have answered this one before, and the first answer counts."))
    earned = f"+{answer.points}" if answer.points else say("none: see `/help scoring`")
    fields = ((say("Points"), earned),) if right and not again else ()
    tone = Tone.GOOD if right else Tone.BAD
    return Card(heading, "\n\n".join(parts), fields, (more(deal, entry),), tone)


def in_rows(buttons: Sequence[Button]) -> tuple[tuple[Button, ...], ...]:
    """Buttons in rows that every platform shows."""
    return tuple(tuple(buttons[start : start + ROW]) for start in range(0, len(buttons), ROW))


def answer_card(deal: Deal, entry: Entry, *, rated: bool) -> Card:
    """The other side of a flash card, with buttons to rate oneself."""
    parts = [_said(entry)]
    points = [f"- {point.text}" for point in entry.question.key_points if point.weight]
    if points:
        parts.append(say("**A listener waits for:**") + "\n\n" + "\n".join(points))
    rows = [more(deal, entry)]
    if not rated:
        parts.append(say("How well did you know it?"))
        labels = {"again": say("Again"), "hard": say("Hard"), "good": say("Good"), "easy": say("Easy")}
        rows.insert(0, tuple(Button(labels[name], Press("rate", deal.id, name)) for name in RATINGS))
    return Card(entry.question.question, "\n\n".join(parts), rows=tuple(rows))


def rated_card(deal: Deal, entry: Entry, answer: Answer, review: Review, now: datetime, *, again: bool) -> Card:
    labels = {"again": say("Again"), "hard": say("Hard"), "good": say("Good"), "easy": say("Easy")}
    heading = say("Noted: {rating}", rating=labels[answer.value])
    buttons = more(deal, entry)
    if again:
        body = say("You have rated this one before, and the first rating counts.")
    else:
        body = say("It comes again {when}.", when=_when(review.due_at - now))
        if deal.mode == "flash":  # other answers to it would earn points
            buttons = (Button(say("Undo"), Press("undo", deal.id)), *buttons)
    return Card(heading, body, rows=(buttons,))


def explanation_card(deal: Deal, entry: Entry) -> Card:
    question = entry.question
    parts = [question.explanation or say("This question has no explanation yet.")]
    if question.used_for:
        parts.append(say("**Used for:**") + "\n\n" + "\n".join(f"- {use}" for use in question.used_for))
    if question.sources:
        parts.append("\n".join(f"<{source}>" for source in question.sources))
    return Card(say("Explanation"), "\n\n".join(parts), rows=(more(deal, entry, leave_out="explain"),))


def code_card(deal: Deal, entry: Entry) -> Card:
    code = (entry.question.code or "").strip("\n")
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", code))])  # longer than any in the code
    body = f"{fence}python\n{code}\n{fence}" if code else say("This question has no code.")
    return Card(say("Code"), body, rows=(more(deal, entry, leave_out="code"),))


def more(deal: Deal, entry: Entry, *, leave_out: str = "") -> tuple[Button, ...]:
    """What there is beyond the answer, and the way on."""
    buttons = []
    if entry.question.explanation and leave_out != "explain":
        buttons.append(Button(say("Explanation"), Press("explain", deal.id)))
    if entry.question.code and leave_out != "code":
        buttons.append(Button(say("Code"), Press("code", deal.id)))
    return (*buttons, Button(say("Next question"), Press("next", deal.id)))


def _poll(deal: Deal, choices: Choices, why: str) -> Poll:
    shown = tuple((text, Press("answer", deal.id, letter)) for letter, text in _shown(deal, choices))
    return Poll(shown, deal.choices.index("0"), why)


def with_field(card: Card, name: str, value: str) -> Card:
    return replace(card, fields=(*card.fields, (name, value)))


def _said(entry: Entry) -> str:
    return say("**Said in 30 seconds:**") + "\n\n" + entry.question.answer


def _shown(deal: Deal, choices: Choices) -> list[tuple[str, str]]:
    """The letter and text of each choice, in the order of this deal."""
    return [(letter, choices.texts[int(index)]) for letter, index in zip(LETTERS, deal.choices, strict=False)]


def level_name(level: str) -> str:
    return {"junior": say("junior"), "mid": say("mid level"), "senior": say("senior")}[level]


def _when(wait: timedelta) -> str:
    minutes = round(wait.total_seconds() / 60)
    if minutes < 60:
        return count("in {number} minute", "in {number} minutes", max(1, minutes))
    if minutes < 24 * 60:
        return count("in {number} hour", "in {number} hours", round(minutes / 60))
    return count("in {number} day", "in {number} days", round(minutes / (24 * 60)))
