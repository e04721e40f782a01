"""Markdown becomes text and entities that Telegram takes as they are, on pages that lose nothing."""

import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from telegram import MessageEntity

from adapters.telegram.text import FOLD, Text, card_text, cut, plain, rendered, split
from bot.bank.model import Question
from bot.messages import escape
from tests.loopback_telegram import check_entities
from tests.test_shipped_bank import QUESTIONS, every_card, named

PIECES = [
    "*", "**", "***", "_", "~~", "||", "`", "``", "```\n", "```python\n", "~~~\n", "[", "](https://example.org)", "](",
    "](javascript:x)", ")", "![", "<https://example.org/a%20b>", "<b>", "&amp;", "&#32;", "&nbsp;", "&#x202e;", "\\",
    "\n", "\n\n", "  \n", "\n- ", "\n  - ", "\n1. ", "\n> ", "\n>> ", "\n# ", "\n---\n", "\n    ", "\t", " ", "   ",
    "\n| a | b |\n|---|---|\n| c ", "|", "word", "two words", "x" * 30, "é", "e\u0301", "👍🏽", "👩‍👩‍👧", "🇩🇪", "שלום",
    "\u200b", "\ud800", "\x00", "\r\n", "\u2028", "a\xa0b", "😀",
]  # fmt: skip
MARKDOWN = st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


def units(text: str) -> int:
    return len(text.encode("utf-16-le"))


def stretches(text: Text) -> list[tuple[str, str]]:
    """The type and the text of every entity."""
    encoded = text.text.encode("utf-16-le")
    return [
        (one.type, encoded[2 * one.offset : 2 * (one.offset + one.length)].decode("utf-16-le")) for one in text.entities
    ]


def strict(text: Text) -> Text:
    """The text, if Telegram would show it just so."""
    check_entities(text.text, [one.to_dict() for one in text.entities])
    assert text.text == text.text.strip()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]", text.text)
    assert all(stretch == stretch.strip() for _, stretch in stretches(text))
    return text


def letters(text: str) -> str:
    return "".join(char for char in text if char.isalpha())


def visible(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and not char.isspace() and char not in "\u2800\ufffc")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _alternative(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    return renderer.renderInline(tokens[index].children or [], options, env)


HTML = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable(["table", "strikethrough"])
HTML.validateLink = lambda url: True  # type: ignore[method-assign]
HTML.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
HTML.add_render_rule("image", _alternative)


def read(markdown: str) -> str:
    """What a browser would show of the Markdown."""
    text = markdown.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", "", text)
    text = re.sub(r"[\ud800-\udfff]", "\ufffd", re.sub(r"[\u2028\u2029]", " ", text))
    reader = _Reader()
    reader.feed(HTML.render(text))
    reader.close()
    return "".join(reader.texts)


# What Markdown looks like


@pytest.mark.parametrize(
    ("markdown", "text", "entities"),
    [
        ("*a* **b** _c_ __d__", "a b c d", [("italic", "a"), ("bold", "b"), ("italic", "c"), ("bold", "d")]),
        ("~~a~~ ||b||", "a b", [("strikethrough", "a"), ("spoiler", "b")]),
        ("*a **b** c*", "a b c", [("italic", "a b c"), ("bold", "b")]),
        ("**a *b***", "a b", [("bold", "a b"), ("italic", "b")]),
        ("# A **b** c", "A b c", [("bold", "A b c")]),
        ("**a `b` c**", "a b c", [("bold", "a"), ("code", "b"), ("bold", "c")]),
        ("**`b`**", "b", [("code", "b")]),
        ("`` ` ``", "`", [("code", "`")]),
        ("||a `b` *c*||", "a b c", [("spoiler", "a b c"), ("italic", "c")]),
        ("*a ||b* c||", "a b c", [("italic", "a b"), ("spoiler", "b"), ("spoiler", "c")]),
        ("a || b", "a || b", []),
        ("a |||| b", "a |||| b", []),
        ("\\|\\|a\\|\\|", "||a||", []),
        ("a\nb", "a b", []),
        ("a  \nb\\\nc", "a\nb\nc", []),
        ("a\n\n\n\nb", "a\n\nb", []),
        ("a\n\n***\n\nb", "a\n\n———\n\nb", []),
        ("<b>a</b> &lt; <!-- c -->", "<b>a</b> < <!-- c -->", []),
        ("<https://example.org/a%20b> <a@example.org>", "https://example.org/a%20b a@example.org", []),
        ("[a](https://example.org)", "a", [("text_link", "a")]),
        ("[a `b` c](https://example.org)", "a b c", [("text_link", "a"), ("code", "b"), ("text_link", "c")]),
        ("[`a`](https://example.org)", "a", [("text_link", "a")]),
        ("![a](https://example.org/a.png)", "a", [("text_link", "a")]),
        ("[a](javascript:b) [c](/d) [e](https://[:])", "a c e", []),
        ("> a\n>\n> > b\n\nc", "a\n\nb\n\nc", [("blockquote", "a\n\nb")]),
        ("> ```\n> a\n> ```", "a", [("blockquote", "a"), ("pre", "a")]),
        ("| a | b |\n|---|---|\n| `c` | d |", "a | b\nc | d", [("bold", "a | b"), ("code", "c")]),
        ("", "", []),
    ],
)  # fmt: skip
def test_each_part_of_markdown_has_its_entity(markdown: str, text: str, entities: list[tuple[str, str]]) -> None:
    shown = strict(rendered(markdown))
    assert shown.text == text
    assert stretches(shown) == entities


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("a\n\n- b\n- c\n\nd", "a\n\n• b\n• c\n\nd"),
        ("- b\n\n- c", "• b\n\n• c"),
        ("- a\n  - b\n    c  \n    d\n- e", "• a\n  • b c\n    d\n• e"),
        ("9. a\n10. b\n    - c", "9. a\n10. b\n    • c"),
        ("- a\n\n  b\n- c", "• a\n\n  b\n\n• c"),
        ("- - a", "• • a"),
        ("-\n- a", "•\n• a"),
        ("- > a\n- b", "•\na\n• b"),
        ("- ```\n  a\n  ```\n- b", "•\na\n• b"),
        ("- a\n  ```\n  b\n  ```\n  c", "• a\nb\n  c"),
    ],
)
def test_lists_are_told_by_markers_and_indentation(markdown: str, text: str) -> None:
    assert strict(rendered(markdown)).text == text


