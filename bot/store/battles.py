"""The SQL of battles: who plays, what is asked, what was chosen.

Each step of a battle gives it a new receipt in place of the one that was read, in one transaction with the rest: of two
processes, or a press and a tick, one takes it. Presses, and the end of their round, wait for each other at its row.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from secrets import token_hex

from bot.messages import Room
from bot.store.database import Database, Row, Statement
from bot.store.linking import among

LOBBY, ASKING, PAUSE, OVER = "lobby", "asking", "pause", "over"
RIVAL = "rival"  # the simulated opponent, in place of a learner
RIGHT = "0"  # the author's number of the right choice
SILENT = 2  # questions in a row without a choice, after which nobody waits for a player


@dataclass(frozen=True, slots=True)
class Battle:
    """What is known of a battle as a whole; see the migration for what the values mean."""

    id: str
    room: str
    where: Room
    opener: str
    filters: str
    questions: int
    seconds: int
    began: datetime
    state: str = LOBBY
    place: int = 0
    due: datetime | None = None
    ended: datetime | None = None
    why: str = ""
    tries: int = 0
    receipt: str = ""
    former_id: str = ""  # of the room, before it moved
    gone: bool = False  # whether the room is not there for us


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
class Player:
    learner: str
    name: str = ""
    hidden: bool = False
    timezone: str = ""
    gone: bool = False  # has left the battle
    absent: bool = False  # has left the server or group


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


class Battles:
    def __init__(self, database: Database) -> None:
        self._database = database

    # A battle as a whole

    async def open(self, battle: Battle, players: Sequence[str], name: str) -> bool:
        """Keep a new battle; False if one runs in its room. `name` is the opener's, as others see it."""
        values = {**_values(battle), "receipt": new_receipt(), "began": _seconds(battle.began), "name": name}
        batch = [Statement(_OPEN, values)]
        batch += [Statement(_FIRST_PLAYER, {**values, "learner": learner}) for learner in players]
        batch.append(Statement(_CALL, {**values, "learner": battle.opener}))
        return bool((await self._database.write(batch))[0])

    async def battle(self, id_: str) -> Battle | None:
        return _first(await self._database.fetch(f"{_BATTLES} WHERE battle.id = :id", {"id": id_}))

    async def running(self, room: str) -> Battle | None:
        """The battle that has not ended, in a room."""
        where = "WHERE battle.room = :room AND battle.ended_at IS NULL"
        return _first(await self._database.fetch(f"{_BATTLES} {where}", {"room": room}))

    async def due(self, platform: str, now: datetime, limit: int) -> list[Battle]:
        """Battles whose next step is due, the most overdue first."""
        rows = await self._database.fetch(_DUE, {"platform": platform, "now": _seconds(now), "limit": limit})
        return [_battle(row) for row in rows]

    async def put_off(self, battle: Battle, until: datetime) -> None:
        """Look at a battle later: there is something wrong with it."""
        values = {"id": battle.id, "seen": battle.receipt, "until": _seconds(until)}
        await self._database.write([Statement(_PUT_OFF, values)])

    async def resume(self, platform: str, now: datetime, least: datetime, oldest: datetime) -> None:
        """We were away: what is asked goes on until `least` at the soonest, unless it was over before `oldest`."""
        moments = {"now": now, "least": least, "oldest": oldest}
        values = {"platform": platform, **{name: _seconds(moment) for name, moment in moments.items()}}
        await self._database.write([Statement(sql, values) for sql in _RESUME])

    async def go_on(self, before: Battle, after: Battle) -> Battle | None:
        """Take a step that is no more than that; the battle as it is then, or None if somebody else was faster."""
        return await self._step(before, after)

    async def end(self, before: Battle, after: Battle, now: datetime, rival: int | None = None) -> Battle | None:
        """End a battle. A question that is still asked counts for nobody. `rival` is how strong the next one is."""
        further = {"now": _seconds(now), "rival": rival, "player": before.opener}
        return await self._step(before, after, *_END, *([_SET_RIVAL] if rival is not None else []), **further)

    async def _step(self, before: Battle, after: Battle, *further: str, **values: object) -> Battle | None:
        after = replace(after, receipt=new_receipt())
        given = {**_values(after), "seen": before.receipt, **values}
        taken, *_ = await self._database.write([Statement(sql, given) for sql in (_STEP, *further)])
        return after if taken else None

    # Who plays

    async def join(self, battle: str, learner: str, name: str, most: int, now: datetime) -> bool:
        """Add a player, or let one come back; False if there are `most`, or the battle is over."""
        values = {"id": battle, "learner": learner, "name": name, "most": most, "now": _seconds(now)}
        joined, _ = await self._database.write([Statement(_JOIN, values), Statement(_CALL_PLAYER, values)])
        return bool(joined)

    async def leave(self, battle: str, learner: str, now: datetime) -> bool:
        """Let a player go: as if they had never come, while it is in the lobby; False if they did not play."""
        values = {"id": battle, "learner": learner, "now": _seconds(now)}
        away, gone, _ = await self._database.write([Statement(sql, values) for sql in (_LEAVE_LOBBY, _LEAVE, _ALL_IN)])
        return bool(away or gone)

    async def players(self, battle: Battle) -> list[Player]:
        """Everybody, in the order in which they came."""
        return [_player(row) for row in await self._database.fetch(_PLAYERS, _where(battle))]

    async def may_edit_lobby(self, battle: str, ago: datetime, now: datetime) -> bool:
        """Whether the card of the lobby may change now: True once, until so much time has passed."""
        values = {"id": battle, "ago": _seconds(ago), "now": _seconds(now)}
        return bool((await self._database.write([Statement(_EDIT_LOBBY, values)]))[0])

    # Rounds

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
        return await self._step(before, after, _ASK, *([_RIVAL_CHOOSES] if rival else []), **values)

    async def shown(self, battle: Battle, message: str, opened: datetime, ends: datetime) -> None:
        """The card of a round is there: its time begins. If the round has closed since, nothing happens."""
        values = {**_values(battle), "message": message, "opened": _seconds(opened), "ends": _seconds(ends)}
        await self._database.write([Statement(_SHOWN, values), Statement(_DUE_BY_THEN, values)])

    async def not_shown(self, before: Battle, after: Battle) -> Battle | None:
        """The card of a round surely did not arrive: it is as if it had not been asked."""
        return await self._step(before, after, *_UNASK, asked=before.place)

    async def round(self, battle: str, place: int) -> Round | None:
        rows = await self._database.fetch(f"{_ROUNDS} AND round.place = :place", {"battle": battle, "place": place})
        return _round(rows[0]) if rows else None

    async def rounds(self, battle: str) -> list[Round]:
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
        found, asked = await asyncio.gather(self.battle(id_), self.round(id_, place))
        return (found, asked) if found and asked else None

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

    async def close(self, before: Battle, after: Battle, now: datetime) -> tuple[Battle, Round] | None:
        """End the round that is asked: what was chosen by now counts."""
        values = {**_values(replace(after, receipt=new_receipt())), "seen": before.receipt, "now": _seconds(now)}
        taken, *_ = await self._database.write([Statement(sql, values) for sql in (_STEP, *_CLOSE)])
        asked = await self.round(before.id, before.place) if taken else None
        return (replace(after, receipt=str(values["receipt"])), asked) if asked else None

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

    async def to_count(self, platform: str, ago: datetime, later: datetime, limit: int) -> list[tuple[Battle, Round]]:
        """Rounds with presses that their card does not count, which may change now: not changed since `ago`, nor over
        before `later`."""
        values = {"platform": platform, "ago": _seconds(ago), "later": _seconds(later), "limit": limit}
        found = [(row["battle"], row["place"]) for row in await self._database.fetch(_TO_COUNT, values)]
        both = [(await self.battle(battle), await self.round(battle, place)) for battle, place in found]
        return [(battle, asked) for battle, asked in both if battle and asked]

    async def claim_count(self, asked: Round, ago: datetime, now: datetime) -> bool:
        """Whether the card of a round is ours to change."""
        values: dict[str, object] = {"battle": asked.battle, "place": asked.place, "pressed": asked.pressed}
        values |= {"ago": _seconds(ago), "now": _seconds(now)}
        return bool((await self._database.write([Statement(_CLAIM_COUNT, values)]))[0])

    # Answers

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

    async def choices(self, battle: Battle, place: int) -> list[Choice]:
        """What players have chosen in a round; not the simulated opponent."""
        rows = await self._database.fetch(_CHOICES, {**_where(battle), "place": place, "rival": RIVAL})
        return [Choice(_player(row), row["value"], _moment(row["chosen_at"])) for row in rows]

    async def counting(self, battle: Battle, learners: Iterable[str], hour: datetime, now: datetime) -> frozenset[str]:
        """Those of these players for whom this battle counts on boards: no other did since `hour`."""
        values = {"id": battle.id, "hour": _seconds(hour), "now": _seconds(now)}
        ordered = sorted(learners)  # two battles with the same players wait for each other in one order
        if not ordered:
            return frozenset()
        if await self._database.fetch(*among(ordered, _NOT_YET_COUNTED, values)):
            await self._database.write([Statement(_COUNT_FOR, {**values, "learner": one}) for one in ordered])
        return frozenset(row["id"] for row in await self._database.fetch(*among(ordered, _COUNTED, values)))

    # The simulated opponent, and what is old

    async def rival(self, learner: str) -> int | None:
        """How strong a learner's simulated opponent is; None before the first battle against it."""
        rows = await self._database.fetch(_RIVAL_OF, {"learner": learner})
        return int(rows[0]["rival"]) if rows and rows[0]["rival"] is not None else None

    async def tidy(self, before: datetime, limit: int) -> None:
        """Delete some battles that began before this moment: their answers stay."""
        values = {"before": _seconds(before), "limit": limit}
        await self._database.write([Statement(sql, values) for sql in _TIDY])


