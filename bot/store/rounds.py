"""The SQL of the rounds of a battle: what is asked, what is chosen, and what is still to become of that.

To ask a question is a step of the battle (see `battles`), and so is to end its round. Presses, and the end of their
round, wait for each other at its row.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.store.battles import (
    ALL_IN,
    IF_MINE,
    IF_ROOM,
    NAMED,
    PLAYER,
    RIGHT,
    RIVAL,
    Battle,
    Battles,
    Player,
    new_receipt,
    player_of,
)
from bot.store.database import Database, Row, Statement


@dataclass(frozen=True, slots=True)
class Round:
    """A question of a battle, with its deal's order of choices."""

    battle: str
    place: int
    deal: str
    opened: datetime
    ends: datetime
    closed: datetime | None = None
    message: str = ""
    pressed: str = ""
    edited: datetime | None = None
    question: str = ""
    choices: str = ""
    made: str = ""
    keep: datetime | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What became of a press: how many have answered, of how many, and whether nobody is waited for any more."""

    answered: int
    players: int
    all: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How many have chosen something in a round, and how many the right thing."""

    answered: int
    right: int


@dataclass(frozen=True, slots=True)
class Choice:
    player: Player
    value: str
    chosen: datetime


class Rounds:
    def __init__(self, database: Database, battles: Battles) -> None:
        self._database = database
        self._battles = battles

    # What is asked

    async def ask(
        self, before: Battle, after: Battle, asked: Round, rival: tuple[str, datetime] | None
    ) -> Battle | None:
        """Claim a round; `rival` is what the simulated opponent will have chosen, and when."""
        values = {
            "deal": asked.deal,
            "opened": _seconds(asked.opened),
            "ends": _seconds(asked.ends),
            "value": rival[0] if rival else "",
            "chosen": _seconds(rival[1]) if rival else 0,
        }
        return await self._battles.step(before, after, _ASK, *([_RIVAL_CHOOSES] if rival else []), **values)

    async def shown(self, battle: Battle, message: str, opened: datetime, ends: datetime) -> None:
        """The card of a round is there: its time begins. If the round has closed since, nothing happens."""
        values = {
            "id": battle.id,
            "place": battle.place,
            "receipt": battle.receipt,
            "message": message,
            "opened": _seconds(opened),
            "ends": _seconds(ends),
        }
        await self._database.write([Statement(_SHOWN, values), Statement(_DUE_BY_THEN, values)])

    async def not_shown(self, before: Battle, after: Battle) -> Battle | None:
        """The card of a round surely did not arrive: it is as if it had not been asked."""
        return await self._battles.step(before, after, *_UNASK, asked=before.place)

    async def round(self, battle: str, place: int) -> Round | None:
        rows = await self._database.fetch(f"{_ROUNDS} AND round.place = :place", {"battle": battle, "place": place})
        return _round(rows[0]) if rows else None

    async def of(self, battle: str) -> list[Round]:
        """All questions that were asked, in order."""
        return [
            _round(row) for row in await self._database.fetch(f"{_ROUNDS} ORDER BY round.place", {"battle": battle})
        ]

    async def of_deal(self, deal: str) -> tuple[Battle, Round] | None:
        """The battle that asked a question, and its round."""
        rows = await self._database.fetch(_OF_DEAL, {"deal": deal})
        if not rows:
            return None
        id_, place = rows[0]["battle"], rows[0]["place"]
        found, asked = await asyncio.gather(self._battles.battle(id_), self.round(id_, place))
        return (found, asked) if found and asked else None

    async def close(self, before: Battle, after: Battle, now: datetime) -> tuple[Battle, Round] | None:
        """End the round that is asked: what was chosen by now counts."""
        closed = await self._battles.step(before, after, *_CLOSE, now=_seconds(now))
        asked = await self.round(before.id, before.place) if closed else None
        return (closed, asked) if closed and asked else None

    # What is chosen

    async def choose(
        self, battle: Battle, place: int, learner: str, name: str, value: str, haste: int, most: int, now: datetime
    ) -> Chosen | None:
        """Keep what a player chooses, in place of what they chose before; None when the time is up, or for one more
        than `most`.

        Who chooses the same again keeps the time of the first, unless that was in the first `haste` seconds. Who has
        left comes back by this.
        """
        values = {
            **_where(battle),
            "place": place,
            "learner": learner,
            "name": name,
            "value": value,
            "haste": haste,
            "most": most,
            "now": _seconds(now),
            "receipt": new_receipt(),
        }
        pressed, *_, told = await self._database.write([Statement(sql, values) for sql in _CHOOSE])
        if not pressed:
            return None
        return Chosen(int(told[0]["answered"]), int(told[0]["players"]), bool(told[0]["all_in"]))

    async def made(self, battle: str) -> list[tuple[int, str, int]]:
        """All right choices of rounds that are over: the place, the learner, and after how many seconds."""
        rows = await self._database.fetch(_MADE, {"battle": battle, "right": RIGHT})
        return [(row["place"], row["learner"], int(row["seconds"])) for row in rows]

    async def counts(self, battle: str) -> dict[int, Count]:
        """How many have chosen, of those who play, by place."""
        rows = await self._database.fetch(_COUNTS, {"battle": battle, "right": RIGHT, "rival": RIVAL})
        return {row["place"]: Count(int(row["answered"]), int(row["correct"] or 0)) for row in rows}

    async def chosen(self, battle: str, learner: str) -> dict[int, str]:
        """What a player has chosen, by place."""
        rows = await self._database.fetch(_CHOSEN, {"battle": battle, "learner": learner})
        return {row["place"]: row["value"] for row in rows}

    async def choices(self, battle: Battle, place: int) -> list[Choice]:
        """What players have chosen in a round; not the simulated opponent."""
        rows = await self._database.fetch(_CHOICES, {**_where(battle), "place": place, "rival": RIVAL})
        return [Choice(player_of(row), row["value"], _moment(row["chosen_at"])) for row in rows]

    # What is still to be shown of it, or to be kept as answers

    async def to_count(self, platform: str, ago: datetime, later: datetime, limit: int) -> list[tuple[Battle, Round]]:
        """Rounds with presses that their card does not count, which may change now: not changed since `ago`, nor over
        before `later`."""
        values = {"platform": platform, "ago": _seconds(ago), "later": _seconds(later), "limit": limit}
        found = [(row["battle"], row["place"]) for row in await self._database.fetch(_TO_COUNT, values)]
        both = [(await self._battles.battle(battle), await self.round(battle, place)) for battle, place in found]
        return [(battle, asked) for battle, asked in both if battle and asked]

    async def claim_count(self, asked: Round, ago: datetime, now: datetime) -> bool:
        """Whether the card of a round is ours to change."""
        values: dict[str, object] = {"battle": asked.battle, "place": asked.place, "pressed": asked.pressed}
        values |= {"ago": _seconds(ago), "now": _seconds(now)}
        return bool((await self._database.write([Statement(_CLAIM_COUNT, values)]))[0])

    async def to_keep(self, platform: str, now: datetime, limit: int) -> list[Round]:
        """Rounds that are over, whose choices are to become answers."""
        values = {"platform": platform, "now": _seconds(now), "limit": limit}
        return [_round(row) for row in await self._database.fetch(_TO_KEEP, values)]

    async def claim_keeping(self, asked: Round, until: datetime) -> bool:
        """Whether it is ours to keep a round's choices; if we do not come to it, somebody else will after `until`."""
        assert asked.keep  # noqa: S101 - it was found by it
        values = {"battle": asked.battle, "place": asked.place, "seen": _seconds(asked.keep), "until": _seconds(until)}
        return bool((await self._database.write([Statement(_CLAIM_KEEPING, values)]))[0])

    async def kept(self, asked: Round) -> None:
        values = {"battle": asked.battle, "place": asked.place}
        await self._database.write([Statement(_KEPT, values)])


