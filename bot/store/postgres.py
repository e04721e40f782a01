"""PostgreSQL through asyncpg, for those who outgrow one process, or whose host keeps no files.

Writes have one connection and group commit, as in SQLite: what waits together is done together. Of several processes
one writes at a time, too: groups touch many rows in any order, and would be deadlocked. A batch of statements that
comes again is a function on the server, and all batches of a group that read alike are one round trip. Reads have a few
connections of their own.

What fails by a lost connection or a restart is tried again. A COMMIT without an answer has taken place, or
has not: each group signs the row of its writer, and whoever wonders asks that row.

A pooler in between must pool sessions, not transactions: statements and functions live in a session.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import count
from secrets import token_hex
from time import monotonic
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import asyncpg

from bot.store.database import Commits, ConflictError, Row, Statement, StoreError

READERS = 4  # connections; with the writer's five, so that four processes fit into the 20 of a small hosted server
TIMEOUT = 10.0  # seconds for a statement
ROW_TIMEOUT = 3.0  # seconds to wait for a row that another program has locked
CONNECT_TIMEOUT = 5.0
PATIENCE = 10.0  # seconds in which a database that is away may come back, and nobody hears of it
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds between two tries
CLOSE_TIMEOUT = 3.0  # seconds that statements under way get at the end
GROUP_LIMIT = 500  # batches in one transaction: bounds how long the first of them waits
FUNCTIONS = 200  # that a connection may have on the server: some 50 kB each
ARGUMENTS = 100  # of a function: PostgreSQL takes no more
NO_LIMIT = 7 * 86_400.0  # seconds

# The server gives up before we do. A process that is gone without a word holds its locks for two seconds. Probes keep a
# connection known to the routers in between.
_SESSION = f"""
    SET statement_timeout = '{TIMEOUT}s'; SET lock_timeout = '{ROW_TIMEOUT}s';
    SET idle_in_transaction_session_timeout = '2s'; SET tcp_keepalives_idle = 60
"""

_MY_TURN = "SELECT pg_advisory_xact_lock(hashtext('prepdeck'), hashtext(current_schema()))"

# What guards the statements of a batch are rows that others have committed meanwhile.
_BEGIN = f"""
    BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = 0; {_MY_TURN};
    SET LOCAL lock_timeout = '{ROW_TIMEOUT}s'
"""

# A migration takes as long as it takes. Even CREATE TABLE IF NOT EXISTS fails if two do it at once.
_MIGRATING = f"SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; {_MY_TURN}"

_FIT = """
    SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
        current_setting('transaction_read_only') = 'on' AS read_only
"""

_SIGNATURES = (
    Statement("""
        CREATE TABLE IF NOT EXISTS last_write (
            writer TEXT PRIMARY KEY, receipt BIGINT NOT NULL, written_at TIMESTAMPTZ NOT NULL DEFAULT now()
        )
    """),
    Statement("DELETE FROM last_write WHERE written_at < now() - INTERVAL '30 days'"),
)

_SIGN = """
    INSERT INTO last_write (writer, receipt) VALUES ($1, $2)
    ON CONFLICT (writer) DO UPDATE SET receipt = excluded.receipt, written_at = excluded.written_at
"""

# An INSERT, since it waits for whoever else writes the row: the transaction that we ask for may still be on its way.
_SIGNED = """
    INSERT INTO last_write (writer, receipt) VALUES (:writer, 0)
    ON CONFLICT (writer) DO UPDATE SET written_at = excluded.written_at RETURNING receipt