def new_receipt() -> str:
    return token_hex(8)


def _seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _values(battle: Battle) -> dict[str, object]:
    names = (
        "id", "room", "opener", "filters", "questions", "seconds", "state", "place", "why", "tries", "receipt",
    )  # fmt: skip
    return {
        **{name: getattr(battle, name) for name in names},
        "platform": battle.where.platform,
        "due": _seconds(battle.due),
        "ended": _seconds(battle.ended),
    }


def _where(battle: Battle) -> dict[str, object]:
    return {"id": battle.id, "platform": battle.where.platform, "community": battle.where.community}


def _first(rows: Sequence[Row]) -> Battle | None:
    return _battle(rows[0]) if rows else None


def _battle(row: Row) -> Battle:
    return Battle(
        row["id"],
        row["room"],
        Room(row["platform"], row["platform_id"], row["thread"], row["community"], bool(row["private"])),
        row["opener"],
        row["filters"],
        row["questions"],
        row["seconds"],
        _moment(row["began_at"]),
        row["state"],
        row["place"],
        _moment(row["due_at"]) if row["due_at"] is not None else None,
        _moment(row["ended_at"]) if row["ended_at"] is not None else None,
        row["why"],
        row["tries"],
        row["receipt"],
        row["former_id"] or "",
        bool(row["gone"]),
    )


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


