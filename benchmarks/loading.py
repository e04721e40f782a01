"""Loading the Flask bank: read, checked and with a line for every value, against PyYAML's C loader alone."""

from pathlib import Path
from statistics import median
from time import perf_counter

import yaml

from benchmarks.measuring import spread
from bot.bank.loading import load

ROUNDS = 7
FOLDER = Path(__file__).parent.parent / "questions"


async def main() -> None:
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.yaml")]
    ratios, costs = [], []
    for _ in range(ROUNDS):
        start = perf_counter()
        for text in texts:
            yaml.load(text, Loader=yaml.CSafeLoader)
        bare = perf_counter() - start
        start = perf_counter()
        load([FOLDER])
        full = perf_counter() - start
        ratios.append(full / bare)
        costs.append(full * 1000)
    print(f"load / bare parse {spread(ratios)}  ({median(costs):.0f} ms for {sum(map(len, texts)) // 1000} kB)")
