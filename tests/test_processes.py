"""Several processes on one PostgreSQL database, some of which are killed all the time."""

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from bot.store.drivers import connect
from tests.answering_together import DAYS, LEARNERS, MOST

ROOT = Path(__file__).parent.parent
PROCESSES, SHORT_LIVED = 4, 2  # the first two are killed again and again
ANSWERS, KILLS = 400, 8
EVERY = 120  # answers between two kills


class Run:
    """Processes that answer, what they say they have kept, and a hand that kills."""

    def __init__(self, url: str, random: Random) -> None:
        self._url = url
        self._random = random
        self._alive: dict[int, asyncio.subprocess.Process] = {}
        self.acknowledged: list[str] = []
        self.killed = 0

    async def live(self, place: int) -> None:
        """One process after the other at this place, until one comes to its end."""
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.answering_together", self._url, str(ANSWERS),
                cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            self._alive[place] = process
            assert process.stdout
            assert process.stderr
            async for line in process.stdout:
                if line.endswith(b"\n"):
                    self.acknowledged.append(line.decode().strip())
                    self._kill_in_time()
            told = (await process.stderr.read()).decode()
            del self._alive[place]
            if await process.wait() == 0:
                return
            assert process.returncode == -signal.SIGKILL, told

    def _kill_in_time(self) -> None:
        places = [place for place in self._alive if place < SHORT_LIVED]
        if places and self.killed < KILLS and len(self.acknowledged) >= EVERY * (self.killed + 1):
            self.killed += 1
            self._alive[self._random.choice(places)].kill()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_of_four_processes_two_are_killed_again_and_again_and_every_acknowledged_answer_is_there_once(
    postgres_url: str, seed: int
) -> None:
    run = Run(postgres_url, Random(seed))
    await asyncio.gather(*(run.live(place) for place in range(PROCESSES)))
    assert run.killed == KILLS
    database = await connect(postgres_url)
    answers = await database.fetch("SELECT deal, learner, question, day, points FROM answer")
    kept = Counter(row["deal"] for row in answers)
    assert set(run.acknowledged) <= set(kept)
    assert set(kept.values()) == {1}
    assert len(kept) >= PROCESSES * ANSWERS

    (learners,) = await database.fetch("SELECT count(DISTINCT learner) AS n FROM account")
    assert learners["n"] == LEARNERS
    points: Counter[tuple[str, str]] = Counter()
    given: Counter[tuple[str, str]] = Counter()
    for row in answers:
        points[row["learner"], row["day"]] += row["points"]
        given[row["learner"], row["day"]] += 1
    assert len(given) == LEARNERS * DAYS
    assert dict(points) == {place: min(2 * number, MOST) for place, number in given.items()}

    scores = await database.fetch("SELECT learner, bucket, points FROM score WHERE bucket LIKE '____-__-__'")
    assert {(row["learner"], row["bucket"]): row["points"] for row in scores} == dict(points)
    totals = await database.fetch("SELECT learner, points FROM score WHERE bucket = 'all'")
    assert sum(row["points"] for row in totals) == points.total()
    days = await database.fetch("SELECT learner, day FROM practice_day WHERE kind = 'practised'")
    assert sorted((row["learner"], row["day"]) for row in days) == sorted(given)
    reviews = await database.fetch("SELECT learner, question FROM review")
    assert {(row["learner"], row["question"]) for row in reviews} == {
        (row["learner"], row["question"]) for row in answers
    }
    await database.close()
