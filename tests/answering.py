"""Answer 2,000 deals, fifty at a time, and print each that was kept. Started, and killed, by a test."""

import asyncio
import sys
from datetime import UTC, date, datetime

from bot.messages import Person, Room
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Answer, Deal, Review, Store, new_id
from tests.samples import ledger

DAY = date(2026, 3, 2)
RIGHT = Answer("0", "right")


async def main(url: str) -> None:
    database = await connect(url)
    try:
        await migrate(database)
        await answer_all(Store(database))
    finally:
        await database.close()


async def answer_all(store: Store) -> None:
    now = datetime.now(UTC)
    learner = await store.learner(Person("test", "ada"), now)
    room = await store.room(Room("test", "room"), now)
    deals = [Deal(new_id(11), room, n, room, f"t/q{n}", "choice", "01", "////", now) for n in range(1, 2001)]
    await asyncio.gather(*(store.deal(deal) for deal in deals))
    waiting = asyncio.Semaphore(50)

    async def answer(deal: Deal) -> None:
        async with waiting:
            dealt = await store.dealt(deal.id, learner)
            assert dealt
            review = Review(1, 0, 1.0, 5.0, now, now)
            await store.answer(dealt, learner, RIGHT, review, DAY, ledger(DAY), now, worth=lambda before: 1)
            print(deal.id, flush=True)

    await asyncio.gather(*(answer(deal) for deal in deals))


asyncio.run(main(sys.argv[1]))