def test_code_keeps_its_language_and_its_indentation() -> None:
    shown = strict(rendered("a\n\n```python title\n\n    b\n\tc\n\n```\n\n    d"))
    assert stretches(shown) == [("pre", "\u200b    b\n    c"), ("pre", "d")]
    assert [one.language for one in shown.entities] == ["python", None]


def test_a_link_keeps_its_address() -> None:
    (link,) = strict(rendered("[ä *b*](<https://example.org/ä b>)")).entities[:1]
    assert link.url == "https://example.org/%C3%A4%20b"


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b> & <code>",
        "`a` ``b`` ```c```",
        "*a* _b_ __c__ ~~d~~ ||e|| [f](https://example.org) ![g](h)",
        "\\* \\\\ \\` &amp; &#42;",
        "1. a",
        "- a # b > c | d",
        "👍🏽 and 🇩🇪 *and* 👩🏽",
        "שלום *שלום* مرحبا",
        "e\u0301\u0323 *a\u0308*",
    ],
)
def test_what_a_user_wrote_comes_back_as_it_was(text: str) -> None:
    assert strict(rendered(f"**by** {escape(text)}")).text == f"by {text}"
    assert plain(escape(text)) == text


@given(st.text())
@example("||a||")
@example("a & <b> \\ `c`")
def test_any_line_of_a_user_comes_back_and_draws_nothing(text: str) -> None:
    line = " ".join("".join(char for char in text if char.isprintable() or char in " \u200d").split())
    assert strict(rendered(escape(text))) == Text(line)


def test_positions_count_characters_beyond_the_first_plane_twice() -> None:
    (bold,) = rendered("👍🏽 **a**").entities
    assert (bold.offset, bold.length) == (5, 1)


def test_marks_that_turn_the_direction_of_writing_and_broken_characters_are_dropped() -> None:
    assert plain("a\u202eb\x00c\x1bd\ud800 &#x202e;e\r\nf") == "abcd\ufffd e f"


@given(MARKDOWN)
@example("||a **b|| c** d||")
@example("**a ||b** `c` **d|| e**")
@example("> " * 30 + "a")
@example("[a]: b\n\n[a]")
def test_any_text_at_all_is_shown_strictly_and_loses_no_letter(markdown: str) -> None:
    assert letters(strict(rendered(markdown)).text) == letters(read(markdown))


# Cards


def test_a_card_has_its_heading_body_and_fields_apart() -> None:
    shown = strict(card_text("What is `g`?", "A *proxy*.\n\nb", (("Points", "+3"), ("Streak", "**4** days"))))
    assert shown.text == "What is g?\n\nA proxy.\n\nb\n\nPoints: +3 · Streak: 4 days"
    assert stretches(shown) == [
        ("bold", "What is"),
        ("code", "g"),
        ("bold", "?"),
        ("italic", "proxy"),
        ("bold", "Points:"),
        ("bold", "Streak:"),
        ("bold", "4"),
    ]


