"""When a daily question is due. Pure rules over moments (aware, UTC), local days and time zones.

Each day that a room's zone knows has exactly one due moment, and that moment lies on the day. Where clocks are set
back and the time comes twice, it is the first. Where they are set forward over it, it is as much later as they were
set, or as much earlier where later would be tomorrow: 23:30 in Nuuk, on the day that ends at 23:00, is 22:30. A day
that a zone left out (30 December 2011 in Apia) has none.

Weekdays are text of ISO numbers in order, as they are stored: "12345" is Monday to Friday.
"""

import re
import zlib
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

EVERY_DAY = "1234567"
LATE = timedelta(hours=6)  # how long after its moment a question is still worth posting
DIGEST_AFTER = timedelta(minutes=5)  # the moment of a question

_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GROUPS = {
    "all": EVERY_DAY,
    "daily": EVERY_DAY,
    "everyday": EVERY_DAY,
    "weekday": "12345",
    "weekdays": "12345",
    "weekend": "67",
    "weekends": "67",
}
_TIME = re.compile(
    r"(?:at )?(?P<hour>[0-9]{1,2})(?:[:.h]?(?P<minute>[0-5][0-9]))? ?(?:h|o['’]?clock)? ?(?:(?P<half>[ap])\.?m\.?)?"
)


def next_due(
    after: datetime, at: time, zone: ZoneInfo, weekdays: str = EVERY_DAY, last: date | None = None
) -> datetime:
    """The first moment after `after` that is due on one of the weekdays; with `last`, on a later day than that."""
    if not set(weekdays) & set(EVERY_DAY):
        raise ValueError(f"no weekday: {weekdays!r}")
    day = day_of(after, zone)
    if last:
        day = max(day, last + _DAY)
    days = (day + number * _DAY for number in count())
    dues = (_due(day, at, zone) for day in days if str(day.isoweekday()) in weekdays)
    return next(due for due in dues if due and due > after)


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The local day of a moment; of a due moment, the day that it was due for."""
    return moment.astimezone(zone).date()


def in_time(due: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """Whether what was due is still to be posted: on its own day, and at most LATE."""
    return due <= now <= due + LATE and day_of(now, zone) == day_of(due, zone)


def reveal_after(due: datetime, at: time, zone: ZoneInfo) -> datetime:
    """When to reveal the answer to what was due: the first `at` after it."""
    return next_due(due, at, zone)


def next_digest(after: datetime, at: time, zone: ZoneInfo, calendar: ZoneInfo) -> datetime:
    """The first moment after `after` at which a digest of the week before is due.

    That is on Mondays, five minutes after a question would be, or before it where that would be on Tuesday; but not
    before the week is over in the calendar of boards too.
    """
    monday = monday_of(after, zone)
    dues = (_digest_due(monday + number * _WEEK, at, zone, calendar) for number in count())
    return next(due for due in dues if due and due > after)


def monday_of(moment: datetime, zone: ZoneInfo) -> date:
    """The first day of the ISO week of a moment."""
    day = day_of(moment, zone)
    return day - day.weekday() * _DAY


def spread(room: str) -> int:
    """Which second of the minute, 0 to 59, is this room's, in every process: so that not all post at once."""
    return zlib.crc32(room.encode()) % 60


def read_time(written: str) -> time | None:
    """The time that was meant by `09:00`, `9`, `9 pm`, `21.30`, `2130` or `noon`; None when it can't be told."""
    words = " ".join(written.casefold().split())
    if words in ("noon", "midday", "midnight"):
        return time(0 if words == "midnight" else 12)
    found = _TIME.fullmatch(words)
    if not found:
        return None
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), found["half"]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute) if hour < 24 else None


def read_weekdays(written: str) -> str:
    """The weekdays meant by `mon-fri`, `Mon, Wed and Fri`, `weekend` or `every day`; empty when it can't be told."""
    words = re.sub(r"\b(?:every|each) day\b", "daily", " ".join(written.casefold().split()))
    words = re.sub(r"[,;&+/]|\b(?:and|every|each|on)\b", " ", words)
    words = re.sub(r" *(?:[-–—]|\b(?:to|till|until|thru|through)\b) *", "-", words)
    days: set[str] = set()
    for word in words.split():
        meant = _GROUPS.get(word) or _range(word)
        if not meant:
            return ""
        days.update(meant)
    return "".join(sorted(days))


def weekdays_in_words(weekdays: str) -> str:
    """`every day`, `Mon to Fri` or `Sat, Sun`. Three days in a row, or more, are told by the first and the last."""
    if set(weekdays) >= set(EVERY_DAY):
        return "every day"
    days = [day for day in range(7) if EVERY_DAY[day] in weekdays]
    parts: dict[int, str] = {}  # by the day they begin with
    for first in days:
        if (first - 1) % 7 in days:
            continue
        run = [first]
        while (run[-1] + 1) % 7 in days:
            run.append((run[-1] + 1) % 7)
        if len(run) > 2:
            parts[first] = f"{_short(run[0])} to {_short(run[-1])}"
        else:
            parts.update((day, _short(day)) for day in run)
    return ", ".join(parts[first] for first in sorted(parts))


def _due(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """The moment that is due on this day; None when the zone left the day out."""
    for fold in (0, 1):  # in a gap, 0 is later by as much as it is long, and 1 is earlier (PEP 495)
        due = datetime.combine(day, at, zone).replace(fold=fold).astimezone(UTC)
        if day_of(due, zone) == day:
            return due
    return None


def _digest_due(monday: date, at: time, zone: ZoneInfo, calendar: ZoneInfo) -> datetime | None:
    """When the digest of the week before this Monday is due; None when the zone left the day out."""
    asked, over = _due(monday, at, zone), _due(monday, time(), calendar)
    if not asked:
        return None
    due = asked + DIGEST_AFTER
    due = due if day_of(due, zone) == monday else asked - DIGEST_AFTER
    return max(due, over + DIGEST_AFTER) if over else due


def _range(words: str) -> str:
    """The days from one to another, or just one; they may go round the end of the week."""
    first, to, last = words.partition("-")
    start, end = _number(first), _number(last if to else first)
    if start is None or end is None:
        return ""
    return "".join(EVERY_DAY[(start + offset) % 7] for offset in range((end - start) % 7 + 1))


def _number(word: str) -> int | None:
    """The weekday, from 0 on, that begins with this word, which may have a plural s; two letters are enough."""
    for begin in (word, word.removesuffix("s")):
        if len(begin) > 1:
            for number, name in enumerate(_NAMES):
                if name.startswith(begin):
                    return number
    return None


def _short(day: int) -> str:
    return _NAMES[day][:3].capitalize()