"""

_SCHEMA = re.compile(r"\s*(CREATE|ALTER|DROP)\s", re.IGNORECASE)
_NAME = re.compile(r"(?<![:\w]):([a-z_][a-z_0-9]*)")

_Done = TypeVar("_Done")
_Rows = Sequence[Row]
_Batch = Sequence[Statement]
_Form = tuple[str, ...]  # a batch without its values


class PostgresDatabase:
    """One database. Any number of processes may share it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._readers: asyncpg.Pool[asyncpg.Record] | None = None
        self._writer: _Writer | None = None
        self._waiting: list[tuple[_Batch, asyncio.Future[list[_Rows]]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._name = token_hex(8)
        self._receipts = count(1)
        self._closed = False
        self._groups = self._batches = 0

    @classmethod
    async def open(cls, url: str) -> "PostgresDatabase":
        database = cls(url)
        try:
            await database._open()
        except BaseException as error:
            await database.close()
            if isinstance(error, ValueError | OverflowError | asyncpg.ClientConfigurationError):
                sentence = "The database URL is not one that PostgreSQL understands; check host and port."
                raise StoreError(sentence) from error
            if isinstance(error, StoreError) or not isinstance(error, Exception):
                raise
            raise database._meaning(error) from error
        return database

    async def _open(self) -> None:
        """Whether it is fit for us is told now, not by the first answer that it can't keep."""
        self._writer = _Writer(await self._connect())
        (fit,) = await self._writer.connection.fetch(_FIT)
        if fit["version"] < 130_000:
            raise StoreError(
                f"The database {self._place} is PostgreSQL {fit['version'] // 10_000}; 13 or newer is needed."
            )
        if fit["encoding"] != "UTF8":
            raise StoreError(f"The database {self._place} is encoded in {fit['encoding']}; create one in UTF8.")
        if fit["read_only"]:
            raise asyncpg.ReadOnlySQLTransactionError("it is a replica, or set to be read-only")
        self._readers = await asyncpg.create_pool(
            self._url, connect=self._connect, reset=_as_it_is, min_size=0, max_size=READERS
        )
        await self._change_schema(_SIGNATURES)

    async def _connect(self, *_: Any, **more: Any) -> Any:
        connection = await asyncpg.connect(
            self._url,
            timeout=CONNECT_TIMEOUT,
            command_timeout=TIMEOUT + 2.0,
            statement_cache_size=500,
            max_cached_statement_lifetime=0,
            **{key: value for key, value in more.items() if key in {"loop", "connection_class", "record_class"}},
        )
        try:
            await connection.execute(_SESSION)
        except BaseException:  # whoever asked may be cancelled; nobody else knows of this connection
            connection.terminate()
            raise
        return connection

    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> _Rows:
        numbered, names = _numbered(sql)
        return await self._meant(self._patiently(partial(self._read, numbered, [values[name] for name in names])))

    async def write(self, batch: _Batch) -> list[_Rows]:
        if self._closed:
            raise self._ended()
        if any(_SCHEMA.match(sql) for sql, _ in batch):
            return await self._meant(self._patiently(partial(self._change_schema, batch)))
        done: asyncio.Future[list[_Rows]] = asyncio.get_running_loop().create_future()
        self._waiting.append((batch, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await self._meant(done)

    @property
    def commits(self) -> Commits:
        return Commits(len(self._waiting), self._groups, self._batches)

    async def scrub(self) -> None:
        """PostgreSQL's own vacuum does it."""

    async def close(self) -> None:
        """Finish what was handed over, then leave."""
        self._closed = True
        if self._writing:
            await asyncio.wait({self._writing}, timeout=CLOSE_TIMEOUT)
        if self._writer:
            with suppress(Exception):
                await self._writer.connection.close(timeout=CLOSE_TIMEOUT)
        if self._readers:
            try:
                await asyncio.wait_for(self._readers.close(), CLOSE_TIMEOUT)
            except TimeoutError:
                self._readers.terminate()

    async def _read(self, numbered: str, values: Sequence[Any]) -> _Rows:
        assert self._readers is not None  # noqa: S101 - open has made them
        async with self._readers.acquire(timeout=TIMEOUT) as connection:
            rows: _Rows = await connection.fetch(numbered, *values)
        return rows

    async def _change_schema(self, batch: _Batch) -> list[_Rows]:
        """One process after the other, each for as long as it takes."""
        assert self._readers is not None  # noqa: S101 - open has made them
        async with self._readers.acquire(timeout=TIMEOUT) as connection, connection.transaction():
            await connection.execute(_MIGRATING, timeout=NO_LIMIT)
            return [await _carry_out(connection, statement, NO_LIMIT) for statement in batch]

    # The way to the writer: while one group is under way, the next one gathers.

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP_LIMIT], self._waiting[GROUP_LIMIT:]
                self._groups += 1
                self._batches += len(group)
                results: Sequence[list[_Rows] | Exception]
                try:
                    results = await self._commit([batch for batch, _ in group])
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
            self._writing = None

    async def _commit(self, group: Sequence[_Batch]) -> Sequence[list[_Rows] | Exception]:
        """All batches in one transaction. If one of them fails, once more, with a savepoint for each: nobody's failure
        is anybody else's.
        """
        try:
            return await self._patiently(partial(self._transaction, _Writer.together, group))
        except Exception as error:
            if len(group) == 1 or _passes(error) or isinstance(error, StoreError):
                raise
        return await self._patiently(partial(self._transaction, _Writer.apart, group))

    async def _transaction(
        self,
        carry_out: Callable[["_Writer", Sequence[_Batch]], Awaitable[Sequence[list[_Rows] | Exception]]],
        group: Sequence[_Batch],
    ) -> Sequence[list[_Rows] | Exception]:
        if self._writer is None or self._writer.connection.is_closed():
            self._writer = _Writer(await self._connect())
        writer, receipt = self._writer, next(self._receipts)
        await writer.learn(group)
        try:
            await writer.connection.execute(_BEGIN)
            results = await carry_out(writer, group)
            await writer.connection.execute(_SIGN, self._name, receipt)
        except BaseException as error:
            await writer.give_up(error)
            raise
        try:
            await writer.connection.execute("COMMIT")
        except Exception as error:
            await writer.give_up(error)
            if not await self._took_place(receipt):
                raise
        return results

    async def _took_place(self, receipt: int) -> bool:
        """Whether a transaction was committed although nobody told us."""
        numbered, _ = _numbered(_SIGNED)
        try:
            rows = await self._patiently(partial(self._read, numbered, [self._name]))
        except Exception as error:
            sentence = f"The database {self._place} went away; whether the last changes were kept is not known."
            raise StoreError(sentence) from error
        return int(rows[0]["receipt"]) == receipt

    # What goes wrong

    async def _patiently(self, work: Callable[[], Awaitable[_Done]]) -> _Done:
        """Try until it is done; as long as what is in the way may pass, and somebody may wait for it."""
        until, pause = monotonic() + PATIENCE, FIRST_PAUSE
        while True:
            if self._closed and self._writing is not asyncio.current_task():
                raise self._ended()
            try:
                return await work()
            except Exception as error:
                if self._closed or not _passes(error) or monotonic() + pause > until:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _meant(self, done: Awaitable[_Done]) -> _Done:
        try:
            return await done
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            raise self._meaning(error) from error

    @property
    def _place(self) -> str:
        """Which database it is, without the password."""
        parts = urlsplit(self._url)
        return f"{parts.hostname or ''}{parts.path}"

    def _ended(self) -> StoreError:
        return StoreError(f"The database {self._place} is closed.")

    def _meaning(self, error: Exception) -> Exception:
        """What to tell. A mistake in a statement is a defect of ours, for the log."""
        place, reason = f"The database {self._place}", str(error).strip().rstrip(".") or type(error).__name__
        match error:
            case asyncpg.IntegrityConstraintViolationError():
                return ConflictError(str(error))
            case asyncpg.InvalidAuthorizationSpecificationError():
                return StoreError(f"{place} does not let us in: {reason}; check user and password in its URL.")
            case asyncpg.InvalidCatalogNameError():
                return StoreError(f"{place} does not exist; create it, or name another.")
            case asyncpg.TooManyConnectionsError():
                return StoreError(
                    f"{place} has no connection left; allow it more, or run fewer processes ({READERS + 1} for each)."
                )
            case asyncpg.ReadOnlySQLTransactionError():
                return StoreError(f"{place} is read-only; name the primary server.")
            case asyncpg.DiskFullError():
                return StoreError(f"The disk of the database {self._place} is full; make room and try again.")
            case asyncpg.InvalidSchemaNameError() | asyncpg.InsufficientPrivilegeError():
                return StoreError(f"{place} has no place for our tables: {reason}; create a schema, or grant it.")
            case asyncpg.DuplicateTableError():
                return StoreError(f"{place} has tables of something else: {reason}; name an empty one.")
            case asyncpg.InvalidSQLStatementNameError() | asyncpg.DuplicatePreparedStatementError():
                return StoreError(f"{place} is behind a pooler of transactions; let it pool sessions, or go around it.")
            case asyncpg.LockNotAvailableError():
                return StoreError(f"{place} is locked by another program; end it and try again.")
            case asyncpg.QueryCanceledError() | asyncpg.DeadlockDetectedError() | asyncpg.SerializationError():
                return StoreError(f"{place} is too busy: {reason}.")
            case ConnectionRefusedError():
                return StoreError(f"{place} can't be reached: nobody listens there; is PostgreSQL running?")
            case TimeoutError():
                return StoreError(f"{place} can't be reached: it does not answer.")
            case asyncpg.InsufficientResourcesError() | asyncpg.OperatorInterventionError():
                return StoreError(f"{place} can't be used: {reason}.")
            case _ if _passes(error):
                return StoreError(f"{place} can't be reached: {reason}.")
            case _:
                return error


class _Writer:
    """The connection that writes, and what it has taught the server."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._functions: dict[_Form, _Function | None] = {}  # None for what can't be one
        self._seen: set[_Form] = set()

    async def learn(self, group: Sequence[_Batch]) -> None:
        """Make functions of batches that come again. Not in the transaction, with which they might be undone."""
        for form, number in Counter(map(_form, group)).items():
            again = number > 1 or form in self._seen
            if again and form not in self._functions and len(self._functions) < FUNCTIONS:
                name = f"pg_temp.batch_{len(self._functions)}"
                self._functions[form] = await _function(self.connection, name, form)
            if len(self._seen) > 10 * FUNCTIONS:  # some batches are never the same
                self._seen.clear()
            self._seen.add(form)

    async def together(self, group: Sequence[_Batch]) -> Sequence[list[_Rows]]:
        """What each batch returned. They wait at the same time, so those of one form may go first."""
        places: dict[_Form, list[int]] = {}
        for place, batch in enumerate(group):
            places.setdefault(_form(batch), []).append(place)
        results: list[list[_Rows]] = [[] for _ in group]
        for form, at in places.items():
            if function := self._functions.get(form):
                calls = [function.arguments(group[place]) for place in at]
                rows = await self.connection.fetchmany(function.call, calls)
                for place, row in zip(at, rows, strict=True):
                    results[place] = [returned or () for returned in json.loads(row[0])]
            else:
                for place in at:
                    results[place] = [await _carry_out(self.connection, statement) for statement in group[place]]
        return results

    async def apart(self, group: Sequence[_Batch]) -> Sequence[list[_Rows] | Exception]:
        """What each batch returned, or what went wrong with it, and then it changed nothing."""
        results: list[list[_Rows] | Exception] = []
        for batch in group:
            await self.connection.execute("SAVEPOINT batch")
            try:
                results += await self.together([batch])
            except Exception as error:
                if _passes(error):
                    raise
                results.append(error)
                await self.connection.execute("ROLLBACK TO batch")
            await self.connection.execute("RELEASE batch")
        return results

    async def give_up(self, error: BaseException) -> None:
        """Back to where we were before the transaction; on a new connection, if this one may be to blame."""
        if _passes(error) and not isinstance(error, _UNDONE):
            self.connection.terminate()
            return
        try:
            await self.connection.execute("ROLLBACK")
        except Exception:
            self.connection.terminate()


class _Function(NamedTuple):
    """A batch as a function on the server: how it is called, and the values that it takes, by statement."""

    call: str
    names: Sequence[tuple[int, str]]

    def arguments(self, batch: _Batch) -> list[Any]:
        return [batch[place].values[name] for place, name in self.names]


async def _function(connection: Any, name: str, form: _Form) -> _Function | None:
    """Its statements run one after the other, each seeing what the ones before have done, and return rows as JSON."""
    body: list[str] = []
    types: list[str] = []
    names: list[tuple[int, str]] = []
    try:
        for place, sql in enumerate(form):
            statement = await connection.prepare(_numbered(sql)[0])
            numbered, wanted = _numbered(sql, len(types) + 1)
            types += [parameter.name for parameter in statement.get_parameters()]
            names += [(place, one) for one in wanted]
            if statement.get_attributes():
                numbered = f"WITH returned AS ({numbered}) SELECT json_agg(returned) INTO rows_{place} FROM returned"
            body.append(f"{numbered};")
        if max(len(types), len(form)) > ARGUMENTS:
            return None
        rows = [f"rows_{place}" for place in range(len(form))]
        await connection.execute(f"""
            CREATE FUNCTION {name}({", ".join(types)}) RETURNS json LANGUAGE plpgsql AS $batch$
            #variable_conflict use_column
            DECLARE {" ".join(f"{one} json;" for one in rows)}
            BEGIN {" ".join(body)} RETURN json_build_array({", ".join(rows)}); END $batch$
        """)
    except asyncpg.PostgresError as error:
        if _passes(error):
            raise
        return None  # whoever wrote the batch is told when it is carried out
    call = f"SELECT {name}({', '.join(f'${number}' for number in range(1, len(types) + 1))})"
    return _Function(call, names)


async def _carry_out(connection: Any, statement: Statement, limit: float | None = None) -> _Rows:
    numbered, names = _numbered(statement.sql)
    rows: _Rows = await connection.fetch(numbered, *(statement.values[name] for name in names), timeout=limit)
    return rows


async def _as_it_is(connection: Any) -> None:
    """Readers leave nothing behind in their session; to reset it would be a round trip for each."""


def _form(batch: _Batch) -> _Form:
    return tuple(statement.sql for statement in batch)


_UNDONE = (  # the server is there, and has undone the transaction
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InvalidCachedStatementError,
)

_PASSING = (
    *_UNDONE,
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,  # the primary has become a replica: its name may lead to the new one soon
    asyncpg.InternalClientError,
)


def _passes(error: BaseException) -> bool:
    """Whether the same may succeed in a moment."""
    return isinstance(error, _PASSING) or type(error) is asyncpg.InterfaceError  # a connection that is closed


@lru_cache(maxsize=1024)
def _numbered(sql: str, first: int = 1) -> tuple[str, tuple[str, ...]]:
    """The statement with `$1`, `$2`, … for its named values, and the names in that order."""
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${numbers.setdefault(match[1], first + len(numbers))}"

    return _NAME.sub(number, sql), tuple(numbers)