def _seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _where(battle: Battle) -> dict[str, object]:
    return {"id": battle.id, "platform": battle.where.platform, "community": battle.where.community}


def _round(row: Row) -> Round:
    return Round(
        row["battle"],
        row["place"],
        row["deal"],
        _moment(row["opened_at"]),
        _moment(row["ends_at"]),
        _moment(row["closed_at"]) if row["closed_at"] is not None else None,
        row["message"],
        row["pressed"],
        _moment(row["edited_at"]),
        row["question"],
        row["choices"],
        row["made"],
        _moment(row["keep_at"]) if row["keep_at"] is not None else None,
    )


_ASK = f"""
    INSERT INTO round (battle, place, deal, message, opened_at, ends_at, pressed, shown, edited_at)
    SELECT :id, :place, :deal, '', :opened, :ends, '', '', :opened WHERE {IF_MINE}
"""

_RIVAL_CHOOSES = f"""
    INSERT INTO choice (battle, place, learner, value, chosen_at)
    SELECT :id, :place, '{RIVAL}', :value, :chosen WHERE {IF_MINE}
"""

_SHOWN = f"""
    UPDATE round SET message = :message, opened_at = :opened, ends_at = :ends, edited_at = :opened
    WHERE battle = :id AND place = :place AND closed_at IS NULL AND {IF_MINE}
"""

# What nobody is waited for in already is due sooner.
_DUE_BY_THEN = """
    UPDATE battle SET due_at = CASE WHEN due_at < :ends THEN due_at ELSE :ends END, tries = 0
    WHERE id = :id AND receipt = :receipt
"""

_UNASK = (
    f"DELETE FROM choice WHERE battle = :id AND place = :asked AND {IF_MINE}",
    f"DELETE FROM round WHERE battle = :id AND place = :asked AND {IF_MINE}",
)

