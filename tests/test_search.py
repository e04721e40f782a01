"""Searching: what people type finds the question that they mean, the best first, and nothing they type breaks it."""

import re
import string
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.bank import search
from bot.bank.bank import Entry
from bot.bank.loading import load
from bot.bank.model import Question, Section, Topic
from bot.bank.search import MOST, SNIPPET, Index, SearchError

ROOT = Path(__file__).parent.parent
PAGE = 5  # hits that are shown at once
MARKDOWN = MarkdownIt("commonmark")


def entries_of(topics: Sequence[Topic]) -> list[Entry]:
    return [
        Entry(f"{topic.id}/{question.id}", topic, section, question)
        for topic in topics
        for section in topic.sections
        for question in section.questions
    ]


def made(
    *questions: dict[str, Any], section: str = "basics", aliases: dict[str, tuple[str, ...]] | None = None
) -> Index:
    """An index of these questions, named q0, q1 and so on; what is not said of them is about something else."""
    asked = tuple(
        Question.model_validate({"id": f"q{number}", "question": "Which one?", "answer": "Nothing.", **values})
        for number, values in enumerate(questions)
    )
    sections = (Section(id=section, title=section.title(), questions=asked),)
    return Index(entries_of([Topic(id="topic", title="Topic", sections=sections, aliases=aliases or {})]))


def names(index: Index, words: str, limit: int = PAGE, offset: int = 0) -> list[str]:
    return [hit.entry.question.id for hit in index.search(words, limit, offset)]


def titled(index: Index, words: str, limit: int = PAGE) -> list[str]:
    return [hit.entry.question.question for hit in index.search(words, limit)]


@cache
def shipped() -> tuple[list[Entry], Index]:
    entries = entries_of(load([ROOT / "questions"]).topics)
    return entries, Index(entries)


# What is found


def test_every_question_of_the_bank_is_found_first_by_its_own_title() -> None:
    entries, index = shipped()
    assert [index.search(entry.question.question, PAGE)[0].entry.name for entry in entries] == [
        entry.name for entry in entries
    ]


@pytest.mark.parametrize("seed", range(3))
def test_with_a_typo_in_each_longer_word_a_question_is_still_on_the_first_page(seed: int) -> None:
    entries, index = shipped()
    random = Random(seed)
    misspelt = [
        re.sub(r"[A-Za-z]{5,}", lambda word: typo(word[0], random), entry.question.question) for entry in entries
    ]
    found = [
        entry in (hit.entry for hit in index.search(words, PAGE))
        for entry, words in zip(entries, misspelt, strict=True)
    ]
    assert sum(found) >= 0.95 * len(entries)


def typo(word: str, random: Random) -> str:
    at = random.randrange(len(word) - 1)
    letter = random.choice(string.ascii_lowercase)
    wrong = random.choice((word[at + 1], letter + word[at : at + 2], letter + word[at + 1], word[at + 1] + word[at]))
    return word[:at] + wrong + word[at + 2 :]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("blueprnt", "What are blueprints in Flask?"),
        ("sesion cookei", "How do you work with cookies in Flask?"),
        ("gunicon", "What is Gunicorn and why do we need it?"),
        ("asyncronous", "How do you make Flask asynchronous?"),
        ("enviroment variables", "How do you manage environment variables (.env)?"),
        ("autehntciation", "What is Flask-Login and how does it help with authentication?"),
        ("authentification", "What is Flask-Login and how does it help with authentication?"),
        ("url for", "What does `url_for()` do?"),
        ("url_for", "What does `url_for()` do?"),
        ("urlfor", "What does `url_for()` do?"),
        ("URL_FOR()", "What does `url_for()` do?"),
        ("before_request", "What is `before_request`?"),
        ("before request", "What is `before_request`?"),
        ("before_requst", "What is `before_request`?"),
        ("@app.route", "What is the purpose of the `@app.route()` decorator?"),
        ("app.route", "What is the purpose of the `@app.route()` decorator?"),
        ("web sockets", "How do you handle WebSockets in Flask (for example with Flask-SocketIO)?"),
        ("flask login", "What is Flask-Login and how does it help with authentication?"),
        ("flask", "What is Flask?"),
        ("csrf", "What is CSRF and how is it prevented in Flask?"),
        ("deploying with docker", "How do you deploy Flask using Docker?"),
        ("session vs g", "What is the difference between `session` and `g`?"),
        ("n+1", "How do you improve the performance of a Flask app?"),
        ("upload large files", "How do you handle large file uploads safely?"),
    ],
)
def test_what_people_type_finds_what_they_mean(typed: str, title: str) -> None:
    assert titled(shipped()[1], typed)[0] == title


