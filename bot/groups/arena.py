"""What a battle looks like: its lobby, its questions, who stands where, and how it ended. Pure: rows in, cards out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.bank.bank import Bank, Entry, Filters
from bot.groups.rounds import SHOWN, Standing
from bot.messages import Button, Card, Picture, Press, Tone, escape
from bot.practice.cards import LETTERS, level_name
from bot.store.battles import RIVAL, Battle, Player
from bot.store.rounds import Count, Round
from bot.wording import count, say

MISSED = 3  # questions that are told at the end
NAME_LENGTH = 40  # characters
MEDALS = ("🥇", "🥈", "🥉")


@dataclass(frozen=True, slots=True)
class Seats:
    """Who plays, and how each is called where others read it."""

    players: Sequence[Player]
    private: bool

    def name(self, learner: str) -> str:
        """As Markdown."""
        if learner == RIVAL:
            return say("Your rival")
        if self.private:
            return say("You")
        player = next((one for one in self.players if one.learner == learner), None)
        return escape(player.name[:NAME_LENGTH]) if player and player.name and not player.hidden else say("somebody")

    def plain(self, learner: str) -> str:
        """As it is, for pictures."""
        player = next((one for one in self.players if one.learner == learner), None)
        known = not self.private and player and player.name and not player.hidden
        return player.name[:NAME_LENGTH] if player and known else self.name(learner)


def lobby_card(battle: Battle, seats: Seats, bank: Bank, wait: int) -> Card:
    """Who has come so far, and how to join. `wait` is after how many seconds it begins by itself."""
    parts = [
        f"*{' · '.join(_about(battle, bank))}*",
        count(
            "It begins {number} second after it was opened, or when *Start now* is pressed. Two make a battle.",
            "It begins {number} seconds after it was opened, or when *Start now* is pressed. Two make a battle.",
            wait,
        ),
        _players(seats),
    ]
    rows = (
        (_button(battle, "join", say("Join")), _button(battle, "leave", say("Leave"))),
        (_order(battle, "start", say("Start now")), _order(battle, "stop", say("Stop"))),
    )
    return Card(_title(battle), "\n\n".join(parts), rows=rows)


def round_card(battle: Battle, asked: Round, entry: Entry, leaders: str, answered: int = 0) -> Card:
    """A question, with how many have answered; never who, or what."""
    choices = entry.question.choices
    texts = [choices.texts[int(index)] for index in asked.choices] if choices else []
    lines = "  \n".join(f"**{letter}.** {text}" for letter, text in zip(LETTERS, texts, strict=False))
    parts = [f"*{_progress(battle, asked)}*", leaders, entry.stem, lines]
    letters = LETTERS[: len(texts)]
    rows = (
        tuple(Button(letter, Press("choose", asked.deal, letter)) for letter in letters),
        (
            *(() if battle.where.private else (_button(battle, "leave", say("Leave")),)),
            _order(battle, "stop", say("Stop")),
        ),
    )
    fields = ((say("Answered"), str(answered)),) if answered else ()
    return Card(entry.question.question, "\n\n".join(part for part in parts if part), fields, rows)


def leaders(places: Sequence[Standing], seats: Seats) -> str:
    """The first three in a line, before the next question."""
    shown = [f"{_mark(one)} {seats.name(one.learner)} {one.points}" for one in places[: len(MEDALS)] if one.points]
    return " · ".join(shown)


def result_card(
    battle: Battle,
    asked: Round,
    entry: Entry | None,
    places: Sequence[Standing],
    seats: Seats,
    counted: Count,
    mine: str = "",
) -> Card:
    """What was right, how many knew it, and who stands where.

    Args:
        mine: what who plays alone has chosen, by the author's number; empty for nothing, and in a group
    """
    parts = [f"*{_progress(battle, asked)}*"]
    tone = Tone.PLAIN
    heading = say("Time is up")
    if battle.where.private:
        heading = say("Correct ✔") if mine == "0" else say("Not quite ✘") if mine else say("Time is up")
        tone = Tone.GOOD if mine == "0" else Tone.BAD if mine else Tone.PLAIN
    choices = entry.question.choices if entry else None
    if entry:
        parts.append(f"**{entry.question.question}**")
    if choices:
        letters = dict(zip(asked.choices, LETTERS, strict=False))
        if mine and mine != "0":
            wrong = choices.wrong[int(mine) - 1]
            parts += [say("You chose **{letter}.** {text}", letter=letters[mine], text=wrong.text), wrong.why]
        parts.append(say("Right is {choice}", choice=f"**{letters['0']}.** {choices.right}"))
        gained = next((one.gained for one in places if one.learner == battle.opener), 0)
        if mine == "0" and not gained:
            parts.append(say("You chose sooner than one can read, so it earns nothing."))
    if not battle.where.private:
        parts.append(_knew(counted))
    parts.append(_list(places, seats, gained=True))
    buttons = []
    if entry:
        buttons.append(_button(battle, f"why.{asked.place}", say("Explanation")))
    if battle.where.private and asked.place < battle.questions:
        buttons += [_button(battle, "next", say("Next question")), _order(battle, "stop", say("Stop"))]
    rows = (tuple(buttons),) if buttons else ()
    return Card(heading, "\n\n".join(part for part in parts if part), rows=rows, tone=tone)


def final_card(
    battle: Battle,
    places: Sequence[Standing],
    seats: Seats,
    missed: Sequence[tuple[str, Count]],
    picture: Picture | None,
) -> Card:
    """Who won, and what was missed most: the text of each question, with how many knew it."""
    parts = [_reason(battle)]
    if battle.place and places:
        parts.append(_list(places, seats, gained=False))
    if missed and battle.where.private:
        parts.append(say("**You missed:**") + "\n\n" + "\n".join(f"- {text}" for text, _ in missed))
    elif missed:
        lines = "\n".join(f"- {text} ({_knew(counted)})" for text, counted in missed)
        parts.append(say("**Missed most:**") + "\n\n" + lines)
    buttons = [_button(battle, "review", say("Review my mistakes"))] if battle.place else []
    if battle.place and not battle.where.private:
        buttons.append(_button(battle, "mine", say("My result")))
    rows = tuple(row for row in (tuple(buttons), (_button(battle, "again", say("Another battle")),)) if row)
    return Card(
        _verdict(battle, places, seats),
        "\n\n".join(part for part in parts if part),
        rows=rows,
        tone=Tone.GOOD if battle.place and not battle.why else Tone.PLAIN,
        picture=picture,
    )


def own_result(standing: Standing, players: int, questions: int) -> Card:
    """What one player came to, for them alone."""
    place = say("Place {rank} of {number}", rank=standing.rank, number=players)
    body = say("{right} of {questions} right, {points}.", right=standing.right, questions=questions,
               points=_points(standing.points))  # fmt: skip
    return Card(place, body)


def _title(battle: Battle) -> str:
    return count("Battle: {number} question", "Battle: {number} questions", battle.questions)


def _about(battle: Battle, bank: Bank) -> list[str]:
    """What it is about, how hard it is, and how long there is."""
    filters = Filters.unpack(battle.filters)
    topic = next((one for one in bank.topics if one.id == filters.topic), None)
    section = next((one for one in topic.sections if one.id == filters.section), None) if topic else None
    return [
        *([topic.title] if topic else []),
        *([section.title] if section else []),
        *([level_name(filters.level)] if filters.level else []),
        _time(battle),
    ]


def _time(battle: Battle) -> str:
    return count("{number} second each", "{number} seconds each", battle.seconds)


def _progress(battle: Battle, asked: Round) -> str:
    place = say("Question {place} of {number}", place=asked.place, number=battle.questions)
    return f"{place} · {count('{number} second', '{number} seconds', battle.seconds)}"


def _players(seats: Seats) -> str:
    if not seats.players:
        return say("Nobody has joined yet.")
    names = ", ".join(seats.name(one.learner) for one in seats.players[:SHOWN])
    more = len(seats.players) - SHOWN
    if more > 0:
        names = count("{names} and {number} more", "{names} and {number} more", more, names=names)
    return say("**Players:** {names}", names=names)


def _knew(counted: Count) -> str:
    if not counted.answered:
        return say("nobody answered")
    return count("{right} of {number} right", "{right} of {number} right", counted.answered, right=counted.right)


def _list(places: Sequence[Standing], seats: Seats, *, gained: bool) -> str:
    lines = []
    for one in places[:SHOWN]:
        plus = f" (+{one.gained})" if gained and one.gained else ""
        lines.append(f"{_mark(one)} {seats.name(one.learner)}: {_points(one.points)}{plus}")
    more = len(places) - SHOWN
    if more > 0:
        lines.append(count("and {number} more", "and {number} more", more))
    return "  \n".join(lines)


def _mark(one: Standing) -> str:
    return MEDALS[one.rank - 1] if one.rank <= len(MEDALS) else f"{one.rank}."


def _points(points: int) -> str:
    return count("{number} point", "{number} points", points)


def _verdict(battle: Battle, places: Sequence[Standing], seats: Seats) -> str:
    if not battle.place or not places:
        return say("The battle is over")
    first = [one for one in places if one.rank == 1]
    if not first[0].points:
        return say("Nobody wins this time")
    if len(first) > 1:
        return say("A draw")
    if first[0].learner == RIVAL:
        return say("Your rival wins")
    return say("You win") if battle.where.private else say("{name} wins", name=seats.name(first[0].learner))


def _reason(battle: Battle) -> str:
    """Why it ended before its end."""
    so_far = count("It ended after {number} question", "It ended after {number} questions", battle.place)
    why: Mapping[str, str] = {
        "stopped": say("it was stopped"),
        "away": say("I was away"),
        "lost": say("I could not write here"),
        "failed": say("I could not write here"),
        "missing": say("there were no more questions"),
        "left": say("nobody went on"),
    }
    return f"{so_far}: {why[battle.why]}." if battle.why in why else ""


def _button(battle: Battle, value: str, label: str) -> Button:
    return Button(label, Press("battle", battle.id, value))


def _order(battle: Battle, value: str, label: str) -> Button:
    """What only who opened it, or a moderator, may do."""
    return Button(label, Press("referee", battle.id, value))
