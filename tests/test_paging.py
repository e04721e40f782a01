"""Long Markdown is cut into pages that each read as Markdown again."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.paging import pages

LINES = st.sampled_from(
    ["", "word", "some more words in a line", "```python", "```", "~~~~", "- item", "x" * 90, "    indented", "````"]
)
TEXTS = st.lists(LINES, max_size=30).map("\n".join)
LIMITS = st.integers(40, 200)


def fences(page: str) -> list[str]:
    """The code blocks that are open at the end of a page."""
    opened: list[str] = []
    for line in page.split("\n"):
        mark = re.match(r"(`{3,}|~{3,})(.*)$", line)
        if mark and not opened:
            opened.append(mark[1])
        elif mark and line.strip() == opened[0]:
            opened.clear()
    return opened


@given(TEXTS, LIMITS)
def test_pages_are_within_the_limit_and_none_is_empty(text: str, limit: int) -> None:
    for page in pages(text, limit):
        assert 0 < len(page) <= limit
        assert page.strip()


@given(TEXTS, LIMITS)
@example("```\n" + "code\n" * 30 + "```", 40)
def test_no_page_ends_inside_a_code_block_that_was_closed(text: str, limit: int) -> None:
    if not fences(text):
        assert not any(fences(page) for page in pages(text, limit))


@given(TEXTS, LIMITS)
def test_no_word_is_lost_and_their_order_stays(text: str, limit: int) -> None:
    def words(of: str) -> str:
        return "".join(line for line in of.split("\n") if not re.match(r"(`{3,}|~{3,})", line)).replace(" ", "")

    assert words("\n".join(pages(text, limit))) == words(text)


@given(TEXTS)
def test_what_fits_is_left_as_it_is(text: str) -> None:
    assert pages(text, 10_000) == ([text] if text.strip() else [])


def test_a_long_code_block_goes_on_as_code_of_the_same_language() -> None:
    code = "```python\n" + "\n".join(f"line_{number} = {number}" for number in range(20)) + "\n```"
    found = pages(f"Before.\n\n{code}\n\nAfter.", 120)
    assert found[0].startswith("Before.")
    assert all(page.count("```python") == 1 and page.count("```") == 2 for page in found[1:-1])
    assert found[-1].endswith("After.")
