"""Everything, from one database to another: a file becomes a server's, or a server's a file again.

Rows go in chunks, a transaction each. A mark among the migrations keeps everybody from the target until all rows are
there and were compared; whatever ends a copy early, it can be begun again.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from hashlib import blake2b
from secrets import token_hex
from typing import Any, NamedTuple

from bot.store.database import ConflictError, Database, Row, Statement, StoreError
from bot.store.schema import UNFINISHED, migrate, migrations, version

VALUES = 1_000  # in one statement; of very many, SQLite takes long to find the place of each
TOLD_EVERY = 50_000  # rows

_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "TEXT": str,
    "BIGINT": int,
    "BOOLEAN": bool,
    "DOUBLE PRECISION": float,
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table as this version has it, and the rows that it begins with."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, str]  # and their types
    rows: tuple[tuple[Any, ...], ...] = ()

    @property
    def chunk(self) -> int:
        """How many rows go at once."""
        return VALUES // len(self.columns)


class Sum(NamedTuple):
    """How many rows there are, and a sum of what each of them hashes to: the same in whatever order they come."""

    rows: int
    hashes: int


def tables() -> tuple[Table, ...]:
    """All tables of this version, each after those that it refers to."""
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.row_factory = sqlite3.Row
        for step in migrations():
            for statement in step.statements:
                fresh.execute(statement)
        names = [name for (name,) in fresh.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        refers = {name: {row[2] for row in fresh.execute(f"PRAGMA foreign_key_list({name})")} for name in names}
        return tuple(_table(fresh, name) for name in TopologicalSorter(refers).static_order())


def _table(fresh: sqlite3.Connection, name: str) -> Table:
    about = fresh.execute(f"PRAGMA table_info({name})").fetchall()
    keys = sorted((place, column) for _, column, _, _, _, place in about if place)
    table = Table(name, tuple(column for _, column in keys), {column: kind for _, column, kind, *_ in about})
    rows = fresh.execute(f"SELECT {', '.join(table.columns)} FROM {name}").fetchall()
    return replace(table, rows=tuple(_converted(table, row) for row in rows))


async def copy(source: Database, target: Database, tell: Callable[[str], None] = lambda line: None) -> int:
    """Copy all rows, and compare both sides; how many rows there are.

    Args:
        target: without any rows, or left by a copy that did not come to its end
        tell: takes lines that say how far it is

    Raises:
        StoreError: when either side is not fit for it, or changes meanwhile. The target can't be used then.
    """
    every = tables()
    await _fit(source)
    mark = await _marked(target, every)
    try:
        for table in reversed(every):
            await _emptied(target, table, mark)
        for table in every:
            await _copied(source, target, table, mark, tell)
        rows = 0
        for table in every:
            there, here = await _sum(source, table), await _sum(target, table)
            if there != here:
                raise ConflictError(f"{there.rows} and {here.rows} rows of {table.name}")
            tell(f"{table.name}: {here.rows:,} rows are the same")
            rows += here.rows
        await target.write([_still(mark), Statement(_UNMARK, mark)])
    except ConflictError as error:
        if await target.fetch(_MARKED, mark):
            raise StoreError(
                f"The source was changed by somebody meanwhile; stop the bot and copy again ({error})."
            ) from error
        raise StoreError("Another copy to this target has begun.") from error
    return rows


async def _fit(source: Database) -> None:
    found, known = await version(source), len(migrations())
    if found == 0:
        raise StoreError("There is nothing to copy: the source is no database of Prepdeck.")
    if found == UNFINISHED:
        raise StoreError("The source is itself the target of a copy that did not come to its end.")
    if found != known:
        raise StoreError(
            f"The source has schema {found}, this version has {known}; bring it up to date with `migrate`."
        )


async def _marked(target: Database, every: Sequence[Table]) -> Mapping[str, object]:
    """Mark an empty target as ours, or one that a copy has left which did not come to its end."""
    mark: dict[str, object] = {"mark": UNFINISHED, "receipt": token_hex(8)}
    if await version(target) != UNFINISHED:
        await migrate(target)
        for table in every:
            if await _first(target, table, len(table.rows) + 1) != set(table.rows):
                raise StoreError(f"The target is not empty: there are rows in {table.name}. Name an empty database.")
    elif (await target.fetch(_BEGUN_WITH, mark))[0]["last"] != len(migrations()):
        raise StoreError("The target was begun by another version of Prepdeck; name an empty database.")
    await target.write([Statement(_MARK, mark)])
    return mark


async def _first(database: Database, table: Table, number: int) -> set[tuple[Any, ...]]:
    """Some rows; all of them, if there are no more."""
    found = await database.fetch(f"SELECT {', '.join(table.columns)} FROM {table.name} LIMIT {number}")
    return {_converted(table, row) for row in found}


async def _emptied(target: Database, table: Table, mark: Mapping[str, object]) -> None:
    key, values = ", ".join(table.key), {"rows": table.chunk}
    some = f"DELETE FROM {table.name} WHERE ({key}) IN (SELECT {key} FROM {table.name} LIMIT :rows) RETURNING 1 AS one"
    while (await target.write([_still(mark), Statement(some, values)]))[1]:
        pass


async def _copied(
    source: Database, target: Database, table: Table, mark: Mapping[str, object], tell: Callable[[str], None]
) -> None:
    number, told = 0, TOLD_EVERY
    async for rows in _chunks(source, table):
        values = {f"v{place}_{column}": value for place, row in enumerate(rows) for column, value in enumerate(row)}
        places = (
            f"({', '.join(f':v{place}_{column}' for column in range(len(row)))})" for place, row in enumerate(rows)
        )
        insert = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES {', '.join(places)}"
        await target.write([_still(mark), Statement(insert, values)])
        number += len(rows)
        if number >= told:
            tell(f"{table.name}: {number:,} rows so far")
            told += TOLD_EVERY


async def _sum(database: Database, table: Table) -> Sum:
    rows = hashes = 0
    async for chunk in _chunks(database, table):
        rows += len(chunk)
        hashes += sum(int.from_bytes(blake2b(repr(row).encode(), digest_size=16).digest()) for row in chunk)
    return Sum(rows, hashes % 2**128)


async def _chunks(database: Database, table: Table) -> AsyncIterator[list[tuple[Any, ...]]]:
    """All rows of a table, in the order of its key, which need not be the same in another database."""
    columns, key = ", ".join(table.columns), ", ".join(table.key)
    after = f"WHERE ({key}) > ({', '.join(f':{column}' for column in table.key)})"
    where, values = "", {"limit": table.chunk}
    while True:
        found = await database.fetch(f"SELECT {columns} FROM {table.name} {where} ORDER BY {key} LIMIT :limit", values)
        if found:
            yield [_converted(table, row) for row in found]
        if len(found) < table.chunk:
            return
        where, values = after, values | {column: found[-1][column] for column in table.key}


def _converted(table: Table, row: Row) -> tuple[Any, ...]:
    """A row with the values that every database takes and gives: SQLite has no booleans, and no -0.0."""
    values: list[Any] = []
    for column, kind in table.columns.items():
        value = row[column]
        made = value if value is None else _KINDS[kind](value)
        if made != value or (isinstance(made, str) and "\0" in made):
            key = ", ".join(repr(row[name]) for name in table.key)
            raise StoreError(f"In {table.name}, the {column} of {key} is nothing that every database holds; mend it.")
        values.append(made + 0.0 if isinstance(made, float) else made)
    return tuple(values)


def _still(mark: Mapping[str, object]) -> Statement:
    return Statement(_STILL_OURS, mark)


_MARK = """
    INSERT INTO migration (number, name, digest) VALUES (:mark, 'a copy that has not come to its end', :receipt)
    ON CONFLICT (number) DO UPDATE SET digest = excluded.digest
"""

_MARKED = "SELECT 1 AS one FROM migration WHERE number = :mark AND digest = :receipt"

# Breaks a constraint, and so the whole batch, unless the mark is ours: there is a first migration already.
_STILL_OURS = f"INSERT INTO migration (number, name, digest) SELECT 1, '', '' WHERE NOT EXISTS ({_MARKED})"

_UNMARK = "DELETE FROM migration WHERE number = :mark AND digest = :receipt"

_BEGUN_WITH = "SELECT max(number) AS last FROM migration WHERE number < :mark"