def test_the_title_says_most_then_the_answer_then_the_explanation_then_the_code() -> None:
    index = made(
        {"code": "zebra = 1"},
        {"explanation": "About the zebra."},
        {"answer": "It is the zebra."},
        {"key_points": ["It is the zebra"]},
        {"question": "What is a zebra?"},
        {},
    )
    assert names(index, "zebra") == ["q4", "q2", "q3", "q1", "q0"]
    assert index.count("zebra") == 5


def test_of_titles_with_the_words_the_one_comes_first_that_says_little_else() -> None:
    index = made(
        {"question": "Why do lions, unlike tigers, avoid any zebra in spring?"},
        {"question": "What is a zebra?"},
        {"question": "Do lions avoid a zebra?"},
        *({"question": "What is a tiger?"} for _ in range(5)),
    )
    assert names(index, "zebra") == ["q1", "q2", "q0"]


def test_all_the_words_are_better_than_some_and_a_rare_word_than_a_common_one() -> None:
    index = made(
        {"answer": "Lions eat."},
        {"answer": "Lions eat zebras."},
        {"answer": "Lions sleep."},
        {"answer": "Zebras sleep."},
        {"answer": "Lions hunt."},
        *({"answer": "Elephants wander."} for _ in range(9)),
    )
    assert names(index, "lion zebra") == ["q1", "q3", "q0", "q2", "q4"]


def test_where_many_have_all_the_words_no_other_is_found() -> None:
    index = made(*({"answer": "Lions eat zebras."} for _ in range(12)), {"answer": "Lions sleep."})
    assert index.count("lions zebras") == 12
    assert index.count("lions") == 13


def test_every_form_of_a_word_is_found_and_the_very_word_is_the_best() -> None:
    index = made({"answer": "They migrate."}, {"answer": "A migration."}, {"answer": "Two migrations."})
    assert names(index, "migrations") == ["q2", "q0", "q1"]
    assert names(index, "migrating") == ["q0", "q1", "q2"]


def test_the_last_word_may_be_begun() -> None:
    index = made({"answer": "A serializer."}, {"answer": "A serenade."}, {"answer": "A song."})
    assert names(index, "seri") == ["q0"]
    assert set(names(index, "a ser")) == {"q0", "q1", "q2"}
    assert names(index, "a ser")[2] == "q2"
    assert names(index, "seri song") == ["q2"]


@given(st.data())
def test_a_word_with_any_one_letter_wrong_is_found(data: st.DataObject) -> None:
    word = data.draw(st.text("abcd", min_size=4, max_size=12))
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abcdx"))
    left_out = word[:at] + word[at + 1 :]
    wrong = data.draw(
        st.sampled_from(
            [
                left_out if len(word) > 4 else word,
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
            ]
        )
    )
    assert names(made({"answer": f"It is {word}."}, {}), wrong) == ["q0"]


def test_two_letters_swapped_in_a_short_word_are_put_right() -> None:
    assert names(made({"answer": "Use a POST."}, {}), "psot") == ["q0"]


def test_what_is_spelt_quite_otherwise_is_not_found() -> None:
    index = made({"answer": "Kubernetes."}, {"answer": "A cat."})
    for typed in ("kuberxyzes", "xyz", "cut", "kxbxrnxtes"):
        assert names(index, typed) == []
        assert index.count(typed) == 0


def test_a_word_that_nobody_wrote_does_not_hide_what_the_others_find() -> None:
    index = made({"answer": "A serializer."}, {"answer": "A song."})
    assert names(index, "serializer qqqqq") == ["q0"]


