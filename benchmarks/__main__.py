"""Run every benchmark: `make bench`, or `python -m benchmarks NAME ...` for some."""

import asyncio
import sys

from benchmarks import (
    battle,
    boards,
    daily,
    dealing,
    discord_presses,
    disk,
    grading,
    load,
    loading,
    pictures,
    recording,
    retention,
    search,
    starting,
    telegram_presses,
)

ALL = {
    "recording": recording.main,
    "dealing": dealing.main,
    "daily": daily.main,
    "loading": loading.main,
    "grading": grading.main,
    "boards": boards.main,
    "battle": battle.main,
    "disk": disk.main,
    "starting": starting.main,
    "pictures": pictures.main,
    "retention": retention.main,
    "search": search.main,
    "discord": discord_presses.main,
    "telegram": telegram_presses.main,
    "load": load.main,
}

for name in sys.argv[1:] or ALL:
    print(f"== {name}: {sys.modules[ALL[name].__module__].__doc__}")
    asyncio.run(ALL[name]())
    print()
