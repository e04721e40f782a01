"""SQLite through aiosqlite, with group commit: writes that wait together are one transaction.

A durable commit costs a flush of the disk, and every call a hop to the connection's thread and back; under load both
are shared by all who wait. Reads have a connection of their own, so that they don't wait for commits.
"""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import aiosqlite

from bot.store.database import ConflictError, Row, Statement, StoreError

BUSY_TIMEOUT = 5.0  # seconds to wait for another process's transaction
GROUP_LIMIT = 500  # batches in one transaction: bounds how long the first of them waits

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # with NORMAL a power cut may lose answers that were acknowledged
    "PRAGMA foreign_keys = ON",
)


_Result = list[Sequence[Row]] | Exception


class _Waiting(NamedTuple):
    batch: Sequence[Statement]
    done: "asyncio.Future[list[Sequence[Row]]]"


class SqliteDatabase:
    """One file. Any number of processes may share it."""

    def __init__(self, path: str, reader: aiosqlite.Connection, writer: aiosqlite.Connection) -> None:
        self._path = path
        self._reader = reader
        self._writer = writer
        self._waiting: list[_Waiting] = []
        self._committer: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def open(cls, path: str) -> "SqliteDatabase":
        connections: list[aiosqlite.Connection] = []
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            for _ in ("reader", "writer"):
                connection = await aiosqlite.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT)
                connections.append(connection)
                connection.row_factory = sqlite3.Row
                for pragma in _PRAGMAS:
                    await connection.execute_fetchall(pragma)
            # A file that can't be written is opened all the same, for reading; only this says so.
            await connections[1].execute_fetchall("BEGIN IMMEDIATE")
            await connections[1].execute_fetchall("ROLLBACK")
        except (sqlite3.Error, OSError) as error:
            for connection in connections:
                await connection.close()
            raise StoreError(_sentence(error, path)) from error
        return cls(path, *connections)

    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> Sequence[Row]:
        try:
            return list(await self._reader.execute_fetchall(sql, values))
        except sqlite3.Error as error:
            raise _meaning(error, self._path) from error

    async def write(self, batch: Sequence[Statement]) -> list[Sequence[Row]]:
        if self._closed:
            raise StoreError(f"The database {self._path} is closed.")
        waiting = _Waiting(batch, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._committer is None:
            self._committer = asyncio.create_task(self._commit_all())
        return await waiting.done

    async def close(self) -> None:
        """Finish what was handed over, then close the file."""
        self._closed = True
        if self._committer:
            await self._committer
        await self._reader.close()
        await self._writer.close()

    async def _commit_all(self) -> None:
        """Commit until nobody waits. While one group is on its way to the disk, the next one gathers."""
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP_LIMIT], self._waiting[GROUP_LIMIT:]
                try:
                    # aiosqlite has no public way to run several statements in one hop; its own methods call this.
                    results = await self._writer._execute(  # type: ignore[no-untyped-call]
                        _commit, self._writer._conn, [one.batch for one in group]
                    )
                except Exception as error:  # nobody may wait for ever
                    results = [error] * len(group)
                for one, result in zip(group, results, strict=True):
                    if one.done.done():  # whoever waited was cancelled
                        continue
                    if isinstance(result, sqlite3.Error):
                        one.done.set_exception(_meaning(result, self._path))
                    elif isinstance(result, Exception):
                        one.done.set_exception(result)
                    else:
                        one.done.set_result(result)
        finally:
            self._committer = None


def _commit(connection: sqlite3.Connection, group: Sequence[Sequence[Statement]]) -> Sequence[_Result]:
    """Run each batch in a savepoint, so that one that fails doesn't fail its neighbours; the result of each."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        results = [_run(connection, batch) for batch in group]
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return [error] * len(group)
    return results


def _run(connection: sqlite3.Connection, batch: Sequence[Statement]) -> _Result:
    connection.execute("SAVEPOINT batch")
    try:
        rows: list[Sequence[Row]] = [connection.execute(sql, values).fetchall() for sql, values in batch]
    except Exception as error:  # whatever it is, it belongs to whoever wrote this batch
        if not connection.in_transaction:  # a full disk rolls everything back
            raise
        connection.execute("ROLLBACK TO batch")
        connection.execute("RELEASE batch")
        return error
    connection.execute("RELEASE batch")
    return rows


def _meaning(error: sqlite3.Error, path: str) -> Exception:
    if isinstance(error, sqlite3.IntegrityError):
        return ConflictError(str(error))
    if isinstance(error, sqlite3.ProgrammingError) or error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
        return error  # a mistake in a statement: a defect of ours, for the log
    return StoreError(_sentence(error, path))


def _sentence(error: sqlite3.Error | OSError, path: str) -> str:
    if isinstance(error, OSError):
        return f"The database {path} can't be opened: {error.strerror or error}."
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"The database {path} is locked by another program; close it and try again."
        case sqlite3.SQLITE_READONLY:
            return f"The database {path} is read-only; make the file and its folder writable."
        case sqlite3.SQLITE_FULL:
            return f"The disk of the database {path} is full; make room and try again."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"The file {path} is damaged or not a SQLite database; restore a backup or name another file."
        case sqlite3.SQLITE_CANTOPEN:
            return f"The database {path} can't be opened; check that its folder exists and is writable."
        case _:
            return f"The database {path} can't be used: {error}."