def test_a_name_is_found_however_it_is_put_together() -> None:
    written = ["login manager", "LoginManager", "login_manager", "login-manager"] * 4
    index = made(*({"answer": f"It is the {name} class."} for name in written), {"answer": "It is a class."})
    for typed in ("login manager class", "login_manager class", "login-manager class", "Login.Manager.class"):
        assert index.count(typed) == 16
    for typed in ("loginmanager class", "LoginManager class"):
        assert index.count(typed) == 12


def test_sections_topics_levels_and_names_are_found_too() -> None:
    index = made({"level": "senior"}, {"id": "the-gil"}, {}, section="concurrency")
    assert set(names(index, "concurrency")) == {"q0", "the-gil", "q2"}
    assert names(index, "concurrency senior")[0] == "q0"
    assert names(index, "the-gil")[0] == "the-gil"
    assert index.count("topic") == 3


def test_a_term_is_found_by_its_other_spellings() -> None:
    index = made(
        {"answer": "Use SQLAlchemy."}, {"answer": "Use psycopg."}, aliases={"SQLAlchemy": ("sequel alchemy", "sqla")}
    )
    assert names(index, "sequel alchemy") == ["q0"]
    assert names(index, "sqla") == ["q0"]


@pytest.mark.parametrize(
    ("answer", "typed"),
    [
        ("Ein Schlüssel.", "schlussel"),
        ("Ein Schlussel.", "Schlüssel"),
        ("Вопрос о потоках.", "поток"),
        ("Вопрос о сессиях.", "вапрос"),
        ("会话是什么？", "什么"),
        ("セッションとは何ですか", "セッション"),
        ("세션이란 무엇인가", "세션"),
        ("ما هي الجَلسة", "الجلسة"),
        ("The “session”…", "session"),
        ("Das ist groß.", "GROSS"),
        ("A ﬁle™.", "file"),
    ],
)
def test_other_languages_are_found(answer: str, typed: str) -> None:
    assert names(made({}, {"answer": answer}), typed) == ["q1"]


# Order and pages


def test_equals_keep_the_order_of_the_bank() -> None:
    index = made(*({"question": "What is a zebra?"} for _ in range(30)))
    assert names(index, "zebra", 30) == [f"q{number}" for number in range(30)]


def test_pages_follow_one_another_and_the_count_says_how_many_there_are() -> None:
    _, index = shipped()
    for words in ("session cookie", "flask", "csrf", "", "docker nginx", "nothingofthekind"):
        everything = names(index, words, 1_000)
        assert index.count(words) == len(everything) == len(set(everything))
        pages = [names(index, words, PAGE, start) for start in range(0, len(everything) + PAGE, PAGE)]
        assert [name for page in pages for name in page] == everything


def test_a_search_finds_at_most_so_many_and_the_shortest_titles_of_all() -> None:
    longer = [{"question": f"Why would anybody ever want a zebra at home, number {n}?"} for n in range(MOST)]
    index = made(*longer, *({"question": "What is a zebra?"} for _ in range(MOST)))
    assert index.count("zebra") == MOST
    assert names(index, "zebra", 1_000) == [f"q{MOST + number}" for number in range(MOST)]


def test_no_more_are_found_where_the_words_are_in_different_texts_or_apart() -> None:
    index = made(
        *({"question": "What, exactly, is it that makes a zebra a zebra?"} for _ in range(60)),
        *({"answer": "A zebra."} for _ in range(MOST)),
        *({"answer": "A lion."} for _ in range(MOST)),
        {"answer": "A lion and a zebra."},
    )
    assert index.count("zebra") == index.count("lion zebra") == MOST
    assert set(names(index, "zebra", 60)) == {f"q{number}" for number in range(60)}
    assert names(index, "lion zebra", 1) == [f"q{60 + 2 * MOST}"]


@pytest.mark.parametrize("words", ["", "   ", "?!", "🦓 — …", "\x00", "_"])
def test_without_a_word_come_the_questions_that_most_interviews_ask(words: str) -> None:
    entries, index = shipped()
    asked = [entry for entry in entries if entry.question.priority]
    assert [hit.entry for hit in index.search(words, PAGE, 3)] == asked[3 : 3 + PAGE]
    assert index.titles(words, PAGE) == asked[:PAGE]
    assert index.count(words) == len(asked)


