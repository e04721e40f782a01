"""Migrate a database, and print how many migrations that took; or die of SIGKILL before some statement. For a test."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from bot.store import postgres
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.sqlite import SqliteDatabase

statements = count(1)


def die_before(last: int) -> None:
    if next(statements) == last:
        os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, last: int) -> None:
    database = await connect(url)
    try:
        if isinstance(database, SqliteDatabase):
            await database._writes._connection.set_trace_callback(lambda sql: die_before(last))
        else:
            carry_out: Callable[..., Awaitable[Any]] = postgres._carry_out

            async def carried_out(*arguments: Any) -> Any:
                die_before(last)
                return await carry_out(*arguments)

            postgres._carry_out = carried_out  # type: ignore[assignment]
        print(await migrate(database))
    finally:
        await database.close()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