_ROUNDS = """
    SELECT round.*, deal.question, deal.choices, deal.made FROM round JOIN deal ON deal.id = round.deal
    WHERE round.battle = :battle
"""

_OF_DEAL = "SELECT battle, place FROM round WHERE deal = :deal"

_PRESS = f"""
    UPDATE round SET pressed = :receipt
    WHERE battle = :id AND place = :place AND closed_at IS NULL AND ends_at > :now AND {IF_ROOM}
    RETURNING place
"""

_IF_PRESSED = """EXISTS (
        SELECT 1 FROM round WHERE round.battle = :id AND round.place = :place AND round.pressed = :receipt
    )"""

_COME = f"""
    INSERT INTO player (battle, learner, joined_at, gone, silent) SELECT :id, :learner, :now, FALSE, 0
    WHERE {_IF_PRESSED} ON CONFLICT (battle, learner) DO UPDATE SET gone = FALSE, silent = 0
"""

_KEEP_CHOICE = f"""
    INSERT INTO choice (battle, place, learner, value, chosen_at) SELECT :id, :place, :learner, :value, :now
    WHERE {_IF_PRESSED} ON CONFLICT (battle, place, learner) DO UPDATE SET
        value = excluded.value, chosen_at = excluded.chosen_at
    WHERE choice.value <> excluded.value OR choice.chosen_at < (
        SELECT round.opened_at + :haste FROM round WHERE round.battle = :id AND round.place = :place
    )
"""

_CHOOSE = (
    _PRESS,
    _COME,
    f"{NAMED} AND {_IF_PRESSED}",
    _KEEP_CHOICE,
    f"""
    UPDATE battle SET due_at = :now
    WHERE id = :id AND state = 'asking' AND place = :place AND due_at > :now AND {_IF_PRESSED} AND {ALL_IN}
    """,
    """
    SELECT (SELECT count(*) FROM choice WHERE choice.battle = :id AND choice.place = :place) AS answered,
        (SELECT count(*) FROM player WHERE player.battle = :id AND player.gone = FALSE) AS players,
        (SELECT due_at FROM battle WHERE id = :id) <= :now AS all_in
    """,
)

_CLOSE = (
    f"""
    UPDATE round SET closed_at = :now, keep_at = :now
    WHERE battle = :id AND place = :place AND closed_at IS NULL AND {IF_MINE}
    """,
    f"""
    UPDATE player SET silent = CASE
        WHEN EXISTS (
            SELECT 1 FROM choice
            WHERE choice.battle = :id AND choice.place = :place AND choice.learner = player.learner
        ) THEN 0 ELSE silent + 1 END
    WHERE battle = :id AND {IF_MINE}
    """,
)

_MADE = """
    SELECT choice.place, choice.learner, choice.chosen_at - round.opened_at AS seconds
    FROM choice JOIN round ON round.battle = choice.battle AND round.place = choice.place
    WHERE choice.battle = :battle AND choice.value = :right AND round.closed_at IS NOT NULL
"""

_COUNTS = """
    SELECT choice.place, count(*) AS answered, sum(CASE WHEN choice.value = :right THEN 1 ELSE 0 END) AS correct
    FROM choice WHERE choice.battle = :battle AND choice.learner <> :rival GROUP BY choice.place
"""

_CHOSEN = "SELECT place, value FROM choice WHERE battle = :battle AND learner = :learner"

_TO_COUNT = """
    SELECT round.battle, round.place FROM battle
    JOIN round ON round.battle = battle.id AND round.place = battle.place
    WHERE battle.platform = :platform AND battle.ended_at IS NULL AND battle.state = 'asking'
        AND round.closed_at IS NULL AND round.message <> '' AND round.pressed <> round.shown
        AND round.edited_at <= :ago AND round.ends_at >= :later
    LIMIT :limit
"""

_CLAIM_COUNT = """
    UPDATE round SET shown = :pressed, edited_at = :now
    WHERE battle = :battle AND place = :place AND closed_at IS NULL AND edited_at <= :ago RETURNING place
"""

_TO_KEEP = """
    SELECT round.*, deal.question, deal.choices, deal.made
    FROM round JOIN deal ON deal.id = round.deal JOIN battle ON battle.id = round.battle
    WHERE round.keep_at <= :now AND battle.platform = :platform ORDER BY round.keep_at LIMIT :limit
"""

_CLAIM_KEEPING = """
    UPDATE round SET keep_at = :until WHERE battle = :battle AND place = :place AND keep_at = :seen RETURNING place
"""

_KEPT = "UPDATE round SET keep_at = NULL WHERE battle = :battle AND place = :place"

_CHOICES = f"""
    SELECT choice.value, choice.chosen_at, {PLAYER}
    FROM choice
    JOIN player ON player.battle = choice.battle AND player.learner = choice.learner
    JOIN learner ON learner.id = choice.learner
    WHERE choice.battle = :id AND choice.place = :place AND choice.learner <> :rival
    ORDER BY choice.chosen_at, choice.learner
"""
