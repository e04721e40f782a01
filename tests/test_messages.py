"""The vocabulary: presses fit every platform and survive anything; users' text can't draw."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.messages import FILE_LIMIT, HEADING_LIMIT, LABEL_LIMIT, PRESS_LIMIT, Button, Card, File, Press, Reply, escape

VERBS = st.from_regex(r"[a-z]{1,10}", fullmatch=True)
DEALS = st.from_regex(r"[0-9A-Za-z]{0,16}", fullmatch=True)
VALUES = st.text(max_size=40).filter(lambda value: len(value.encode("utf-8", "replace")) <= 30)


@given(VERBS, DEALS, VALUES.filter(lambda value: value.isprintable()))
def test_every_press_that_packs_unpacks_to_itself(verb: str, deal: str, value: str) -> None:
    press = Press(verb, deal, value)
    packed = press.pack()
    assert len(packed.encode()) <= PRESS_LIMIT
    assert Press.unpack(packed) == press


@given(st.text() | st.text(alphabet="a:0\ud800\x00é", max_size=80))
@example("")
@example("answer:")
@example("answer:\ud800:A")
@example("answer:kbbxBIQNO5r:" + "A" * 64)
def test_any_text_at_all_unpacks_to_a_press_that_packs_again_or_to_none_that_a_button_has(text: str) -> None:
    press = Press.unpack(text)
    assert press == Press("") or press.pack() == text


@pytest.mark.parametrize("press", [Press(""), Press("Answer"), Press("answer", "a:b"), Press("answer", "", "x" * 60)])
def test_a_button_refuses_a_press_that_could_not_come_back(press: Press) -> None:
    with pytest.raises(ValueError, match="press"):
        Button("A", press)


def test_labels_and_headings_have_limits() -> None:
    with pytest.raises(ValueError, match="label"):
        Button("x" * (LABEL_LIMIT + 1), Press("next"))
    with pytest.raises(ValueError, match="heading"):
        Card("x" * (HEADING_LIMIT + 1))


@pytest.mark.parametrize("name", ["a", "interview-2026_03.md", "9", "a" * 60])
def test_a_file_has_a_name_that_every_platform_keeps(name: str) -> None:
    assert File(name, b"x" * FILE_LIMIT).name == name


@pytest.mark.parametrize("name", ["", ".", "..", ".profile", "-rf", "a/b", "a\\b", "a b", "é.md", "a\n", "a" * 61])
def test_a_name_that_leads_elsewhere_or_would_be_changed_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a file is named by"):
        File(name, b"x")


@pytest.mark.parametrize("content", [b"", b"x" * (FILE_LIMIT + 1)], ids=["empty", "too large"])
def test_a_file_that_not_every_platform_takes_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="1 to 8,388,608 bytes"):
        File("a.md", content)


def test_a_file_is_no_card() -> None:
    card = Card("x")
    assert Reply(aside=card, file=File("a.md", b"x")).cards == (card,)


@given(st.text())
@example("@everyone **x** [a](https://example.org) `code` <b> # 1. - > | ~~ \u202e")
@example("1. not a list\n\n# not a heading")
def test_escaped_text_shows_as_it_stands_and_draws_nothing(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(f"x{escape(text)}x")
    (inline,) = [token for token in tokens if token.type == "inline"]
    assert {child.type for child in inline.children or ()} <= {"text", "text_special"}
    words = "".join(child.content for child in inline.children or ())
    kept = "".join(char for char in text if char.isprintable() or char in " \u200d")
    assert words.split() == f"x{' '.join(kept.split())}x".split()
