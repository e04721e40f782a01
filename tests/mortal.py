"""A process that is killed, within the process of the tests: at whatever step of its way to the database."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from bot.store.database import Database, Row, Statement


class Killed(asyncio.CancelledError):
    """The process is no more. Of all that `except Exception` lets through, asyncio takes this one without a word."""


class Mortal:
    """The way of one process to a database that all share, until the process is killed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.left = 0  # steps until it is killed; none for 0
        self.dead = False

    def step(self) -> None:
        if self.left:
            self.left -= 1
            self.dead = self.dead or not self.left
        if self.dead:
            raise Killed

    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> Sequence[Row]:
        self.step()
        return await self._database.fetch(sql, values)

    async def write(self, batch: Sequence[Statement]) -> list[Sequence[Row]]:
        self.step()
        rows = await self._database.write(batch)
        self.step()
        return rows

    async def scrub(self) -> None: ...

    async def close(self) -> None: ...