def test_a_card_may_be_a_heading_alone() -> None:
    assert card_text("1. Heading", "", ()).text == "1. Heading"
    assert card_text("Heading", "", (("a", "b"),)).text == "Heading\n\na: b"


def test_long_prose_folds_after_the_first_block() -> None:
    long = "word " * (FOLD // 10)
    shown = strict(card_text("Heading", f"{long}{long}{long}\n\n{long}\n\n> **a** {long}\n\n- b\n- c", (("d", "e"),)))
    (folded,) = [stretch for kind, stretch in stretches(shown) if kind == "expandable_blockquote"]
    assert folded.startswith("word")
    assert folded.endswith("• b\n• c")
    assert "blockquote" not in [one.type for one in shown.entities]
    assert ("bold", "a") in stretches(shown)


def test_code_never_folds_and_neither_does_what_is_short() -> None:
    long = "word " * (FOLD // 8)
    blocks = ["first", long, f"```\n{long * 9}\n```", long, f"- a\n\n  ```\n  {long}\n  ```", "b", long * 2]
    shown = strict(card_text("Heading", "\n\n".join(blocks), ()))
    assert [stretch for kind, stretch in stretches(shown) if kind == "expandable_blockquote"] == [
        f"b\n\n{long * 2}".strip()
    ]


@given(MARKDOWN, MARKDOWN, st.lists(st.tuples(MARKDOWN, MARKDOWN), max_size=2))
def test_any_card_at_all_is_shown_strictly(heading: str, body: str, fields: list[tuple[str, str]]) -> None:
    shown = strict(card_text(heading, body, tuple(fields))).text
    assert letters(read(body)) in letters(shown)


@given(MARKDOWN, st.integers(1, 5))
@example("> a", 3)
def test_any_card_that_folds_is_shown_strictly(markdown: str, times: int) -> None:
    strict(card_text("a", f"b\n\n{'word ' * FOLD}\n\n{markdown}\n\n" * times, ()))


@pytest.mark.parametrize("question", QUESTIONS, ids=named)
def test_every_card_of_the_shipped_bank_is_shown_whole(question: Question) -> None:
    for card in every_card(question):
        whole = strict(card_text(card.heading, card.body, card.fields))
        pages = split(whole)
        shown = " ".join(strict(page).text for page in pages).replace("\u200b", "")
        fields = [f"{name}: {value}" for name, value in card.fields]
        written = " ".join(map(read, (card.heading, card.body, *fields)))
        assert set(written.split()) <= set(shown.split())
        assert letters(shown) == letters(written)
        for limit in (1024, 300):
            assert all(units(page.text) <= 2 * limit for page in map(strict, split(whole, limit)))


# Pages


@given(MARKDOWN, st.integers(10, 120), st.integers(10, 20))
@example("```\n" + "        x\n\n" * 20 + "```", 30, 10)
@example("```\n" + " " * 50 + "x\n```", 20, 10)
@example("👩‍👩‍👧" * 20, 10, 10)
@example("🇩🇪" * 20, 11, 10)
@example("*a* " * 60, 100, 10)
@example("\u200b" * 50, 10, 10)
@example("`" + "a " * 100 + "`", 20, 10)
def test_pages_are_strict_within_the_limits_and_keep_every_character(markdown: str, limit: int, entities: int) -> None:
    whole = rendered(markdown)
    pages = split(whole, limit, entities)
    for page in pages:
        strict(page)
        assert page.text.strip()
        assert units(page.text) <= 2 * limit
        assert len(page.entities) <= entities
    assert visible("".join(page.text for page in pages)) == visible(whole.text)


@given(MARKDOWN, st.integers(10, 120))
@example("a " * 9 + "**b c d e**", 24)
@example("aaaa**bbbb**cccc", 10)
@example("**aaaa b**cccc", 10)
def test_what_fits_on_a_page_is_never_cut(markdown: str, limit: int) -> None:
    whole = rendered(markdown)
    fitting = Counter(one for one in stretches(whole) if units(one[1]) <= 2 * limit and visible(one[1]))
    assert not fitting - Counter(one for page in split(whole, limit) for one in stretches(page))


@given(MARKDOWN)
def test_what_fits_whole_is_one_page_as_it_is(markdown: str) -> None:
    whole = rendered(markdown)
    assert split(whole, 10_000, 10_000) == [whole] or not visible(whole.text)


@pytest.mark.parametrize("text", ["", " \n ", "\u200b", "\u200d\ufeff\xa0", "\u2800\n\n\u200b"])
def test_what_telegram_refuses_as_empty_is_no_page(text: str) -> None:
    assert split(Text(text)) == []


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("aa bb\n\ncc dd\nee ff", ["aa bb", "cc dd\nee ff"]),
        ("aa bb cc\ndd ee ff", ["aa bb cc", "dd ee ff"]),
        ("aa bb cc dd ee ff", ["aa bb cc dd", "ee ff"]),
        ("a" * 30, ["a" * 12, "a" * 12, "a" * 6]),
        ("👍🏽" * 4, ["👍🏽" * 3, "👍🏽"]),
        ("a" + "👍🏽" * 4, ["a👍🏽👍🏽", "👍🏽👍🏽"]),
        ("🇩🇪" * 4, ["🇩🇪" * 3, "🇩🇪"]),
        ("aa" + "🇩🇪" * 4, ["aa🇩🇪🇩🇪", "🇩🇪🇩🇪"]),
        ("👩‍👩‍👧" * 2, ["👩‍👩‍👧", "👩‍👩‍👧"]),
        ("abc" + "e\u0301" * 6, ["abc" + "e\u0301" * 4, "e\u0301" * 2]),
    ],
)
def test_pages_end_where_a_reader_expects_it(text: str, pages: list[str]) -> None:
    assert [page.text for page in split(Text(text), 12)] == pages


