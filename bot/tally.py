"""What has happened since the start, in numbers: whoever does something counts it, and the monitor shows it."""

from collections import Counter


class Tally:
    """Numbers by what they count and its labels. They are plain, so that to count is free where nobody looks."""

    def __init__(self) -> None:
        self.numbers: Counter[tuple[str, ...]] = Counter()

    def count(self, what: str, *labels: str) -> None:
        """One more. What labels a thing has, `monitor.COUNTED` says; none of them may be a name, an id or a text."""
        self.numbers[what, *labels] += 1
