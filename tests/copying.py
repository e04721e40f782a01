"""Copy a database, a few rows at a time, and die of SIGKILL before some batch reaches the target. For a test."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from itertools import count
from typing import Any

from bot.store import copying
from bot.store.database import Statement
from bot.store.drivers import connect

copying.VALUES = 100


async def main(source: str, target: str, last: int) -> None:
    batches = count(1)
    one, other = await connect(source), await connect(target)
    write = other.write

    async def written(batch: Sequence[Statement]) -> Any:
        if next(batches) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return await write(batch)

    other.write = written  # type: ignore[method-assign]
    print(await copying.copy(one, other))
    await one.close()
    await other.close()


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
