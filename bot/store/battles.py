"""The SQL of battles as a whole: what is due, the steps that they take, and who plays.

Each step of a battle gives it a new receipt in place of the one that was read, in one transaction with the rest: of two
processes, or a press and a tick, one takes it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from secrets import token_hex

from bot.messages import Room
from bot.store.database import Database, Row, Statement, among

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
class Player:
    learner: str
    name: str = ""
    hidden: bool = False
    timezone: str = ""
    gone: bool = False  # has left the battle
    absent: bool = False  # has left the server or group


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
        """Take a step that is no more than that."""
        return await self.step(before, after)

    async def end(self, before: Battle, after: Battle, now: datetime, rival: int | None = None) -> Battle | None:
        """End a battle. A question that is still asked counts for nobody. `rival` is how strong the next one is."""
        further = {"now": _seconds(now), "rival": rival, "player": before.opener}
        return await self.step(before, after, *_END, *([_SET_RIVAL] if rival is not None else []), **further)

    async def step(self, before: Battle, after: Battle, *further: str, **values: object) -> Battle | None:
        """Take a step with all that follows from it; the battle as it is then, or None if somebody else was faster.

        Args:
            further: statements with the values of the battle, and `values`; see `IF_MINE`
        """
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
        away, gone, _ = await self._database.write(
            [Statement(sql, values) for sql in (_LEAVE_LOBBY, _LEAVE, _DUE_IF_ALL_IN)]
        )
        return bool(away or gone)

    async def players(self, battle: Battle) -> list[Player]:
        """Everybody, in the order in which they came."""
        return [player_of(row) for row in await self._database.fetch(_PLAYERS, _where(battle))]

    async def may_edit_lobby(self, battle: str, ago: datetime, now: datetime) -> bool:
        """Whether the card of the lobby may change now: True once, until so much time has passed."""
        values = {"id": battle, "ago": _seconds(ago), "now": _seconds(now)}
        return bool((await self._database.write([Statement(_EDIT_LOBBY, values)]))[0])

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


def player_of(row: Row) -> Player:
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

# Whether the battle took our step: what goes with it is guarded by this.
IF_MINE = "EXISTS (SELECT 1 FROM battle WHERE battle.id = :id AND battle.receipt = :receipt)"

_FIRST_PLAYER = f"""
    INSERT INTO player (battle, learner, joined_at, gone, silent) SELECT :id, :learner, :began, FALSE, 0
    WHERE {IF_MINE} ON CONFLICT (battle, learner) DO NOTHING
"""

NAMED = "UPDATE learner SET name = CASE WHEN :name = '' THEN name ELSE :name END WHERE id = :learner"

_CALL = f"{NAMED} AND {IF_MINE}"

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
    DELETE FROM choice WHERE battle = :id AND {IF_MINE} AND place IN (
        SELECT place FROM round WHERE round.battle = :id AND round.closed_at IS NULL
    )
    """,
    f"DELETE FROM round WHERE battle = :id AND closed_at IS NULL AND {IF_MINE}",
)

_SET_RIVAL = f"UPDATE learner SET rival = :rival WHERE id = :player AND {IF_MINE}"

IF_ROOM = """(
        (SELECT count(*) FROM player AS other WHERE other.battle = :id) < :most
        OR EXISTS (SELECT 1 FROM player AS same WHERE same.battle = :id AND same.learner = :learner)
    )"""

_JOIN = f"""
    INSERT INTO player (battle, learner, joined_at, gone, silent) SELECT :id, :learner, :now, FALSE, 0
    WHERE {IF_ROOM} AND EXISTS (SELECT 1 FROM battle WHERE battle.id = :id AND battle.ended_at IS NULL)
    ON CONFLICT (battle, learner) DO UPDATE SET gone = FALSE, silent = 0 RETURNING learner
"""

_PLAYS = "EXISTS (SELECT 1 FROM player WHERE player.battle = :id AND player.learner = :learner)"

_CALL_PLAYER = f"{NAMED} AND {_PLAYS}"

_LEAVE_LOBBY = """
    DELETE FROM player WHERE battle = :id AND learner = :learner
        AND EXISTS (SELECT 1 FROM battle WHERE battle.id = :id AND battle.state = 'lobby')
    RETURNING learner
"""

_LEAVE = "UPDATE player SET gone = TRUE WHERE battle = :id AND learner = :learner AND gone = FALSE RETURNING learner"

PLAYER = """
    player.learner, player.gone, learner.name, learner.hidden, learner.timezone,
        EXISTS (
            SELECT 1 FROM absent
            WHERE absent.learner = player.learner AND absent.platform = :platform AND absent.community = :community
        ) AS absent
"""

_PLAYERS = f"""
    SELECT {PLAYER} FROM player LEFT JOIN learner ON learner.id = player.learner
    WHERE player.battle = :id ORDER BY player.joined_at, player.learner
"""

_EDIT_LOBBY = """
    UPDATE battle SET edited_at = :now WHERE id = :id AND state = 'lobby' AND edited_at <= :ago RETURNING id
"""

# Whom nobody waits for: who has left the battle or the community, or has let questions go by.
ALL_IN = f"""NOT EXISTS (
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

# The same of a battle as it is at the moment: of who leaves, it may be that nobody else was waited for.
_ALL_IN_NOW = (
    ALL_IN.replace(":platform", "battle.platform")
    .replace(":place", "battle.place")
    .replace(":community", "(SELECT room.community FROM room WHERE room.id = battle.room)")
)

_DUE_IF_ALL_IN = f"""
    UPDATE battle SET due_at = :now
    WHERE id = :id AND state = 'asking' AND due_at > :now
        AND EXISTS (SELECT 1 FROM choice WHERE choice.battle = :id AND choice.place = battle.place)
        AND {_ALL_IN_NOW}
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