def _player(row: Row) -> Player:
    return Player(
        row["learner"],
        row["name"] or "",
        bool(row["hidden"]),
        row["timezone"] or "",
        bool(row["gone"]),
        bool(row["absent"]),
    )


_BATTLES = """
    SELECT battle.*, room.platform_id, room.thread, room.community, room.private, room.former_id, room.gone
    FROM battle JOIN room ON room.id = battle.room
"""

_OPEN = """
    INSERT INTO battle (
        id, room, platform, opener, filters, questions, seconds, state, place, receipt, due_at, edited_at, began_at,
        ended_at, why, tries
    )
    VALUES (
        :id, :room, :platform, :opener, :filters, :questions, :seconds, :state, :place, :receipt, :due, :began, :began,
        NULL, '', 0
    )
    ON CONFLICT DO NOTHING RETURNING id
"""

_IF_MINE = "EXISTS (SELECT 1 FROM battle WHERE battle.id = :id AND battle.receipt = :receipt)"

_FIRST_PLAYER = f"""
    INSERT INTO player (battle, learner, joined_at, gone, silent) SELECT :id, :learner, :began, FALSE, 0
    WHERE {_IF_MINE} ON CONFLICT (battle, learner) DO NOTHING
"""

_NAMED = "UPDATE learner SET name = CASE WHEN :name = '' THEN name ELSE :name END WHERE id = :learner"

_CALL = f"{_NAMED} AND {_IF_MINE}"

