"""Pictures for cards, drawn by Pillow: readable on light and dark, and never telling by colour alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

from bot.messages import Picture
from bot.wording import count, say

if TYPE_CHECKING:
    from PIL import Image, ImageFont

WIDTH = 640  # pixels: phones show it whole
ALT_LIMIT = 1024  # characters: Discord's
NAME_LIMIT = 40  # characters of a choice in the alt text

# An opaque ground, so that the chat's own colour does not matter. Text is drawn on it by value, from 0 to 12 in steps
# of the palette, which smooths its edges; 16 colours make a PNG of four bits a pixel.
_GROUND, _INK = (30, 36, 48), (242, 244, 248)
_TEXT, _TRACK, _BAR, _RIGHT = 12, 13, 14, 15
_COLOURS = ((44, 52, 68), (127, 140, 163), (79, 195, 161))

_ROW, _THICK, _EDGE, _TICK, _GAP = 48, 26, 20, 30, 14
_FONT_SIZE, _NAME_WIDTH = 24, 150


def answers_chart(counts: Sequence[tuple[str, int, bool]], name: str = "answers.png") -> Picture:
    """How often each choice was given: what it is called, how many chose it, and whether it is right."""
    return Picture(name, _drawn(counts), _alt(counts))


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

    font = _font()
    total = sum(number for _, number, _ in counts)
    names = [_fitting(choice, font) for choice, _, _ in counts]
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
    picture.putpalette(_palette())
    written = BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def _palette() -> list[int]:
    ramp = [tuple(g + (i - g) * step // _TEXT for g, i in zip(_GROUND, _INK, strict=True)) for step in range(_TEXT + 1)]
    return [value for colour in (*ramp, *_COLOURS) for value in colour]


@cache
def _font() -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    font = ImageFont.load_default(_FONT_SIZE)
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


def _fitting(choice: str, font: ImageFont.FreeTypeFont) -> str:
    """The name in ASCII, which is what the font has, and as much of it as there is room for."""
    letters = unicodedata.normalize("NFKD", _one_line(choice)[:NAME_LIMIT])
    whole = "".join(char if char.isascii() else "?" for char in letters if not unicodedata.combining(char))
    text = whole
    while _width(font, text) > _NAME_WIDTH:
        whole = whole[:-1]
        text = whole.rstrip() + "..."
    return text


def _one_line(choice: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in choice).split()) or "?"


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
