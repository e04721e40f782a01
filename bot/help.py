"""What the bot does, and how it counts points, for who asks."""

from collections.abc import Iterable
from typing import Protocol

from bot.learners.scoring import FIRST, HASTE, MOST, POINTS, TYPED
from bot.messages import Button, Card, Press
from bot.wording import count, say


class Described(Protocol):
    """A command, as far as help tells of it."""

    @property
    def name(self) -> str: ...

    @property
    def summary(self) -> str: ...


def help_card(table: Iterable[Described]) -> Card:
    lines = [f"`/{command.name}` {command.summary}" for command in table if command.name != "start"]
    intro = say(
        "I deal interview questions, one at a time. Pick an answer or think of one, see at once what you missed, "
        "and come back tomorrow: what you got wrong comes again when you are about to forget it."
    )
    return Card(
        say("Practise for your interview"),
        intro + "\n\n" + "  \n".join(lines),
        rows=(
            (
                Button(say("Topics"), Press("call", value="topics")),
                Button(say("Quiz me"), Press("call", value="quiz")),
            ),
        ),
    )


def scoring_card() -> Card:
    """The rules of `learners.scoring`, in words."""
    junior, mid, senior = POINTS.values()
    lines = (
        say("A right choice: {junior} for a junior, {mid} for a mid-level, {senior} for a senior question.",
            junior=junior, mid=mid, senior=senior),
        say("In your own words: {times} times that, by the share of the key points that you said.", times=TYPED),
        say("A flash card: none, since you rate it yourself. It counts for your streak and your reviews."),
        say("A wrong answer: none, and none is ever taken away."),
        say("The first that earns on a day in a community: {number} more.", number=FIRST),
        say("The same question again on a day: none. One that you have answered right before: half, rounded up."),
        say("Half an answer within {seconds} seconds: none. Nobody has read the question by then.",
            seconds=f"{HASTE:g}"),
        count("At most {number} point a day in a community.", "At most {number} points a day in a community.", MOST),
        say("In a battle: a fifth for each player who answers, all from five on; one an hour, and none alone."),
        say("Boards count by the community's calendar: today, ISO week, month, all time. Ties go to who was first."),
    )  # fmt: skip
    return Card(say("How points are counted"), "\n".join(f"- {line}" for line in lines))
