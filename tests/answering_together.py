"""Answer as ten learners, twenty answers at a time, and print each that was kept. Started, several times at once, and
killed by a test.
"""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from bot.messages import Person, Room
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Answer, Before, Deal, Review, Store, new_id
from tests.samples import ledger

LEARNERS, DAYS = 10, 3
DAY = date(2026, 3, 2)
RIGHT = Answer("0", "right")
MOST = 151  # points for a day


def worth(before: Before) -> int:
    return max(0, min(2, MOST - before.earned))


async def main(url: str, number: int) -> None:
    database = await connect(url)
    try:
        await migrate(database)
        await answer_all(Store(database), number, lambda deal: print(deal, flush=True))
    finally:
        await database.close()


async def answer_all(store: Store, number: int, tell: Callable[[str], None]) -> None:
    now = datetime.combine(DAY, time(12), UTC)
    learners = [await store.learner(Person("test", str(n)), now) for n in range(LEARNERS)]
    room = await store.room(Room("test", "room", community="server"), now)
    waiting = asyncio.Semaphore(20)

    async def answer(n: int) -> None:
        async with waiting:
            learner, day = learners[n % LEARNERS], DAY + timedelta(n % DAYS)
            moment = now + timedelta(n % DAYS)
            deal = Deal(new_id(11), new_id(16), 1, room, f"t/{new_id(6)}", "choice", "01", "////", moment)
            assert await store.deal(deal)
            dealt = await store.dealt(deal.id, learner)
            assert dealt
            review = Review(1, 0, 1.0, 5.0, moment, moment)
            books = ledger(day, "server")
            kept, _ = await store.answer(dealt, learner, RIGHT, review, day, books, moment, worth=worth)
            assert kept
            tell(deal.id)

    await asyncio.gather(*(answer(n) for n in range(number)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
