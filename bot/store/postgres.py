"""PostgreSQL through asyncpg, for those who outgrow one machine."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from bot.store.database import ConflictError, Row, Statement, StoreError

POOL_SIZE = 10
TIMEOUT = 10.0  # seconds for a statement, or for a connection to come free
CLOSE_TIMEOUT = 3.0  # seconds that statements under way get at the end

_NAME = re.compile(r"(?<![:\w]):([a-z_][a-z_0-9]*)")


class PostgresDatabase:
    """A pool of connections to one database."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", place: str) -> None:
        self._pool = pool
        self._place = place

    @classmethod
    async def open(cls, url: str) -> "PostgresDatabase":
        parts = urlsplit(url)
        place = f"{parts.hostname}{parts.path}"  # never the password
        try:
            pool = await asyncpg.create_pool(url, min_size=1, max_size=POOL_SIZE, command_timeout=TIMEOUT)
        except (ValueError, OverflowError, asyncpg.ClientConfigurationError) as error:
            raise StoreError("The database URL is not one that PostgreSQL understands; check host and port.") from error
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StoreError(f"The database {place} can't be reached: {_reason(error)}.") from error
        return cls(pool, place)

    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> Sequence[Row]:
        numbered, names = _numbered(sql)
        try:
            rows: Sequence[Row] = await self._pool.fetch(numbered, *(values[name] for name in names))
        except _LOST as error:
            raise self._lost(error) from error
        return rows

    async def write(self, batch: Sequence[Statement]) -> list[Sequence[Row]]:
        results: list[Sequence[Row]] = []
        try:
            async with self._pool.acquire(timeout=TIMEOUT) as connection, connection.transaction():
                for sql, values in batch:
                    numbered, names = _numbered(sql)
                    results.append(await connection.fetch(numbered, *(values[name] for name in names)))
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.DuplicateTableError) as error:
            raise ConflictError(str(error)) from error
        except _LOST as error:
            raise self._lost(error) from error
        return results

    async def scrub(self) -> None:
        """PostgreSQL's own vacuum does it."""

    async def close(self) -> None:
        try:
            await asyncio.wait_for(self._pool.close(), CLOSE_TIMEOUT)
        except TimeoutError:
            self._pool.terminate()

    def _lost(self, error: Exception) -> StoreError:
        return StoreError(f"The database {self._place} can't be used: {_reason(error)}.")


_LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InsufficientPrivilegeError,
)


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


@lru_cache(maxsize=256)
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """The statement with `$1`, `$2`, … for its named values, and the names in that order."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        name = match[1]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _NAME.sub(number, sql), tuple(names)