def test_the_same_is_found_in_the_same_order_in_every_process() -> None:
    script = (
        "from tests.test_search import shipped, names\n"
        "for words in ('sesion cookei', 'flask', 'how does it work', 'a', 'redirect after post', 'test client'):\n"
        "    print(names(shipped()[1], words, 1_000))"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert told[0].count("[") == 6


def test_an_index_of_nothing_finds_nothing() -> None:
    index = Index([])
    assert index.search("zebra", PAGE) == index.search("", PAGE) == index.titles("z", PAGE) == []
    assert index.count("zebra") == 0


# While somebody types


def test_while_a_title_is_typed_its_question_is_offered_before_the_end() -> None:
    entries, index = shipped()
    offered = [
        entry in index.titles(entry.question.question[: -len(entry.question.question) // 4], 10) for entry in entries
    ]
    assert sum(offered) >= 0.95 * len(entries)


@pytest.mark.parametrize("typed", ["b", "bl", "blue", "bluep", "blueprn", "blueprints in fl"])
def test_what_is_offered_has_what_was_begun(typed: str) -> None:
    offered = [entry.question.question for entry in shipped()[1].titles(typed, 10)]
    assert "What are blueprints in Flask?" in offered or typed == "b"
    assert all(re.search(rf"\b{typed[0]}", title, re.IGNORECASE) for title in offered[:1])


def test_what_only_the_answer_says_is_not_offered_while_typing() -> None:
    index = made({"answer": "A zebra."}, {"question": "What is a zebra?"})
    assert [entry.question.id for entry in index.titles("zebr", 10)] == ["q1"]


# Snippets


def snippet(typed: str, **values: Any) -> str:
    (hit,) = made(values).search(typed, 1)
    return hit.snippet


def test_a_snippet_shows_the_words_in_bold() -> None:
    assert snippet("zebras stripe", answer="Every zebra has stripes.") == r"Every **zebra** has **stripes**\."
    assert snippet("zebra stripe", answer="Zebra stripes differ.") == r"**Zebra stripes** differ\."
    assert snippet("url_for", answer="Call url_for here.") == r"Call **url\_for** here\."
    assert snippet("migrations", answer="They migrate.") == r"They **migrate**\."
    assert snippet("urlfor", answer="Call url_for here.") == r"Call **url\_for** here\."
    assert snippet("zebra", answer="A **zebra** and *a* [zebra](https://x.y), `zebra`.") == (
        r"A **zebra** and a **zebra**, **zebra**\."
    )


def test_a_snippet_is_of_the_text_that_has_most_of_the_words() -> None:
    texts = {"answer": "A lion.", "explanation": "A lion and a zebra.", "code": "zebra = 1"}
    assert snippet("lion zebra", **texts) == r"A **lion** and a **zebra**\."
    assert snippet("lion", **texts) == r"A **lion**\."
    assert snippet("topic", **texts) == r"A lion\."
    assert snippet("zebra", code="zebra = 1  # *a*\n") == r"**zebra** = 1 \# \*a\*"


def test_a_long_text_is_shown_around_the_words_in_whole_words() -> None:
    filler = "one two three four five six seven eight nine ten " * 5
    shown = snippet("zebra lion", answer=f"zebra {filler} the zebra met a lion {filler}")
    assert re.fullmatch(r"… [a-z ]+ the \*\*zebra\*\* met a \*\*lion\*\* [a-z ]+ …", shown)
    assert set(re.findall("[a-z]+", shown)) <= set(f"{filler} the zebra met a lion".split())
    assert len(shown) <= SNIPPET + 12


def test_text_that_draws_does_not_draw_in_a_snippet() -> None:
    shown = snippet(
        "zebra", answer="# zebra\n\n- <b>x</b> ![i](http://x) @everyone\n\n> **a\n\n```python\nzebra *1*\n```"
    )
    assert shape(shown) == [("text", "")]


def shape(markdown: str) -> list[tuple[str, str]]:
    """What Markdown draws, beside text in bold."""
    (_, paragraph, _) = MARKDOWN.parse(markdown)
    assert paragraph.children
    kinds = {token.type for token in paragraph.children} - {"strong_open", "strong_close"}
    return [(kind, "") for kind in sorted(kinds)]


WRITTEN = st.text(
    st.sampled_from("ab zé_-*`[]()<>#&.\\\n字😀") | st.characters(codec="utf-8"), min_size=1, max_size=300
)


@given(
    WRITTEN.filter(str.strip),
    st.sampled_from(["answer", "explanation", "code"]),
    st.sampled_from(["", "a b", "字"]),
)
@example("`zebra`**zebra**", "answer", "")
@example("zebra" * 60, "answer", "")
@example("zebra\x1bzebra", "answer", "")
@example("字" * 300, "answer", "字")
def test_a_snippet_is_one_paragraph_of_text_with_only_words_in_bold(text: str, field: str, typed: str) -> None:
    values = {"answer": "Nothing.", field: f"{text} zebra"}
    shown = snippet(f"zebra {typed}", **values)
    (_, paragraph, _) = MARKDOWN.parse(shown)
    assert paragraph.children
    assert {token.type for token in paragraph.children} <= {"text", "strong_open", "strong_close"}
    bold = [
        paragraph.children[number + 1].content
        for number, token in enumerate(paragraph.children)
        if token.type == "strong_open"
    ]
    assert shown.count("**") == 2 * len(bold)
    assert len(paragraph.content.replace("\\", "").replace("**", "")) <= SNIPPET + 4


# Whatever is typed

HOSTILE = [
    *('"', "'", "zebra AND", "NOT zebra", "zebra OR OR", "NEAR(zebra lion, 2)", "zebra*", "^zebra", "title: zebra"),
    *("{title} : zebra", "- zebra", "(zebra", "zebra)", "zebra + lion", "zebra'; DROP TABLE question; --", "%", "\\"),
    *("\x00zebra\x00", "zebra\ud800", "\u202ezebra", "zebra " * 2_000, "z" * 10_000, "_" * 50, "²³", "🦓🦁", "ﷺ"),
    *("אריה", "ሰላም", "e\u0301" * 300, "İI", "ß" * 300, "字" * 600, "\u0301", "zebra\u200dlion"),
]


@cache
def zoo() -> Index:
    return made(
        {"question": "What is a zebra?", "priority": True},
        {"question": "What does a lion eat?", "answer": "Zebra and near.", "code": "title = 'x' and not y or z"},
    )


@pytest.mark.parametrize("typed", HOSTILE, ids=[f"{number}" for number in range(len(HOSTILE))])
def test_nothing_that_is_typed_is_syntax(typed: str) -> None:
    found = names(zoo(), typed)
    assert ("q0" in found) or "zebra" not in typed
    zoo().titles(typed, PAGE)


@given(st.text() | st.text("abez_-\"'*^:(){}+ \x00\ud800字é😀", max_size=60), st.integers(0, 3), st.integers(0, 3))
def test_any_text_is_searched_and_at_most_so_many_are_found(typed: str, limit: int, offset: int) -> None:
    found = zoo().search(typed, limit, offset)
    assert len(found) == max(0, min(limit, zoo().count(typed) - offset))
    assert len(zoo().titles(typed, limit)) <= limit


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_may_be_in_a_question_and_is_found_again(text: str) -> None:
    index = made({"answer": f"{text[:900]} zebra"})
    (hit,) = index.search(f"zebra {text}"[:400], PAGE)
    assert "**" in hit.snippet
    assert index.count(text) in (0, 1)


def test_many_threads_may_search_at_once() -> None:
    _, index = shipped()
    typed = ["sesion cookei", "flask", "blueprnt", "url_for", "qqqqq", "how do you deploy", "", "jwt"] * 6
    alone = [names(index, words) for words in typed]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda words: names(index, words), typed)) == alone


def test_a_python_that_cannot_search_texts_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_ENGINE", "fts9")
    with pytest.raises(
        SearchError, match=r"can't search texts: no such module: fts9\. Take a Python whose SQLite has FTS5"
    ):
        Index([])
