"""Time taken side by side. Machines are noisy: ratios are paired within a round, and the median round is shown."""

from collections.abc import Sequence
from statistics import median


def spread(values: Sequence[float]) -> str:
    """The median, and the smallest and largest value."""
    return f"{median(values):.2f} [{min(values):.2f}-{max(values):.2f}]"


def verdict(values: Sequence[float], goal: float, *, at_least: bool) -> str:
    """The spread, with the goal and whether the median reaches it."""
    reached = median(values) >= goal if at_least else median(values) <= goal
    return f"{spread(values)}  goal {'>=' if at_least else '<='} {goal}  {'reached' if reached else 'MISSED'}"