def test_a_long_code_block_goes_on_as_code_of_the_same_language() -> None:
    code = "\n".join(f"line_{number} = {number}" for number in range(40))
    pages = [strict(page) for page in split(rendered(f"a\n\n```python\n{code}\n```\n\nb"), 200)]
    parts = [stretch for page in pages for _, stretch in stretches(page)]
    assert "\n".join(parts) == code
    assert {one.language for page in pages for one in page.entities} == {"python"}
    assert pages[0].text.startswith("a\n\nline_0")  # it must be cut anyway, so nothing is left empty before it
    assert pages[-1].text.endswith("\n\nb")


def test_code_that_goes_on_keeps_the_indentation_of_its_first_line() -> None:
    pages = split(rendered("```\nif a:\n    bbbbbb\n    cccccc\n```"), 20)
    assert [strict(page).text for page in pages] == ["if a:\n    bbbbbb", "\u200b    cccccc"]


def test_a_long_quote_goes_on_and_what_is_in_it_stays_whole() -> None:
    folded = card_text("Heading", "a\n\n" + "some words and **two bold** ones. " * 60, ())
    pages = [strict(page) for page in split(folded, 300)]
    kinds = [one.type for page in pages for one in page.entities]
    assert kinds.count("expandable_blockquote") == len(pages)
    assert [one for page in pages for one in stretches(page) if one[0] == "bold"][1:] == [("bold", "two bold")] * 60


def test_a_code_block_that_fits_moves_to_the_next_page() -> None:
    pages = split(rendered(f"{'a' * 30}\n\n```\n{'b ' * 20}\n```"), 50)
    assert [page.text for page in pages] == ["a" * 30, ("b " * 20).strip()]


def test_a_page_has_no_more_entities_than_telegram_takes() -> None:
    pages = split(rendered("*a* " * 250))
    assert [len(strict(page).entities) for page in pages] == [100, 100, 50]


def test_entities_given_by_hand_are_split_too() -> None:
    pages = split(Text("👍 aaaa bbbb cccc", (MessageEntity("bold", 3, 9),)), 10)
    assert [stretches(page) for page in pages] == [[], [("bold", "aaaa bbbb")], []]


# Plain text


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("one two", 7, "one two"),
        ("one two three", 9, "one two…"),
        ("one two three", 8, "one two…"),
        ("one\ntwo", 5, "one…"),
        ("onetwothree", 6, "onetw…"),
        ("👍🏽👍🏽", 7, "👍🏽…"),
        ("😀😀", 2, "…"),
        ("one two", 1, "…"),
        (" one\x00 ", 3, "one"),
    ],
)
def test_text_is_cut_between_words(text: str, limit: int, shown: str) -> None:
    assert cut(text, limit) == shown


@given(MARKDOWN, st.integers(1, 60))
def test_cut_text_fits_and_begins_as_it_did(text: str, limit: int) -> None:
    shown = cut(text, limit)
    assert units(shown) <= 2 * limit
    assert letters(text).startswith(letters(shown))
