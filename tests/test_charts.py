"""Charts are small pictures that say the same in words."""

import unicodedata
from datetime import date, timedelta
from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from bot.charts import ALT_LIMIT, COLUMNS, WIDE, WIDTH, answers_chart, heat_map, heat_text, mastery_chart, mastery_text

SMALL = 8_000  # bytes
SOME = [("A", 5, False), ("B", 12, True), ("C", 3, False), ("D", 0, False)]
TODAY = date(2026, 11, 24)  # a Tuesday
SECTIONS = [("Routing", 12, 5, 23), ("Templates", 0, 0, 8), ("Testing", 3, 0, 0)]
MANY = [(f"Section {number}", number, 2, 3) for number in range(40)]


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


def ago(days: int) -> date:
    return TODAY - timedelta(days)


def square(content: bytes, day: date, today: date = TODAY) -> list[tuple[int, int, int]]:
    """The colours of a day's square, row by row."""
    monday = today - timedelta(52 * 7 + today.weekday())
    column, row = divmod((day - monday).days, 7)
    left, top = 52 + 14 * column, 34 + 14 * row
    picture = opened(content).convert("RGB")
    return [picture.getpixel((left + x, top + y)) for y in range(11) for x in range(11)]  # type: ignore[misc]


def only(colours: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    (colour,) = set(colours)
    return colour


def lines(text: str) -> list[str]:
    """What is in the code block."""
    first, *inside, last = text.split("\n")
    assert (first, last) == ("```", "```")
    return inside


def cells(text: str) -> int:
    """How many columns of a terminal it takes."""
    marks = sum(unicodedata.category(char) in ("Mn", "Me") for char in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(char) in "WF" for char in text)


def test_a_year_is_a_small_png_with_a_palette_as_high_for_many_days_as_for_none() -> None:
    empty, full = heat_map({}, TODAY), heat_map({ago(number): number % 20 for number in range(4000)}, TODAY)
    for chart in (empty, full):
        picture = opened(chart.content)
        assert (picture.format, picture.mode, picture.width) == ("PNG", "P", WIDE)
        assert "transparency" not in picture.info
        assert len(chart.content) < SMALL
    assert opened(empty.content).size == opened(full.content).size
    assert full.name == "year.png"


def test_the_same_days_make_the_same_year_and_others_another() -> None:
    assert heat_map({ago(3): 2}, TODAY, [ago(4)]) == heat_map({ago(3): 2}, TODAY, [ago(4)])
    others = [
        heat_map({}, TODAY),
        heat_map({TODAY: 1}, TODAY),
        heat_map({TODAY: 3}, TODAY),
        heat_map({ago(1): 1}, TODAY),
        heat_map({ago(364): 1}, TODAY),
        heat_map({}, TODAY, [ago(1)]),
        heat_map({}, ago(1)),
    ]
    assert len({chart.content for chart in others}) == len(others)


def test_the_order_in_which_days_come_does_not_matter() -> None:
    days = {ago(number): 4 for number in range(0, 100, 3)}
    backwards = dict(reversed(days.items()))
    assert heat_map(days, TODAY) == heat_map(backwards, TODAY)


def test_more_answers_make_a_lighter_square_in_five_levels() -> None:
    numbers = (0, 1, 2, 3, 5, 6, 10, 11, 500)
    content = heat_map({ago(place): number for place, number in enumerate(numbers)}, TODAY).content
    shown = [only(square(content, ago(place))) for place in range(len(numbers))]
    nothing, one, two, three, five, six, ten, eleven, most = shown
    assert (one, three, six, eleven) == (two, five, ten, most)
    ground = opened(content).convert("RGB").getpixel((0, 0))
    assert contrast(nothing, ground) > 1.2
    assert contrast(one, ground) > 3
    for darker, lighter in pairwise((nothing, one, three, six, eleven)):
        assert sum(lighter) > sum(darker)
        assert contrast(darker, lighter) > 1.5


def test_a_frozen_day_has_a_sign_and_a_practised_one_shows_its_answers_even_if_called_frozen() -> None:
    content = heat_map({ago(2): 1}, TODAY, [ago(1), ago(2)]).content
    frozen = square(content, ago(1))
    outline, inside, middle = only(frozen[:11]), frozen[11 + 1], frozen[5 * 11 + 5]
    assert contrast(outline, inside) > 7
    assert middle == outline
    assert inside == opened(content).convert("RGB").getpixel((0, 0))
    assert only(square(content, ago(2))) == only(square(heat_map({ago(2): 1}, TODAY).content, ago(2)))


def test_days_to_come_have_no_square() -> None:
    content = heat_map({TODAY: 1}, TODAY).content
    ground = opened(content).convert("RGB").getpixel((0, 0))
    assert only(square(content, TODAY)) != ground
    assert only(square(content, TODAY + timedelta(1))) == ground


@pytest.mark.parametrize("ahead", [1, 2])
def test_who_flew_west_sees_the_day_that_is_still_to_come_here(ahead: int) -> None:
    day = TODAY + timedelta(ahead)
    assert heat_map({day: 1}, TODAY) == heat_map({day: 1}, day)
    assert heat_text({day: 1}, TODAY) == heat_text({day: 1}, day)
    assert heat_map({TODAY: 1, TODAY + timedelta(3): 1}, TODAY) == heat_map({TODAY: 1}, TODAY)


@pytest.mark.parametrize("weekday", range(7))
def test_a_year_is_365_days_whichever_day_today_is(weekday: int) -> None:
    today = TODAY + timedelta(weekday)
    whole, cut = heat_map({today - timedelta(364): 1}, today), heat_map({today - timedelta(365): 1}, today)
    assert "on 1 day," in whole.alt
    assert whole.content != cut.content
    assert cut == heat_map({}, today)


@pytest.mark.parametrize("offset", range(0, 366, 5))
def test_month_names_never_touch_nor_leave_the_picture(offset: int) -> None:
    picture = opened(heat_map({}, TODAY + timedelta(offset)).content).convert("L")
    names = picture.crop((0, 0, WIDE, 30))
    drawn = [names.crop((x, 0, x + 1, 30)).getextrema() != (names.getpixel((0, 0)),) * 2 for x in range(WIDE)]
    starts = [x for x in range(1, WIDE) if drawn[x] and not any(drawn[max(x - 5, 0) : x])]
    assert 11 <= len(starts) <= 13
    assert not any(drawn[-8:])


def test_a_leap_day_has_its_square() -> None:
    chart = heat_map({date(2028, 2, 29): 12}, date(2028, 12, 31))
    lightest = only(square(heat_map({TODAY: 11}, TODAY).content, TODAY))
    assert only(square(chart.content, date(2028, 2, 29), date(2028, 12, 31))) == lightest
    assert "29 February (12 answers)" in chart.alt
    assert "on 1 day, 29 February" in heat_map({date(2028, 2, 29): 1}, date(2028, 2, 29)).alt
    assert "on 1 day, 1 March" in heat_map({date(2027, 3, 1): 1, date(2027, 2, 28): 9}, date(2028, 2, 28)).alt


def test_the_alt_text_of_a_year_tells_days_the_best_one_freezes_and_months() -> None:
    days = {date(2025, 11, 30): 2, date(2026, 3, 3): 17, date(2026, 3, 4): 17, date(2026, 11, 24): 1}
    assert heat_map(days, TODAY, [date(2026, 3, 5)]).alt == (
        "In the last year you practised on 4 days, most on 3 March (17 answers); a freeze kept your streak on 1 day; "
        "days by month: November 2025: 1, March 2026: 2, November 2026: 1."
    )
    assert heat_map({TODAY: 1}, TODAY).alt == (
        "In the last year you practised on 1 day, 24 November (1 answer); days by month: November 2026: 1."
    )
    assert heat_map({ago(5): 0, ago(400): 3}, TODAY).alt == "In the last year you did not practise."


@given(
    st.dictionaries(st.dates(date(2025, 6, 1), date(2027, 6, 1)), st.integers(0, 10**9)),
    st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    st.lists(st.dates(date(2025, 6, 1), date(2027, 6, 1))),
)
def test_any_days_make_a_year_a_text_for_it_and_one_for_the_terminal(
    days: dict[date, int], today: date, frozen: list[date]
) -> None:
    chart = heat_map(days, today, frozen)
    assert opened(chart.content).width == WIDE
    assert 0 < len(chart.alt) <= ALT_LIMIT
    assert chart.alt.isprintable()
    assert max(map(cells, lines(heat_text(days, today, frozen)))) <= COLUMNS


def test_the_year_in_characters() -> None:
    days = {TODAY: 11, ago(1): 6, ago(2): 3, ago(3): 1, date(2026, 6, 1): 10, date(2026, 5, 31): 9}
    inside = lines(heat_text(days, TODAY, [ago(4)]))
    assert inside[0] == "    Jun     Jul     Aug       Sep     Oct     Nov"
    assert inside[1] == "Mon ▓" + " ·" * 24 + " ▓"
    assert inside[2] == "Tue ·" + " ·" * 24 + " █"
    assert [line[:3] for line in inside[1:8]] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert [line[-1] for line in inside[5:8]] == ["❄", "░", "▒"]
    assert inside[8:] == ["", "· 0  ░ 1–2  ▒ 3–5  ▓ 6–10  █ 11+  ❄ kept by a freeze"]


def test_mastery_is_a_small_png_with_a_palette() -> None:
    chart = mastery_chart(SECTIONS)
    picture = opened(chart.content)
    assert chart.name == "mastery.png"
    assert (picture.format, picture.mode, picture.width) == ("PNG", "P", WIDE)
    assert "transparency" not in picture.info
    assert len(chart.content) < SMALL


def test_the_same_mastery_makes_the_same_picture_and_another_another() -> None:
    assert mastery_chart(SECTIONS) == mastery_chart(SECTIONS)
    numbers = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (99, 1, 1), (100, 1, 1)]
    assert len({mastery_chart([("A", *parts)]).content for parts in numbers}) == len(numbers)
    assert mastery_chart([("A", 1, 1, 1)]).content != mastery_chart([("B", 1, 1, 1)]).content


