"""The vocabulary: presses fit every platform and survive anything; users' text can't draw."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.messages import HEADING_LIMIT, LABEL_LIMIT, PRESS_LIMIT, Button, Card, Press, escape

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
