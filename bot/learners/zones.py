"""Time zones: which day it is where someone is, and which zone somebody means."""

from collections.abc import Sequence
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.store.store import Learner


class Zones:
    """Local days. Learners who have not said where they are live in the default zone."""

    def __init__(self, default: ZoneInfo) -> None:
        self.default = default

    def of(self, learner: Learner) -> ZoneInfo:
        return ZoneInfo(learner.timezone) if learner.timezone in available() else self.default

    def day(self, learner: Learner, now: datetime) -> date:
        return now.astimezone(self.of(learner)).date()

    def default_day(self, now: datetime) -> date:
        return now.astimezone(self.default).date()


@cache
def available() -> frozenset[str]:
    """The IANA names of all zones that mark a place, not a bare offset or an old abbreviation, and UTC."""
    return frozenset({"UTC", *(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))})


def zone_names() -> Sequence[str]:
    return sorted(available())


def find_zone(words: str) -> str:
    """The zone meant by an IANA name or a city, without regard to case; empty when none or several are."""
    wanted = _folded(words)
    exact = [name for name in available() if _folded(name) == wanted]
    cities = [name for name in available() if _folded(name.rpartition("/")[2]) == wanted]
    found = exact or cities
    return found[0] if len(found) == 1 else ""


def nearest_zones(words: str) -> list[str]:
    """The names that look most like these words, at most three."""
    wanted = _folded(words)
    cities: dict[str, str] = {}
    for name in sorted(available()):
        cities[_folded(name)] = name
        cities.setdefault(_folded(name.rpartition("/")[2]), name)
    near = get_close_matches(wanted, cities, n=6, cutoff=0.6)
    return list(dict.fromkeys(cities[name] for name in near))[:3]


def _folded(words: str) -> str:
    return "_".join(words.casefold().replace("_", " ").split())
