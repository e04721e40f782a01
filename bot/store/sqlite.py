"""SQLite through aiosqlite, with group commit: what waits together is done together.

A durable commit costs a flush of the disk, and every call a hop to the connection's thread and back; under load both
are shared by all who wait. Reads have a connection of their own, so that they don't wait for commits.
"""

import asyncio
import errno
import logging
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

import aiosqlite

from bot.store.database import Commits, ConflictError, Row, Statement, StoreError

logger = logging.getLogger(__name__)

BUSY_TIMEOUT = 5.0  # seconds to wait for another process's transaction
SCRUB_LIMIT = 50_000  # pages, of 4 kB, of a file that can be written anew while people wait
SCRUB_TRIES = 5  # to empty the write-ahead log, against others who read it
GROUP_LIMIT = 500  # batches or queries in one hop: bounds how long the first of them waits

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # with NORMAL a power cut may lose answers that were acknowledged
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # what was deleted is overwritten
)


_Work = TypeVar("_Work")
_Done = TypeVar("_Done")
_Rows = Sequence[Row]
_Batch = Sequence[Statement]


class SqliteDatabase:
    """One file. Any number of processes may share it."""

    def __init__(self, path: str, reader: aiosqlite.Connection, writer: aiosqlite.Connection) -> None:
        self._path = path
        self._reads: _Lane[Statement, _Rows] = _Lane(reader, _read)
        self._writes: _Lane[_Batch, list[_Rows]] = _Lane(writer, _commit)
        self._closed = False

    @classmethod
    async def open(cls, path: str) -> "SqliteDatabase":
        connections: list[aiosqlite.Connection] = []
        try:
            _make_room(Path(path))
            for _ in ("reader", "writer"):
                connection = await aiosqlite.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT)
                connections.append(connection)
                connection.row_factory = sqlite3.Row
                for pragma in _PRAGMAS:
                    await connection.execute_fetchall(pragma)
            # A file that can't be written is opened all the same, for reading.
            await connections[1].execute_fetchall("BEGIN IMMEDIATE")
            await connections[1].execute_fetchall("ROLLBACK")
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, "it is read-only")
        except (sqlite3.Error, OSError) as error:
            for connection in connections:
                await connection.close()
            raise StoreError(_sentence(error, path)) from error
        return cls(path, *connections)

    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> _Rows:
        return await self._in(self._reads, Statement(sql, values))

    async def write(self, batch: _Batch) -> list[_Rows]:
        return await self._in(self._writes, batch)

    async def scrub(self) -> None:
        """Write the file anew: what is deleted is overwritten, but pages that were split may have kept a copy.

        Reads go on meanwhile, writes wait: about a second for a million answers. A larger file is left as it is.
        """
        try:
            connection = await aiosqlite.connect(self._path, isolation_level=None, timeout=BUSY_TIMEOUT)
            try:
                ((pages,),) = await connection.execute_fetchall("PRAGMA page_count")
                if pages <= SCRUB_LIMIT:
                    await connection.execute_fetchall("VACUUM")
                else:
                    logger.warning("%s is large: VACUUM it yourself to wipe the last traces of deletions", self._path)
                for _ in range(SCRUB_TRIES):
                    ((busy, *_),) = await connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
                    if not busy:
                        return
            finally:
                await connection.close()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(_sentence(error, self._path)) from error
        raise StoreError(f"The database {self._path} was read all the time; its write-ahead log could not be emptied.")

    @property
    def commits(self) -> Commits:
        return self._writes.done

    async def close(self) -> None:
        """Finish what was handed over, then close the file."""
        self._closed = True
        await self._reads.close()
        await self._writes.close()

    async def _in(self, lane: "_Lane[_Work, _Done]", work: _Work) -> _Done:
        if self._closed:
            raise StoreError(f"The database {self._path} is closed.")
        try:
            return await lane.do(work)
        except sqlite3.Error as error:
            raise _meaning(error, self._path) from error


