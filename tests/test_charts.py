"""Charts are small pictures that say the same in words."""

from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from bot.charts import ALT_LIMIT, WIDTH, answers_chart

SMALL = 8_000  # bytes
SOME = [("A", 5, False), ("B", 12, True), ("C", 3, False), ("D", 0, False)]


def opened(content: bytes) -> Image.Image:
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture


def bar(content: bytes, row: int) -> list[tuple[int, int, int]]:
    """The colours along a row's bar: its upper edge, where no text is."""
    picture = opened(content).convert("RGB")
    return [picture.getpixel((x, 20 + 48 * row + 12)) for x in range(120, 500)]  # type: ignore[misc]


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """As WCAG 2 measures it."""

    def luminance(colour: tuple[int, ...]) -> float:
        parts = [part / 255 for part in colour]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_a_chart_is_a_small_png_with_a_palette() -> None:
    chart = answers_chart(SOME)
    picture = opened(chart.content)
    assert chart.name == "answers.png"
    assert (picture.format, picture.mode, picture.width) == ("PNG", "P", WIDTH)
    assert len(chart.content) < SMALL


def test_the_same_counts_make_the_same_picture_and_others_another() -> None:
    assert answers_chart(SOME) == answers_chart(SOME)
    others = [answers_chart([("A", 5, False), ("B", number, True)]).content for number in range(4)]
    assert len(set(others)) == len(others)


def test_a_choice_adds_a_row() -> None:
    heights = [opened(answers_chart(SOME[:number]).content).height for number in range(1, 5)]
    assert all(after > before for before, after in pairwise(heights))


def test_bars_are_as_long_as_their_share() -> None:
    content = answers_chart([("A", 1, False), ("B", 3, True), ("C", 0, False)]).content
    empty = bar(content, 2)[0]
    quarter, most = (sum(pixel != empty for pixel in bar(content, row)) for row in (0, 1))
    assert 0 < quarter < most < 400
    assert {empty} == set(bar(content, 2))


def test_the_right_choice_has_a_check_mark_and_its_own_colour() -> None:
    def marks(right: int) -> list[bool]:
        picture = opened(answers_chart([(letter, 1, row == right) for row, letter in enumerate("ABC")]).content)
        rows = [picture.crop((0, 20 + 48 * row, 48, 68 + 48 * row)) for row in range(3)]
        return [len(row.getcolors() or ()) > 1 for row in rows]

    assert marks(1) == [False, True, False]
    assert marks(-1) == [False, False, False]
    content = answers_chart([("A", 1, False), ("B", 1, True)]).content
    assert bar(content, 0)[0] != bar(content, 1)[0]


def test_text_and_bars_stand_out_from_the_ground_which_is_opaque() -> None:
    picture = opened(answers_chart(SOME).content)
    assert "transparency" not in picture.info
    used = [colour for _, colour in picture.convert("RGB").getcolors() or ()]
    ground = picture.convert("RGB").getpixel((0, 0))
    assert max(contrast(colour, ground) for colour in used) > 7
    content = answers_chart([("A", 1, False), ("B", 1, True), ("C", 0, False)]).content
    other, right, track = (bar(content, row)[0] for row in range(3))
    assert contrast(other, ground) > 3
    assert contrast(right, ground) > 3
    assert contrast(other, track) > 3
    assert contrast(right, track) > 3


def test_the_alt_text_says_the_same_the_right_choice_first() -> None:
    assert answers_chart(SOME).alt == "12 of 20 chose B, which is right; 5 chose A; 3 chose C; 0 chose D."


def test_without_answers_it_shows_what_is_right_and_says_that_nobody_has_answered() -> None:
    chart = answers_chart([("A", 0, False), ("B", 0, True)])
    assert opened(chart.content).width == WIDTH
    assert chart.alt == "Nobody has answered yet; B is right, and 0 chose it; 0 chose A."


def test_without_choices_there_is_still_a_picture() -> None:
    chart = answers_chart([])
    assert opened(chart.content).width == WIDTH
    assert chart.alt == "Nobody has answered yet."


def test_long_names_and_great_numbers_leave_room_for_the_bars() -> None:
    content = answers_chart([("W" * 300, 1_234_567, True), ("Ein sehr langer Name", 7_654_321, False)]).content
    first, second = bar(content, 0)[150:300], bar(content, 1)[150:300]
    assert len(content) < SMALL
    assert len(set(first)) <= 2
    assert len(set(second)) <= 2


@given(st.lists(st.tuples(st.text(max_size=60), st.integers(0, 10**9), st.booleans()), max_size=8))
def test_any_names_and_numbers_make_a_picture_and_a_text(counts: list[tuple[str, int, bool]]) -> None:
    chart = answers_chart(counts)
    assert opened(chart.content).width == WIDTH
    assert 0 < len(chart.alt) <= ALT_LIMIT
    assert chart.alt.isprintable()
    assert all(str(number) in chart.alt for _, number, _ in counts)


@pytest.mark.parametrize("name", ["{0}", "{number}", "50% of %s", "<b>&amp;", "**A**", "שלום", "選択肢", "é"])
def test_a_name_of_any_characters_stands_in_the_alt_text_as_it_is(name: str) -> None:
    assert f"1 chose {name}." in answers_chart([("B", 1, True), (name, 1, False)]).alt


def test_a_letter_that_the_font_has_not_is_drawn_as_a_question_mark_and_accents_are_left_out() -> None:
    assert answers_chart([("Köln", 1, True)]).content == answers_chart([("Koln", 1, True)]).content
    assert answers_chart([("選", 1, True)]).content == answers_chart([("?", 1, True)]).content


def test_the_font_has_every_letter_that_is_drawn() -> None:
    font = ImageFont.load_default(24)
    missing = bytes(font.getmask("\uffff"))
    assert all(bytes(font.getmask(chr(number))) != missing for number in range(ord("!"), ord("~") + 1))
