"""Pictures for cards, drawn by Pillow: readable on light and dark, and never telling by colour alone."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from io import BytesIO
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from bot.messages import Picture
from bot.wording import count, say

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

WIDTH = 640  # pixels: phones show it whole
WIDE = 800
COLUMNS = 60  # of a terminal, for what is drawn with characters
ALT_LIMIT = 1024  # characters: Discord's
NAME_LIMIT = 40  # characters of a choice in the alt text

# An opaque ground, so that the chat's own colour does not matter. Text is drawn on it by value, in steps of the palette
# (12, or what the colours leave), which smooths its edges; 16 colours make a PNG of four bits a pixel.
_GROUND, _INK = (30, 36, 48), (242, 244, 248)
_TEXT, _TRACK, _BAR, _RIGHT = 12, 13, 14, 15
_COLOURS = ((44, 52, 68), (127, 140, 163), (79, 195, 161))

_ROW, _THICK, _EDGE, _TICK, _GAP = 48, 26, 20, 30, 14
_FONT_SIZE, _NAME_WIDTH = 24, 150

# Answers a day, in five levels by what is exceeded. Each is lighter than the one before by half or more.
_BOUNDS = (0, 2, 5, 10)
_LEVELS = ((46, 55, 72), (42, 128, 108), (70, 174, 144), (127, 216, 187), (226, 252, 240))
_AMOUNTS = ("0", "1–2", "3–5", "6–10", "11+")
_FROZEN = len(_LEVELS)
_SIGNS = "·░▒▓█❄"  # of the levels and of a frozen day
_WEEKS, _TEXT_WEEKS, _YEAR = 53, 26, 365
_CELL, _PITCH, _SMALL = 11, 14, 17  # pixels: a day, from day to day, and the font

_STEPS, _STEP_WIDTH, _RANK = (150, 105, 70), 190, 48  # pixels: the heights of a podium's steps, and the font of ranks
_COLUMNS_OF_PODIUM = (1, 0, 2)  # where the first, the second and the third stand

_PARTS = "█▒·"  # known, learning, new
_SECTIONS, _SECTION_WIDTH, _SECTION_CELLS = 25, 240, 24
_LINE, _BLOCK, _FONT, _LEAST = 36, 20, 20, 6  # pixels; the last: of a part, however small its share


def answers_chart(counts: Sequence[tuple[str, int, bool]], name: str = "answers.png") -> Picture:
    """How often each choice was given: what it is called, how many chose it, and whether it is right."""
    return Picture(name, _drawn(counts), _alt(counts))


def heat_map(days: Mapping[date, int], today: date, frozen: Collection[date] = (), name: str = "year.png") -> Picture:
    """A year of answers, a square a day; `frozen` are the days without any that a freeze covered."""
    span = _Span.of(days, today, frozen, _WEEKS)
    return Picture(name, _heat_drawn(span), _heat_alt(span))


def heat_text(days: Mapping[date, int], today: date, frozen: Collection[date] = ()) -> str:
    """Half a year of the same with characters, as a code block."""
    span = _Span.of(days, today, frozen, _TEXT_WEEKS)
    above = ""
    for column, month in span.months():
        start, short = 4 + 2 * column, _column(month, 6).rstrip()
        if _cells(above) < start and start + _cells(short) <= COLUMNS:
            above = _column(above, start) + short
    rows = [[" "] * _TEXT_WEEKS for _ in range(7)]
    for column, row, level in span.squares():
        rows[row][column] = _SIGNS[level]
    beside = [_column(day, 3) for day in _weekdays()]
    lines = [f"{day} {' '.join(row)}" for day, row in zip(beside, rows, strict=True)]
    amounts = (*_AMOUNTS, say("kept by a freeze"))
    legend = "  ".join(f"{sign} {amount}" for sign, amount in zip(_SIGNS, amounts, strict=True))
    return _block([above, *lines, "", _column(legend, COLUMNS)])


def mastery_chart(sections: Sequence[tuple[str, int, int, int]], name: str = "mastery.png") -> Picture:
    """How far each section is: its title, and how many questions are known, being learned, and new."""
    shown = _summed_up(sections)
    return Picture(name, _mastery_drawn(shown), _mastery_alt(shown))


def mastery_text(sections: Sequence[tuple[str, int, int, int]]) -> str:
    """The same with characters, as a code block."""
    shown = _summed_up(sections)
    titles, numbers = [_one_line(section[0])[:NAME_LIMIT] for section in shown], [section[1:] for section in shown]
    figure = max((len(str(number)) for parts in numbers for number in parts), default=1) + 2
    room = COLUMNS - 3 * figure
    title_width = min(max(map(_cells, titles), default=0), _SECTION_CELLS, room - 8)
    length = min(room - title_width - 1, 24)
    lines = []
    for title, parts in zip(titles, numbers, strict=True):
        pieces = zip(_PARTS, _lengths(parts, length, 1), strict=True)
        bar = "".join(sign * piece for sign, piece in pieces).ljust(length)
        lines.append(f"{_column(title, title_width)} {bar}{''.join(str(number).rjust(figure) for number in parts)}")
    legend = "  ".join(f"{sign} {word}" for sign, word in zip(_PARTS, _states(), strict=True))
    return _block([_column(legend, COLUMNS), *lines])


def podium_chart(places: Sequence[tuple[int, str, int]], name: str = "podium.png") -> Picture:
    """The best three of a battle on their steps: of each, in order, the rank, the name and the points."""
    best = places[: len(_STEPS)]
    return Picture(name, _podium_drawn(best), _podium_alt(best), _podium_text(best))


@dataclass(frozen=True, slots=True)
class _Span:
    """The weeks that are shown, and what was done in them; the first and the last may be cut."""

    monday: date
    first: date
    last: date
    days: Mapping[date, int]
    kept: frozenset[date]

    @classmethod
    def of(cls, days: Mapping[date, int], today: date, frozen: Collection[date], weeks: int) -> _Span:
        # Who flew west may have answered on what is now tomorrow, or, over the date line, the day after.
        ahead = (day for day, number in days.items() if number > 0 and 0 < (day - today).days <= 2)
        last = max(ahead, default=today)
        monday = last - timedelta(7 * (weeks - 1) + last.weekday())
        first = max(monday, last - timedelta(_YEAR - 1))
        done = {day: days[day] for day in sorted(days) if first <= day <= last and days[day] > 0}
        kept = frozenset(day for day in frozen if first <= day <= last and day not in done)
        return cls(monday, first, last, done, kept)

    def squares(self) -> Iterator[tuple[int, int, int]]:
        """Of every day its column, its row, and its level or that it is frozen."""
        for offset in range((self.first - self.monday).days, (self.last - self.monday).days + 1):
            day = self.monday + timedelta(offset)
            level = sum(self.days.get(day, 0) > bound for bound in _BOUNDS)
            yield offset // 7, offset % 7, _FROZEN if day in self.kept else level

    def months(self) -> list[tuple[int, str]]:
        """Where each month begins; the first one, which is cut, only if there is room before the next."""
        names = say("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()  # one text, so that none is missing
        offsets = range((self.first - self.monday).days, (self.last - self.monday).days + 1)
        days = [(offset // 7, self.monday + timedelta(offset)) for offset in offsets]
        starts = [(column, names[day.month - 1]) for column, day in days if day in (self.first, day.replace(day=1))]
        return starts[1:] if len(starts) > 1 and starts[1][0] - starts[0][0] < 3 else starts


def _heat_alt(span: _Span) -> str:
    if not span.days:
        parts = [say("In the last year you did not practise")]
    else:
        names = say("January February March April May June July August September October November December").split()
        best = max(span.days, key=lambda day: span.days[day])
        practised = count(
            "In the last year you practised on {number} day, {day} ({answers})",
            "In the last year you practised on {number} days, most on {day} ({answers})",
            len(span.days),
            day=say("{day} {month}", day=best.day, month=names[best.month - 1]),
            answers=count("{number} answer", "{number} answers", span.days[best]),
        )
        months: dict[tuple[int, int], int] = {}
        for day in span.days:
            months[day.year, day.month] = months.get((day.year, day.month), 0) + 1
        each = ", ".join(
            say("{month} {year}: {number}", month=names[month - 1], year=year, number=number)
            for (year, month), number in months.items()
        )
        parts = [practised, say("days by month: {each}", each=each)]
    if span.kept:
        one, many = "a freeze kept your streak on {number} day", "freezes kept your streak on {number} days"
        parts.insert(1, count(one, many, len(span.kept)))
    return _shortened("; ".join(parts) + ".", ALT_LIMIT)


def _heat_drawn(span: _Span) -> bytes:
    from PIL import Image, ImageDraw

    font, text, top = _font(_SMALL), 15 - len(_LEVELS), 34
    beside = [_fitting(day, font, 38) if row in (0, 2, 4) else "" for row, day in enumerate(_weekdays())]
    right = WIDE - 9
    left = right - _WEEKS * _PITCH + _PITCH - _CELL
    foot = top + 7 * _PITCH + 24
    picture = Image.new("L", (WIDE, foot + 24))
    draw = ImageDraw.Draw(picture)
    end = 0
    for column, month in span.months():
        short = _fitting(month, font, 4 * _PITCH - 8)
        start = min(left + column * _PITCH, right - _width(font, short))
        if start > end:
            draw.text((start, top - 8), short, text, font, "ls")
            end = start + _width(font, short) + 6
    for row, day in enumerate(beside):
        draw.text((left - 7, top + row * _PITCH + _CELL // 2), day, text, font, "rm")
    for column, row, level in span.squares():
        _square(draw, left + column * _PITCH, top + row * _PITCH, level, text)
    x = left
    title = _fitting(say("Answers a day"), font, 180)
    draw.text((x, foot), title, text, font, "lm")
    x += _width(font, title) + 20
    for level, told in enumerate((*_AMOUNTS, say("Kept by a freeze"))):
        shown = _fitting(told.replace("–", "-"), font, 180)
        _square(draw, x, foot - _CELL // 2, level, text)
        draw.text((x + _CELL + 7, foot), shown, text, font, "lm")
        x += _CELL + 7 + _width(font, shown) + 20
    return _png(picture, _LEVELS)


def _square(draw: ImageDraw.ImageDraw, x: int, y: int, level: int, ink: int) -> None:
    """A day: filled, or outlined with a snowflake in it."""
    end = _CELL - 1
    if level < _FROZEN:
        draw.rectangle((x, y, x + end, y + end), 16 - len(_LEVELS) + level)
        return
    draw.rectangle((x, y, x + end, y + end), None, ink)
    half, near, far = end // 2, 2, end - 2
    for left, top, right, bottom in (
        (half, near, half, far),
        (near, half, far, half),
        (near + 1, near + 1, far - 1, far - 1),
        (near + 1, far - 1, far - 1, near + 1),
    ):
        draw.line((x + left, y + top, x + right, y + bottom), ink)


def _podium_alt(places: Sequence[tuple[int, str, int]]) -> str:
    told = [
        count(
            "{rank}. {name} with {number} point",
            "{rank}. {name} with {number} points",
            points,
            rank=rank,
            name=_shortened(_one_line(name), NAME_LIMIT),
        )
        for rank, name, points in places
    ]
    return say("Podium: {places}.", places="; ".join(told))


def _podium_text(places: Sequence[tuple[int, str, int]]) -> str:
    most = max((points for *_, points in places), default=0)
    width = min(max((_cells(_one_line(name)) for _, name, _ in places), default=0), _SECTION_CELLS)
    lines = []
    for rank, name, points in places:
        bar = _PARTS[0] * max(round(24 * points / max(most, 1)), 1)
        lines.append(f"{rank}. {_column(_one_line(name), width)} {bar} {points}")
    return _block(lines)


def _podium_drawn(places: Sequence[tuple[int, str, int]]) -> bytes:
    from PIL import Image, ImageDraw

    font, large = _font(_FONT), _font(_RANK)
    floor = _GAP + 2 * _LINE + _STEPS[0]
    picture = Image.new("L", (WIDTH, floor + _GAP))
    draw = ImageDraw.Draw(picture)
    for column, (rank, name, points) in zip(_COLUMNS_OF_PODIUM, places, strict=False):
        left = _EDGE + column * (_STEP_WIDTH + _GAP)
        middle, top = left + _STEP_WIDTH // 2, floor - _STEPS[min(rank, len(_STEPS)) - 1]
        draw.rectangle((left, top, left + _STEP_WIDTH - 1, floor), _RIGHT if rank == 1 else _BAR)
        draw.text((middle, top - _LINE - 4), _fitting(name, font, _STEP_WIDTH), _TEXT, font, "mm")
        draw.text((middle, top - _GAP - 2), str(points), _TEXT, font, "mm")
        draw.fontmode = "1"  # between a step's colour and the ground's, the palette has others
        draw.text((middle, (top + floor) // 2), str(rank), 0, large, "mm")
        draw.fontmode = "L"
    draw.line((_EDGE, floor + 1, WIDTH - _EDGE, floor + 1), _TEXT, 2)
    return _png(picture, _COLOURS)


def _summed_up(sections: Sequence[tuple[str, int, int, int]]) -> Sequence[tuple[str, int, int, int]]:
    """As many sections as are shown, the last of them standing for the rest."""
    if len(sections) <= _SECTIONS:
        return sections
    shown, rest = sections[: _SECTIONS - 1], sections[_SECTIONS - 1 :]
    title = count("{number} more section", "{number} more sections", len(rest))
    known, learning, new = _totals(rest)
    return [*shown, (title, known, learning, new)]


def _totals(sections: Sequence[tuple[str, int, int, int]]) -> Iterator[int]:
    return map(sum, zip(*(section[1:] for section in sections), strict=True))


def _states() -> tuple[str, str, str]:
    return say("known"), say("learning"), say("new")


def _mastery_alt(sections: Sequence[tuple[str, int, int, int]]) -> str:
    if not sections:
        return say("There are no sections") + "."
    known, learning, new = _totals(sections)
    whole = count(
        "Of {number} question you know {known}, are learning {learning}, and {new} is new",
        "Of {number} questions you know {known}, are learning {learning}, and {new} are new",
        known + learning + new,
        known=known,
        learning=learning,
        new=new,
    )
    limit = min(NAME_LIMIT, 450 // len(sections))  # so that, with usual numbers, every section is told
    told = [f"{_shortened(_one_line(title), limit)}: {', '.join(map(str, parts))}" for title, *parts in sections]
    each = say("known, learning and new by section: {each}", each="; ".join(told))
    return _shortened(f"{whole}; {each}.", ALT_LIMIT)


def _mastery_drawn(sections: Sequence[tuple[str, int, int, int]]) -> bytes:
    from PIL import Image, ImageDraw

    font = _font(_FONT)
    names, numbers = [_fitting(title, font, _SECTION_WIDTH) for title, *_ in sections], [one[1:] for one in sections]
    widths = [max((_width(font, str(parts[part])) for parts in numbers), default=0) for part in range(3)]
    ends = [WIDE - _EDGE - sum(max(width, _BLOCK) + 18 for width in widths[part + 1 :]) for part in range(3)]
    left = _EDGE + max((_width(font, text) for text in names), default=0) + _GAP
    right = ends[0] - max(widths[0], _BLOCK) - 18

    picture = Image.new("L", (WIDE, (len(sections) + 1) * _LINE + 2 * _GAP))
    draw = ImageDraw.Draw(picture)
    middle = _GAP + _LINE // 2
    x = _EDGE
    for part, word in enumerate(_states()):
        shown = _fitting(word, font, 110)
        _part(picture, part, x, middle, _BLOCK)
        draw.text((x + _BLOCK + 8, middle), shown, _TEXT, font, "lm")
        x += _BLOCK + 8 + _width(font, shown) + 24
        _part(picture, part, ends[part] - _BLOCK, middle, _BLOCK)  # heads its numbers
    for text, parts in zip(names, numbers, strict=True):
        middle += _LINE
        draw.text((_EDGE, middle), text, _TEXT, font, "lm")
        x = left
        for part, length in enumerate(_lengths(parts, right - left, _LEAST)):
            _part(picture, part, x, middle, length - 2)
            x += length
        for number, end in zip(parts, ends, strict=True):
            draw.text((end, middle), str(number), _TEXT, font, "rm")
    return _png(picture, _COLOURS)


def _part(picture: Image.Image, part: int, x: int, middle: int, width: int) -> None:
    """A piece of a bar, told by its pattern: known is full, being learned is hatched, new is hollow."""
    from PIL import ImageDraw

    if width <= 0:
        return
    top, bottom = middle - _BLOCK // 2, middle + _BLOCK // 2 - 1
    draw = ImageDraw.Draw(picture)
    if part == 1:
        picture.paste(_hatching().crop((x, 0, x + width, _BLOCK)), (x, top))
    draw.rectangle((x, top, x + width - 1, bottom), _RIGHT if part == 0 else None, _RIGHT if part == 0 else _BAR)


@cache
def _hatching() -> Image.Image:
    from PIL import Image, ImageDraw

    strip = Image.new("L", (WIDE, _BLOCK))
    draw = ImageDraw.Draw(strip)
    for x in range(-_BLOCK, WIDE, 8):
        draw.line((x, _BLOCK, x + _BLOCK, 0), _BAR, 4)
    return strip


def _lengths(numbers: Sequence[int], whole: int, least: int) -> list[int]:
    """The whole split by the numbers: none for zero, and at least the least for any other."""
    total, spare = max(sum(numbers), 1), whole - least * sum(number > 0 for number in numbers)
    edges = [spare * done // total for done in accumulate(numbers, initial=0)]
    pairs = zip(numbers, pairwise(edges), strict=True)
    return [end - start + least if number > 0 else 0 for number, (start, end) in pairs]


def _weekdays() -> list[str]:
    return say("Mon Tue Wed Thu Fri Sat Sun").split()


def _block(lines: Sequence[str]) -> str:
    """A code block, which no text in it ends."""
    return "\n".join(("```", *(line.rstrip().replace("`", "'") for line in lines), "```"))


def _column(text: str, width: int) -> str:
    """Cut, or filled up with spaces, to so many cells of a terminal."""
    if _cells(text) > width:
        while _cells(text) >= width:
            text = text[:-1]
        text += "…"
    return text + " " * (width - _cells(text))


def _cells(text: str) -> int:
    """How wide a terminal shows it: accents take no room, ideographs and emoji two cells."""
    shown = (char for char in text if unicodedata.category(char) not in ("Mn", "Me"))
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in shown)


def _alt(counts: Sequence[tuple[str, int, bool]]) -> str:
    """The same in words, the right choice first."""
    total = sum(number for _, number, _ in counts)
    parts = [] if total else [say("Nobody has answered yet")]
    for choice, number, right in sorted(counts, key=lambda one: not one[2]):
        shown = _shortened(_one_line(choice), NAME_LIMIT)
        if not right:
            parts.append(count("{number} chose {choice}", "{number} chose {choice}", number, choice=shown))
        elif total:
            told = say("{number} of {total} chose {choice}, which is right", number=number, total=total, choice=shown)
            parts.append(told)
        else:
            parts.append(say("{choice} is right, and {number} chose it", choice=shown, number=number))
    return _shortened("; ".join(parts) + ".", ALT_LIMIT)


def _drawn(counts: Sequence[tuple[str, int, bool]]) -> bytes:
    from PIL import Image, ImageDraw  # here, so that start-up does not wait for it

    font = _font(_FONT_SIZE)
    total = sum(number for _, number, _ in counts)
    names = [_fitting(choice, font, _NAME_WIDTH) for choice, _, _ in counts]
    numbers = [(_share(number, total), str(number)) for _, number, _ in counts]
    share_width = _width(font, "100%")
    left = _EDGE + _TICK + max((_width(font, text) for text in names), default=0) + _GAP
    end = WIDTH - _EDGE - max((_width(font, number) for _, number in numbers), default=0)
    right = end - _GAP - share_width - _GAP

    picture = Image.new("L", (WIDTH, max(len(counts), 1) * _ROW + 2 * _EDGE))  # of palette numbers
    draw = ImageDraw.Draw(picture)
    for row, ((_, number, correct), text, (share, told)) in enumerate(zip(counts, names, numbers, strict=True)):
        middle = _EDGE + row * _ROW + _ROW // 2
        top, bottom = middle - _THICK // 2, middle + _THICK // 2
        draw.rectangle((left, top, right, bottom), _TRACK)
        if number:
            length = max(round((right - left) * number / total), 2)
            draw.rectangle((left, top, left + length, bottom), _RIGHT if correct else _BAR)
        draw.text((_EDGE + _TICK, middle), text, _TEXT, font, "lm")
        draw.text((right + _GAP + share_width, middle), share, _TEXT, font, "rm")
        draw.text((WIDTH - _EDGE, middle), told, _TEXT, font, "rm")
        if correct:
            tick = _tick()
            picture.paste(_TEXT, (_EDGE, middle - tick.height // 2), tick)
    return _png(picture, _COLOURS)


def _png(picture: Image.Image, colours: Sequence[tuple[int, int, int]]) -> bytes:
    picture.putpalette(_palette(colours))
    written = BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def _palette(colours: Sequence[tuple[int, int, int]]) -> list[int]:
    """The steps from ground to text, then the colours."""
    last = 15 - len(colours)
    ramp = [tuple(g + (i - g) * step // last for g, i in zip(_GROUND, _INK, strict=True)) for step in range(last + 1)]
    return [value for colour in (*ramp, *colours) for value in colour]


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # noqa: S101 - as for every size
    return font


@cache
def _tick() -> Image.Image:
    """A check mark, as a mask: the font has none. Drawn large, so that its edges are smooth."""
    from PIL import Image, ImageDraw

    large = Image.new("L", (88, 88))
    ImageDraw.Draw(large).line(((10, 48), (34, 72), (78, 16)), 255, 14, joint="curve")
    return large.resize((22, 22), Image.Resampling.LANCZOS)


def _width(font: ImageFont.FreeTypeFont, text: str) -> int:
    return round(font.getlength(text))


def _share(number: int, total: int) -> str:
    return "<1%" if 0 < number * 200 < total else f"{number / max(total, 1):.0%}"


def _fitting(choice: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """The name in ASCII, which is what the font has, and as much of it as there is room for."""
    letters = unicodedata.normalize("NFKD", _one_line(choice)[:NAME_LIMIT])
    whole = "".join(char if char.isascii() else "?" for char in letters if not unicodedata.combining(char))
    if _width(font, whole) <= width:
        return whole
    cuts = [whole[:end].rstrip() + "..." for end in range(len(whole))]
    return cuts[max(bisect_right(cuts, width, key=lambda cut: _width(font, cut)) - 1, 0)]


def _one_line(choice: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in choice).split()) or "?"


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