class _Lane(Generic[_Work, _Done]):
    """The way to one connection. While one group is under way in its thread, the next one gathers."""

    def __init__(
        self,
        connection: aiosqlite.Connection,
        do_all: Callable[[sqlite3.Connection, Sequence[_Work]], Sequence[_Done | Exception]],
    ) -> None:
        self._connection = connection
        self._do_all = do_all
        self._waiting: list[tuple[_Work, asyncio.Future[_Done]]] = []
        self._running: asyncio.Task[None] | None = None
        self._groups = self._works = 0

    @property
    def done(self) -> Commits:
        return Commits(len(self._waiting), self._groups, self._works)

    async def do(self, work: _Work) -> _Done:
        done: asyncio.Future[_Done] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await done

    async def close(self) -> None:
        if self._running:
            await self._running
        await self._connection.close()

    async def _run(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP_LIMIT], self._waiting[GROUP_LIMIT:]
                self._groups, self._works = self._groups + 1, self._works + len(group)
                results: Sequence[_Done | Exception]
                try:
                    # aiosqlite has no public way to run several statements in one hop; its own methods call this.
                    results = await self._connection._execute(  # type: ignore[no-untyped-call]
                        self._do_all, self._connection._conn, [work for work, _ in group]
                    )
                except Exception as error:  # nobody may wait for ever
                    results = [error] * len(group)
                for (_, done), result in zip(group, results, strict=True):
                    if done.done():  # whoever waited was cancelled
                        continue
                    if isinstance(result, Exception):
                        done.set_exception(result)
                    else:
                        done.set_result(result)
        finally:
            self._running = None


def _read(connection: sqlite3.Connection, group: Sequence[Statement]) -> Sequence[_Rows | Exception]:
    results: list[_Rows | Exception] = []
    for sql, values in group:
        try:
            results.append(connection.execute(sql, values).fetchall())
        except Exception as error:  # whatever it is, it belongs to whoever asked
            results.append(error)
    return results


def _commit(connection: sqlite3.Connection, group: Sequence[_Batch]) -> Sequence[list[_Rows] | Exception]:
    """All batches in one transaction. If one of them fails, each gets a transaction of its own: nobody's failure is
    anybody else's, and a savepoint for each would cost every batch what only a broken one needs.
    """
    results = _transaction(connection, group)
    if not isinstance(results, Exception):
        return results
    if len(group) == 1 or getattr(results, "sqlite_errorcode", 0) & 0xFF in _OF_THE_FILE:
        return [results] * len(group)  # alone, each would wait for the same lock, or meet the same full disk
    alone = [_transaction(connection, [batch]) for batch in group]
    return [one if isinstance(one, Exception) else one[0] for one in alone]


_OF_THE_FILE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOTADB,
}


def _transaction(connection: sqlite3.Connection, group: Sequence[_Batch]) -> list[list[_Rows]] | Exception:
    """The rows of every statement; or what went wrong, and then nothing was changed."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        results: list[list[_Rows]] = [
            [connection.execute(sql, values).fetchall() for sql, values in batch] for batch in group
        ]
        connection.execute("COMMIT")
    except Exception as error:  # whatever it is, it belongs to whoever wrote the batch
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return error
    return results


def _make_room(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    path.parent.mkdir(parents=True, exist_ok=True)


def _meaning(error: sqlite3.Error, path: str) -> Exception:
    if isinstance(error, sqlite3.IntegrityError):
        return ConflictError(str(error))
    if isinstance(error, sqlite3.ProgrammingError) or error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
        return error  # a mistake in a statement: a defect of ours, for the log
    return StoreError(_sentence(error, path))


def _sentence(error: sqlite3.Error | OSError, path: str) -> str:
    if isinstance(error, OSError):
        return f"The database {path} can't be opened for writing: {error.strerror or error}."
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