_DUE = f"""
    {_BATTLES} WHERE battle.platform = :platform AND battle.due_at <= :now ORDER BY battle.due_at LIMIT :limit
"""

_PUT_OFF = "UPDATE battle SET due_at = :until WHERE id = :id AND receipt = :seen"

_RESUME = (
    """
    UPDATE round SET ends_at = :least
    WHERE closed_at IS NULL AND ends_at < :least AND ends_at >= :oldest
        AND battle IN (SELECT id FROM battle WHERE platform = :platform AND state = 'asking')
    """,
    """
    UPDATE battle SET due_at = :least
    WHERE platform = :platform AND state = 'asking' AND due_at < :least AND due_at >= :oldest
    """,
)

_STEP = """
    UPDATE battle SET
        state = :state, place = :place, due_at = :due, ended_at = :ended, why = :why, tries = :tries, receipt = :receipt
    WHERE id = :id AND receipt = :seen RETURNING id
"""

_END = (
    f"""
    DELETE FROM choice WHERE battle = :id AND {_IF_MINE} AND place IN (
        SELECT place FROM round WHERE round.battle = :id AND round.closed_at IS NULL
    )
    """,
    f"DELETE FROM round WHERE battle = :id AND closed_at IS NULL AND {_IF_MINE}",
)

_SET_RIVAL = f"UPDATE learner SET rival = :rival WHERE id = :player AND {_IF_MINE}"

_IF_ROOM = """(
        (SELECT count(*) FROM player AS other WHERE other.battle = :id) < :most
        OR EXISTS (SELECT 1 FROM player AS same WHERE same.battle = :id AND same.learner = :learner)
    )"""

_JOIN = f"""
    INSERT INTO player (battle, learner, joined_at, gone, silent) SELECT :id, :learner, :now, FALSE, 0
    WHERE {_IF_ROOM} AND EXISTS (SELECT 1 FROM battle WHERE battle.id = :id AND battle.ended_at IS NULL)
    ON CONFLICT (battle, learner) DO UPDATE SET gone = FALSE, silent = 0 RETURNING learner
"""

_PLAYS = "EXISTS (SELECT 1 FROM player WHERE player.battle = :id AND player.learner = :learner)"

_CALL_PLAYER = f"{_NAMED} AND {_PLAYS}"

_LEAVE_LOBBY = """
    DELETE FROM player WHERE battle = :id AND learner = :learner
        AND EXISTS (SELECT 1 FROM battle WHERE battle.id = :id AND battle.state = 'lobby')
    RETURNING learner
"""

_LEAVE = "UPDATE player SET gone = TRUE WHERE battle = :id AND learner = :learner AND gone = FALSE RETURNING learner"

_PLAYER = """
    player.learner, player.gone, learner.name, learner.hidden, learner.timezone,
        EXISTS (
            SELECT 1 FROM absent
            WHERE absent.learner = player.learner AND absent.platform = :platform AND absent.community = :community
        ) AS absent
"""

_PLAYERS = f"""
    SELECT {_PLAYER} FROM player LEFT JOIN learner ON learner.id = player.learner
    WHERE player.battle = :id ORDER BY player.joined_at, player.learner
"""

_EDIT_LOBBY = """
    UPDATE battle SET edited_at = :now WHERE id = :id AND state = 'lobby' AND edited_at <= :ago RETURNING id
"""

_ASK = f"""
    INSERT INTO round (battle, place, deal, message, opened_at, ends_at, pressed, shown, edited_at)
    SELECT :id, :place, :deal, '', :opened, :ends, '', '', :opened WHERE {_IF_MINE}
"""

_RIVAL_CHOOSES = f"""
    INSERT INTO choice (battle, place, learner, value, chosen_at)
    SELECT :id, :place, '{RIVAL}', :value, :chosen WHERE {_IF_MINE}
"""

_SHOWN = f"""
    UPDATE round SET message = :message, opened_at = :opened, ends_at = :ends, edited_at = :opened
    WHERE battle = :id AND place = :place AND closed_at IS NULL AND {_IF_MINE}
"""

# What nobody is waited for in already is due sooner.
_DUE_BY_THEN = """
    UPDATE battle SET due_at = CASE WHEN due_at < :ends THEN due_at ELSE :ends END, tries = 0
    WHERE id = :id AND receipt = :receipt
"""