def test_a_section_adds_a_row_until_the_rest_is_summed_up() -> None:
    heights = [opened(mastery_chart(MANY[:number]).content).height for number in range(28)]
    assert all(after > before for before, after in pairwise(heights[:26]))
    assert heights[25] == heights[26] == heights[27]
    shown = [*MANY[:24], ("16 more sections", sum(range(24, 40)), 32, 48)]
    assert mastery_chart(MANY).content == mastery_chart(shown).content
    assert mastery_text(MANY) == mastery_text(shown)


def test_parts_of_a_bar_are_full_hatched_and_hollow() -> None:
    def inside(*parts: int) -> list[tuple[int, int, int]]:
        picture = opened(mastery_chart([("A", parts[0], parts[1], parts[2])]).content).convert("RGB")
        return [picture.getpixel((x, y)) for y in range(60, 74) for x in range(300, 400)]  # type: ignore[misc]

    known, learning, new = inside(1, 0, 0), inside(0, 1, 0), inside(0, 0, 1)
    ground = only(new)
    assert contrast(only(known), ground) > 3
    assert len(set(learning)) == 2
    assert contrast(*set(learning)) > 3
    assert 0.3 < learning.count(ground) / len(learning) < 0.7


def test_one_question_of_ten_thousand_is_still_seen() -> None:
    assert mastery_chart([("A", 0, 0, 9999)]).content != mastery_chart([("A", 0, 1, 9998)]).content
    assert lines(mastery_text([("A", 1, 1, 9998)]))[1].startswith("A █▒·")
    assert lines(mastery_text([("A", 9998, 1, 1)]))[1].count("█▒·") == 1


