"""Time zones: which day it is where someone is, and which zone somebody means."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.store.store import Learner

_OFFSET = re.compile(r"(?:utc|gmt)? ?(?P<sign>[+-]) ?(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-9]{2}))?")
# Offsets from UTC that have no zone of their own, and who lives by them (in winter, where that matters).
BETWEEN = {
    (-9, 30): ("Pacific/Marquesas",),
    (-3, 30): ("America/St_Johns",),
    (3, 30): ("Asia/Tehran",),
    (4, 30): ("Asia/Kabul",),
    (5, 30): ("Asia/Kolkata", "Asia/Colombo"),
    (5, 45): ("Asia/Kathmandu",),
    (6, 30): ("Asia/Yangon",),
    (8, 45): ("Australia/Eucla",),
    (9, 30): ("Australia/Adelaide", "Australia/Darwin"),
    (10, 30): ("Australia/Lord_Howe",),
    (12, 45): ("Pacific/Chatham",),
}
# Cities that the tz database does not name, or names twice, as `_folded` writes them.
CITIES = {
    city: zone
    for zone, cities in {
        "Africa/Casablanca": "marrakech rabat",
        "Africa/Johannesburg": "cape_town durban pretoria",
        "Africa/Lagos": "abuja",
        "America/Argentina/Buenos_Aires": "buenos_aires",
        "America/Argentina/Mendoza": "mendoza",
        "America/Bogota": "medellin",
        "America/Chicago": "austin dallas houston minneapolis",
        "America/Denver": "salt_lake_city",
        "America/Edmonton": "calgary",
        "America/Indiana/Indianapolis": "indianapolis",
        "America/Kentucky/Louisville": "louisville",
        "America/Los_Angeles": "las_vegas san_diego san_francisco seattle silicon_valley",
        "America/New_York": "atlanta boston miami new_york_city nyc philadelphia washington washington_dc",
        "America/Sao_Paulo": "brasilia curitiba rio rio_de_janeiro",
        "America/Toronto": "montreal ottawa quebec",
        "Asia/Dubai": "abu_dhabi",
        "Asia/Ho_Chi_Minh": "hanoi ho_chi_minh_city",
        "Asia/Jerusalem": "haifa tel_aviv",
        "Asia/Karachi": "islamabad lahore",
        "Asia/Kolkata": "bangalore bengaluru bombay chennai delhi hyderabad mumbai new_delhi pune",
        "Asia/Nicosia": "nicosia",
        "Asia/Shanghai": "beijing chengdu guangzhou hangzhou shenzhen",
        "Asia/Tokyo": "kyoto osaka yokohama",
        "Europe/Amsterdam": "eindhoven rotterdam the_hague utrecht",
        "Europe/Berlin": "cologne dusseldorf frankfurt hamburg koeln koln leipzig muenchen munchen munich stuttgart",
        "Europe/Brussels": "antwerp",
        "Europe/Istanbul": "ankara istanbul izmir",
        "Europe/Kyiv": "kharkiv lviv odesa",
        "Europe/Lisbon": "lisboa porto",
        "Europe/London": "edinburgh glasgow liverpool manchester",
        "Europe/Madrid": "barcelona sevilla seville",
        "Europe/Moscow": "saint_petersburg st_petersburg",
        "Europe/Paris": "lille lyon marseille strasbourg toulouse",
        "Europe/Prague": "brno praha",
        "Europe/Rome": "milan milano naples roma turin",
        "Europe/Stockholm": "goteborg gothenburg malmo",
        "Europe/Vienna": "graz salzburg wien",
        "Europe/Warsaw": "cracow gdansk krakow lodz poznan warszawa wroclaw",
        "Europe/Zurich": "basel bern geneva geneve lausanne",
        "Pacific/Auckland": "christchurch wellington",
    }.items()
    for city in cities.split()
}
# Letters that are written in other ways, beyond accents.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae"} | dict.fromkeys("_-,", " ") | dict.fromkeys(".'’")
)


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
    """The IANA names of all zones that can be lived in: places, UTC, and whole hours from it. No old abbreviations."""
    offsets = {_fixed(hours) for hours in range(-12, 15)}
    return frozenset({*_places(), *(offsets & available_timezones())})


def zone_names() -> Sequence[str]:
    """The names to choose from: places and UTC."""
    return sorted(_places())


def spoken(name: str) -> str:
    """The name of a zone as people say it: the tz database has the signs of fixed offsets the other way round."""
    offset = name.removeprefix("Etc/GMT")
    return f"UTC{'-' if offset[0] == '+' else '+'}{offset[1:]}" if offset != name and offset else name


def find_zone(words: str) -> str:
    """The zone meant by an IANA name, a city or an offset such as `UTC+2`, without regard to case and accents.

    Empty when none or several are. Offsets are as people say them: `UTC+2` is two hours ahead, which is `Etc/GMT-2`.
    """
    if offset := _offset(words):
        hours, minutes = offset
        return _fixed(hours) if not minutes and _fixed(hours) in available() else ""
    found = _called().get(_folded(words), ())
    return found[0] if len(found) == 1 else ""


def nearest_zones(words: str) -> list[str]:
    """The names that look most like these words, or that keep the offset they say: at most three."""
    if offset := _offset(words):
        return list(BETWEEN.get(offset, ()))
    near = get_close_matches(_folded(words), _called(), n=6, cutoff=0.6)
    return list(dict.fromkeys(name for called in near for name in _called()[called]))[:3]


@cache
def _called() -> Mapping[str, Sequence[str]]:
    """The zones that are meant by a name or a city."""
    called: dict[str, list[str]] = {_folded(name): [name] for name in available()}
    for name in zone_names():
        if "/" in name:
            called.setdefault(_folded(name.rpartition("/")[2]), []).append(name)
    return called | {city: [zone] for city, zone in CITIES.items()}


@cache
def _places() -> frozenset[str]:
    return frozenset({"UTC", *(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))})


def _fixed(hours: int) -> str:
    """The zone that is always so many hours ahead of UTC. POSIX, and so the tz database, counts the other way."""
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"


def _offset(words: str) -> tuple[int, int] | None:
    """The hours, with the sign, and minutes ahead of UTC; None for words that say no offset."""
    plain = " ".join(words.casefold().replace("−", "-").split())
    if plain in ("gmt", "utc", "z"):
        return 0, 0
    found = _OFFSET.fullmatch(plain)
    if not found:
        return None
    hours = int(found["hours"])
    return (-hours if found["sign"] == "-" else hours), int(found["minutes"] or 0)


def _folded(words: str) -> str:
    """Words without what people write in different ways: case, accents, spaces, hyphens and dots."""
    letters = unicodedata.normalize("NFKD", words.casefold().translate(_LETTERS))
    return "_".join("".join(char for char in letters if not unicodedata.combining(char)).split())