_UNASK = (
    f"DELETE FROM choice WHERE battle = :id AND place = :asked AND {_IF_MINE}",
    f"DELETE FROM round WHERE battle = :id AND place = :asked AND {_IF_MINE}",
)

_ROUNDS = """
    SELECT round.*, deal.question, deal.choices, deal.made FROM round JOIN deal ON deal.id = round.deal
    WHERE round.battle = :battle
"""

_OF_DEAL = "SELECT battle, place FROM round WHERE deal = :deal"

_PRESS = f"""
    UPDATE round SET pressed = :receipt
    WHERE battle = :id AND place = :place AND closed_at IS NULL AND ends_at > :now AND {_IF_ROOM}
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

# Whom nobody waits for: who has left the battle or the community, or has let questions go by.
_ALL = f"""NOT EXISTS (
        SELECT 1 FROM player
        WHERE player.battle = :id AND player.gone = FALSE AND player.silent < {SILENT}
            AND NOT EXISTS (
                SELECT 1 FROM absent
                WHERE absent.learner = player.learner AND absent.platform = :platform AND absent.community = :community
            )
            AND NOT EXISTS (
                SELECT 1 FROM choice
                WHERE choice.battle = :id AND choice.place = :place AND choice.learner = player.learner
            )
    )"""

_CHOOSE = (
    _PRESS,
    _COME,
    f"{_NAMED} AND {_IF_PRESSED}",
    _KEEP_CHOICE,
    f"""
    UPDATE battle SET due_at = :now
    WHERE id = :id AND state = 'asking' AND place = :place AND due_at > :now AND {_IF_PRESSED} AND {_ALL}
    """,
    """
    SELECT (SELECT count(*) FROM choice WHERE choice.battle = :id AND choice.place = :place) AS answered,
        (SELECT count(*) FROM player WHERE player.battle = :id AND player.gone = FALSE) AS players,
        (SELECT due_at FROM battle WHERE id = :id) <= :now AS all_in
    """,
)

# The same of a battle as it is at the moment: of who leaves, it may be that nobody else was waited for.
_ALL_NOW = (
    _ALL.replace(":platform", "battle.platform")
    .replace(":place", "battle.place")
    .replace(":community", "(SELECT room.community FROM room WHERE room.id = battle.room)")
)

_ALL_IN = f"""
    UPDATE battle SET due_at = :now
    WHERE id = :id AND state = 'asking' AND due_at > :now
        AND EXISTS (SELECT 1 FROM choice WHERE choice.battle = :id AND choice.place = battle.place)
        AND {_ALL_NOW}
"""

_CLOSE = (
    f"""
    UPDATE round SET closed_at = :now, keep_at = :now
    WHERE battle = :id AND place = :place AND closed_at IS NULL AND {_IF_MINE}
    """,
    f"""
    UPDATE player SET silent = CASE
        WHEN EXISTS (
            SELECT 1 FROM choice
            WHERE choice.battle = :id AND choice.place = :place AND choice.learner = player.learner
        ) THEN 0 ELSE silent + 1 END
    WHERE battle = :id AND {_IF_MINE}
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
    SELECT choice.value, choice.chosen_at, {_PLAYER}
    FROM choice
    JOIN player ON player.battle = choice.battle AND player.learner = choice.learner
    JOIN learner ON learner.id = choice.learner
    WHERE choice.battle = :id AND choice.place = :place AND choice.learner <> :rival
    ORDER BY choice.chosen_at, choice.learner
"""

_FREE = "(battle IS NULL OR (battle <> :id AND battled_at <= :hour))"

_NOT_YET_COUNTED = f"SELECT id FROM learner WHERE id IN (:learners) AND {_FREE}"

_COUNT_FOR = f"UPDATE learner SET battle = :id, battled_at = :now WHERE id = :learner AND {_FREE}"

_COUNTED = "SELECT id FROM learner WHERE id IN (:learners) AND battle = :id"

_RIVAL_OF = "SELECT rival FROM learner WHERE id = :learner"

_OLD = "SELECT id FROM battle WHERE began_at < :before ORDER BY began_at LIMIT :limit"

_TIDY = (
    *(f"DELETE FROM {table} WHERE battle IN ({_OLD})" for table in ("choice", "round", "player")),
    f"DELETE FROM battle WHERE id IN ({_OLD})",
)