def test_the_alt_text_of_mastery_tells_the_whole_and_every_section() -> None:
    assert mastery_chart(SECTIONS).alt == (
        "Of 51 questions you know 15, are learning 5, and 31 are new; known, learning and new by section: "
        "Routing: 12, 5, 23; Templates: 0, 0, 8; Testing: 3, 0, 0."
    )
    assert mastery_chart([("A", 0, 0, 1)]).alt.startswith("Of 1 question you know 0, are learning 0, and 1 is new; ")
    assert mastery_chart([]).alt == "There are no sections."
    alt = mastery_chart([(f"{number} of forty, with a long title", 100, 100, 100) for number in range(40)]).alt
    assert len(alt) <= ALT_LIMIT
    assert alt.endswith("; 16 more sections: 1600, 1600, 1600.")


def test_without_sections_there_is_still_a_picture_and_a_block() -> None:
    assert opened(mastery_chart([]).content).width == WIDE
    assert lines(mastery_text([])) == ["█ known  ▒ learning  · new"]


NUMBERS = st.integers(0, 10**9)


@given(st.lists(st.tuples(st.text(max_size=60), NUMBERS, NUMBERS, NUMBERS), max_size=40))
def test_any_sections_make_a_picture_and_texts(sections: list[tuple[str, int, int, int]]) -> None:
    chart = mastery_chart(sections)
    assert opened(chart.content).width == WIDE
    assert 0 < len(chart.alt) <= ALT_LIMIT
    assert chart.alt.isprintable()
    inside = lines(mastery_text(sections))
    assert len(inside) == 1 + min(len(sections), 25)
    assert max(map(cells, inside)) <= COLUMNS
    assert not any("`" in line for line in inside)


def test_long_titles_and_great_numbers_leave_room_for_the_bars_of_mastery() -> None:
    content = mastery_chart([("W" * 300, 10**9, 0, 0), ("A", 1, 10**9, 10**9)]).content
    picture = opened(content).convert("RGB")
    assert len({picture.getpixel((x, y)) for x in range(275, 355) for y in range(60, 76)}) == 1
    assert len(content) < SMALL


def test_mastery_in_characters() -> None:
    sections = [("選択肢", 12, 5, 23), ("A title of more than 24 cells", 0, 0, 8), ("```", 3, 0, 0)]
    legend, *rows = lines(mastery_text(sections))
    assert legend == "█ known  ▒ learning  · new"
    assert rows == [
        "選択肢                   ███████▒▒▒·············  12   5  23",
        "A title of more than 24… ·······················   0   0   8",
        "'''                      ███████████████████████   3   0   0",
    ]


@pytest.mark.parametrize(
    "title", ["é" * 50, "e\u0301" * 50, "選択肢" * 20, "שלום" * 10, "🙂" * 40, "a\nb", "\ud800", ""]
)
def test_a_title_of_any_characters_keeps_the_columns(title: str) -> None:
    _, first, second = lines(mastery_text([(title, 1, 0, 0), ("A section as wide as may be", 1, 0, 0)]))
    assert cells(first.partition("█")[0]) == cells(second.partition("█")[0])
    assert cells(first) == cells(second) <= COLUMNS
