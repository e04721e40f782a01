"""Pictures: how long each takes to draw, beside a blank one of its size, and how that grows with what it shows."""

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from statistics import median
from time import perf_counter
from typing import Any

from PIL import Image

from benchmarks.measuring import spread, verdict
from bot import charts
from bot.messages import Picture

ROUNDS = 15
WITHIN = 300.0  # ms
TODAY = date(2026, 3, 2)


def year(days: int) -> Picture:
    return charts.heat_map({TODAY - timedelta(n): 1 + n % 30 for n in range(days)}, TODAY)


def mastery(sections: int) -> Picture:
    return charts.mastery_chart([(f"Section {n}", n, 10, 20) for n in range(sections)])


def podium(names: int) -> Picture:
    return charts.podium_chart([(n + 1, "選択肢 and a long name", 100 - n) for n in range(names)])


def answers(choices: int) -> Picture:
    return charts.answers_chart([(f"Choice {n}", 10**n, n == 1) for n in range(choices)])


KINDS: dict[str, tuple[Callable[[int], Picture], int, int]] = {
    "year, days": (year, 1, 365),
    "mastery, sections": (mastery, 1, 25),
    "podium, names": (podium, 1, 3),
    "answers, choices": (answers, 2, 5),
}


async def main() -> None:
    for name, (draw, few, many) in KINDS.items():
        blanks, small, large = [], [], []
        draw(few)  # the font is loaded once
        with Image.open(BytesIO(draw(many).content)) as drawn:
            size = drawn.size
        for _ in range(ROUNDS):
            blanks.append(_timed(blank, size))
            small.append(_timed(draw, few))
            large.append(_timed(draw, many))
        floor = spread([one / other for one, other in zip(large, blanks, strict=True)])
        grown = median(one / other for one, other in zip(large, small, strict=True))
        told = f"{verdict(large, WITHIN, at_least=False)}  (ours / blank {floor}, {many} / {few}: {grown:.1f})"
        print(f"{name:20} ms {told}")


def blank(size: tuple[int, int]) -> None:
    Image.new("P", size).save(BytesIO(), "PNG")


def _timed(draw: Callable[[Any], object], what: object) -> float:
    """Milliseconds."""
    begun = perf_counter()
    draw(what)
    return 1_000 * (perf_counter() - begun)
