"""Choices that are made: one is right, nothing but knowledge tells which, and a deal finds them again."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.bank.bank import Bank, Entry
from bot.bank.loading import load
from bot.bank.model import CHOICE_LIMIT, Question, Section, Topic
from bot.practice import making
from bot.practice.making import AROUND, ASKED, GAP, LEARNT, WRONG, Made, Maker
from tests.samples import bank_of, large_bank, question

ROOT = Path(__file__).parent.parent
SEEDS = [f"deal {number}" for number in range(6)]


def bare(topic: Topic) -> Topic:
    """A topic whose author has written no choices."""
    sections = (
        section.model_copy(
            update={"questions": tuple(one.model_copy(update={"choices": None}) for one in section.questions)}
        )
        for section in topic.sections
    )
    return topic.model_copy(update={"sections": tuple(sections)})


BANK = Bank([bare(topic) for topic in load([ROOT / "questions"]).topics])


def entries(bank: Bank) -> Iterator[Entry]:
    for topic in bank.topics:
        for one in topic.questions:
            entry = bank.entry(f"{topic.id}/{one.id}")
            assert entry
            yield entry


@cache
def made_of_all() -> tuple[tuple[Entry, Made], ...]:
    """What is made for every question of the Flask bank, with each seed."""
    maker = Maker(BANK)
    return tuple((entry, made) for entry in entries(BANK) for seed in SEEDS if (made := maker.make(entry, seed)))


def of_kind(kind: str) -> list[tuple[Entry, Made]]:
    return [(entry, made) for entry, made in made_of_all() if made.recipe.startswith(kind)]


def folded(text: str) -> str:
    return " ".join(text.casefold().split())


def told(one: Question) -> str:
    """All that a question says of its answer."""
    points = (text for point in one.key_points for text in (point.text, *point.accept))
    return "\n".join((one.answer, one.explanation or "", *points))


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def content(text: str) -> set[str]:
    """The longer words, which carry what a text says."""
    return {word for word in words(text) if len(word) >= 4}


@cache
def usual() -> frozenset[str]:
    """Words that stand in every fifth answer of the Flask bank."""
    answers = [content(entry.question.answer) for entry in entries(BANK)]
    return frozenset(word for word in set().union(*answers) if sum(word in one for one in answers) > len(answers) / 5)


# The Flask bank, as if its author had written no choices


def test_nearly_every_question_gets_choices_and_many_a_gap() -> None:
    assert len(made_of_all()) >= 0.95 * len(BANK) * len(SEEDS)
    assert len({entry.name for entry, _ in of_kind("gap")}) >= 40


def test_there_are_three_wrong_choices_all_differ_and_all_keep_the_limit() -> None:
    for _, made in made_of_all():
        assert len(made.choices.wrong) == WRONG
        assert len({folded(text) for text in made.choices.texts}) == WRONG + 1
        assert all(0 < len(text) <= CHOICE_LIMIT for text in made.choices.texts)


def test_no_wrong_choice_is_ever_the_right_one_of_the_same_question() -> None:
    right: dict[str, set[str]] = {}
    for entry, made in made_of_all():
        right.setdefault(entry.name, set()).add(folded(made.choices.right))
    for entry, made in made_of_all():
        assert right[entry.name].isdisjoint(folded(one.text) for one in made.choices.wrong)


def test_a_wrong_answer_is_that_of_a_question_that_neither_follows_nor_precedes() -> None:
    by_title = {entry.question.question: entry.question for entry in entries(BANK)}
    for entry, made in of_kind("answers"):
        for wrong in made.choices.wrong:
            named = re.fullmatch(r"That answers “(.*)”\.", wrong.why)
            assert named
            other = by_title[named[1]]
            assert other.id != entry.question.id
            assert other.id not in entry.question.follow_ups
            assert entry.question.id not in other.follow_ups


def test_most_of_what_a_wrong_answer_says_is_nowhere_in_the_answer_of_the_question() -> None:
    for entry, made in of_kind("answers"):
        said = content(told(entry.question))
        for wrong in made.choices.wrong:
            text = content(wrong.text) - usual()
            assert len(text & said) <= 0.65 * len(text) or len(text) < 4, (entry.name, wrong.text)


def test_length_does_not_give_the_right_choice_away() -> None:
    for kind in ("answers", "gap"):
        lengths = [list(map(len, made.choices.texts)) for _, made in of_kind(kind)]
        assert sum(right > max(wrong) for right, *wrong in lengths) <= 0.35 * len(lengths)
        assert sum(right < min(wrong) for right, *wrong in lengths) <= 0.40 * len(lengths)


def test_the_words_of_the_question_do_not_give_the_right_answer_away() -> None:
    found = 0.0
    for entry, made in of_kind("answers"):
        asked = content(entry.question.question)
        shared = [len(asked & content(text)) for text in made.choices.texts]
        found += (shared[0] == max(shared)) / shared.count(max(shared))  # by guessing among the best
    assert found <= 0.40 * len(of_kind("answers"))


def test_an_answer_is_cut_at_the_end_of_a_sentence_or_clause() -> None:
    tried = 0
    for entry, made in of_kind("answers"):
        last = made.choices.right.split(ASKED)[-1][1:]  # the first letter was made a capital
        if len(last) > 20:
            tried += 1
            texts = " ".join(f"{told(entry.question)} ".split("\n")) + "."
            after = {found[1] for found in re.finditer(rf"{re.escape(last)}(.)", texts)}
            assert after & set(".;: ,–—"), (entry.name, made.choices.right)
            assert not any(character.isalnum() for character in after), (entry.name, made.choices.right)
    assert tried > 300


def code_of(made: Made) -> str:
    found = re.search(r"```python\n(.*)\n```", made.stem, re.DOTALL)
    assert found
    return found[1]


def test_the_right_word_in_the_gap_restores_the_example() -> None:
    for entry, made in of_kind("gap"):
        code = code_of(made)
        assert code.count(GAP) == 1
        restored = code.replace(GAP, made.choices.right.strip("`"))
        assert restored == (entry.question.code or "").strip("\n")
        compile(restored, entry.name, "exec", dont_inherit=True)


def test_the_right_word_is_told_by_the_question_and_stands_nowhere_else_in_sight() -> None:
    for entry, made in of_kind("gap"):
        word = made.choices.right.strip("`")
        assert word in told(entry.question)
        assert not re.search(rf"\b{word}\b", code_of(made), re.IGNORECASE)
        assert not re.search(rf"\b{word}\b", entry.question.question, re.IGNORECASE)


def test_a_wrong_word_stands_neither_in_the_example_nor_in_what_the_question_tells() -> None:
    for entry, made in of_kind("gap"):
        for wrong in made.choices.wrong:
            word = wrong.text.strip("`")
            assert not re.search(rf"\b{word}\b", entry.question.code or "")
            assert not re.search(rf"\b{word}\b", told(entry.question))
            assert wrong.why == f"In this example it is {made.choices.right}."


# The same again


def test_one_seed_makes_the_same_choices_and_many_seeds_make_many() -> None:
    first, second, kinds = Maker(BANK), Maker(BANK), 0
    for entry in list(entries(BANK))[::5]:
        made = [first.make(entry, seed) for seed in SEEDS]
        assert made == [second.make(entry, seed) for seed in reversed(SEEDS)][::-1]
        kinds += len({one.recipe for one in made if one})
    assert kinds > 3 * len(list(entries(BANK))[::5])


_PRINT = """
from tests.test_making import BANK, SEEDS, entries
from bot.practice.making import Maker
maker = Maker(BANK)
for entry in list(entries(BANK))[::10]:
    print(repr(maker.make(entry, SEEDS[0])))
"""


def test_another_process_makes_the_same_choices() -> None:
    printed = [
        subprocess.run(
            [sys.executable, "-c", _PRINT],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    maker = Maker(BANK)
    here = "".join(f"{maker.make(entry, SEEDS[0])!r}\n" for entry in list(entries(BANK))[::10])
    assert printed == [here, here]


def test_other_topics_change_nothing() -> None:
    other = Topic(id="zebra", title="Zebra", sections=BANK.topics[0].sections)
    for topics in ([*BANK.topics, other], [other, *BANK.topics]):
        bank = Bank(topics)
        maker = Maker(bank)
        for entry in list(entries(BANK))[::9]:
            same = bank.entry(entry.name)
            assert same
            assert maker.make(same, SEEDS[1]) == Maker(BANK).make(entry, SEEDS[1])


def without(*names: str) -> Bank:
    """The Flask bank without these questions."""
    topics = []
    for topic in BANK.topics:
        sections = [
            (section, tuple(one for one in section.questions if f"{topic.id}/{one.id}" not in names))
            for section in topic.sections
        ]
        kept = tuple(section.model_copy(update={"questions": left}) for section, left in sections)
        topics.append(topic.model_copy(update={"sections": kept}))
    return Bank(topics)


def sources(made: Made) -> list[str]:
    """The names of the questions whose answers are the wrong choices."""
    found = [BANK.coded(code) for code in made.recipe.split(" ")[1:]]
    return [entry.name for entry in found if entry]


def test_a_recipe_makes_the_same_again() -> None:
    maker = Maker(BANK)
    for entry, made in made_of_all():
        assert maker.again(entry, made.recipe) == made


def test_a_recipe_outlives_questions_that_it_does_not_need() -> None:
    gone = {entry.name for entry in list(entries(BANK))[::4]}
    bank = without(*gone)
    maker = Maker(bank)
    tried = 0
    for entry, made in made_of_all():
        if same := bank.entry(entry.name):
            again = maker.again(same, made.recipe)
            if gone.isdisjoint(sources(made) if made.recipe.startswith("answers") else []):
                tried += 1
                assert again
                # What is hidden may differ: words that were common no longer are.
                assert again.recipe == made.recipe
                assert [one.why for one in again.choices.wrong] == [one.why for one in made.choices.wrong]
            else:
                assert again is None
    assert tried > 100


def test_a_recipe_for_a_gap_ends_with_the_word_that_it_left_out() -> None:
    entry, made = of_kind("gap")[0]
    changed = entry.question.model_copy(update={"code": "print(1)"})
    section = Section(id="all", title="All", questions=(changed,))
    bank = Bank([Topic(id=entry.topic.id, title=entry.topic.title, sections=(section,))])
    same = bank.entry(entry.name)
    assert same
    assert Maker(bank).again(same, made.recipe) is None


# Small and strange banks

ANSWERS = {
    "tuple": "A tuple is a sequence that nobody can change after it was built.",
    "decorator": "A decorator wraps another callable, mostly to add logging or checks around it.",
    "generator": "A generator hands out its results one by one and sleeps in between.",
    "context-manager": "A context manager frees its resource even when the block fails with an exception.",
    "dataclass": "A dataclass writes constructor, comparison and printing from annotated attributes.",
}


def small(*names: str, **values: Any) -> Bank:
    return bank_of(*(question(name, choices=0, answer=ANSWERS[name], **values) for name in names), topic="python")


def made_for(bank: Bank, name: str, seed: str = "seed") -> Made | None:
    entry = bank.entry(name)
    assert entry
    return Maker(bank).make(entry, seed)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_bank_with_fewer_than_three_other_answers_makes_nothing(number: int) -> None:
    assert made_for(small(*list(ANSWERS)[:number]), "python/tuple") is None


def test_four_questions_are_enough_and_what_was_asked_is_not_named() -> None:
    made = made_for(small(*list(ANSWERS)[:4]), "python/tuple")
    assert made
    assert made.choices.right == "A sequence that nobody can change after it was built"
    assert {one.text for one in made.choices.wrong} == {
        "… wraps another callable, mostly to add logging or checks around it",
        "… hands out its results one by one and sleeps in between",
        "… frees its resource even when the block fails with an exception",
    }
    assert {one.why for one in made.choices.wrong} == {
        f"That answers “What is {name}?”." for name in ("decorator", "generator", "context-manager")
    }


LONG = "a value that was put in first and comes out last"  # 49 characters


@pytest.mark.parametrize(
    ("asked", "answer", "right"),
    [
        ("What is a stack?", "A stack is a pile of dirty plates. More follows.", "A pile of dirty plates"),
        ("What are stacks?", "Stacks are piles that grow on top.", "Piles that grow on top"),
        ("Why use a stack?", "Because undoing goes backwards.", "Undoing goes backwards"),
        (
            "Why use a stack?",
            "We use a stack because undoing goes backwards.",
            "We use a … because undoing goes backwards",
        ),
        ("What does `pop()` do?", "`pop()` takes the top away, e.g. a plate.", "… takes the top away, e.g. a plate"),
        ("What does a stack do?", "It turns. The rest is easy to see.", "It turns. The rest is easy to see"),
        ("What is a stack?", f"It holds {LONG}; {LONG}; {LONG}.", f"It holds {LONG}; {LONG}"),
        ("What is a stack?", f"It holds {LONG}, {LONG}, and {LONG}.", f"It holds {LONG}, {LONG}"),
        ("What is a stack?", f"It holds ({LONG}; {LONG}; {LONG}) always.", ""),
        ("What is a stack?", f"If you need {LONG}, {LONG}, and {LONG}.", ""),
        ("What is a stack?", f"It holds {LONG} {LONG} {LONG} {LONG}.", ""),
        ("What is a stack?", "Say `plates, bowls, forks. Then` to whoever carries piles.", ""),
        (
            "What is a stack?",
            "See [the **manual**](http://x) about `**plates`.\n\n- one",
            "See the manual about `**plates`",
        ),
    ],
)
def test_an_answer_is_put_in_a_line(asked: str, answer: str, right: str) -> None:
    others = [question(name, choices=0, answer=ANSWERS[name]) for name in ANSWERS]
    made = made_for(bank_of(question("q", choices=0, question=asked, answer=answer, key_points=[]), *others), "flask/q")
    assert (made.choices.right if made else "") == right


def test_no_two_wrong_choices_say_the_same() -> None:
    twins = [
        question(f"{name}-twin", choices=0, answer=ANSWERS[name].replace("A ", "Such a ")) for name in list(ANSWERS)[1:]
    ]
    bank = bank_of(*(question(name, choices=0, answer=ANSWERS[name]) for name in ANSWERS), *twins)
    maker, entry = Maker(bank), bank.entry("flask/tuple")
    assert entry
    for seed in map(str, range(60)):
        made = maker.make(entry, seed)
        assert made
        assert len({one.why.removesuffix("?”.").removesuffix("-twin") for one in made.choices.wrong}) == WRONG


def test_what_answers_as_well_is_left_out() -> None:
    twin = question("frozen", choices=0, answer="That is a sequence nobody can change after it was built, ever.")
    same = question("tuples", choices=0, question="What are tuples?", answer="Cheap rows that keep order and place.")
    follows = question("list", choices=0, answer="Grows and shrinks while the program runs, one item at a time.")
    asked = question("tuple", choices=0, answer=ANSWERS["tuple"], follow_ups=["list"])
    others = [question(name, choices=0, answer=ANSWERS[name]) for name in list(ANSWERS)[1:]]
    for left_out in (twin, same, follows):
        bank = bank_of(asked, left_out, *others, topic="python")
        for seed in SEEDS:
            made = made_for(bank, "python/tuple", seed)
            assert made
            assert left_out[1].question not in " ".join(one.why for one in made.choices.wrong)


def test_a_question_about_the_topic_at_large_is_not_offered_what_else_is_said_of_it() -> None:
    at_large = [
        question(name, choices=0, question=asked, answer=answer)
        for name, asked, answer in (
            ("redis", "What is Redis?", "Redis is an in-memory store for keys and values."),
            ("why", "Why is Redis fast?", "Redis keeps everything where no disk slows it down."),
            ("features", "What does Redis offer?", "Redis brings expiry, streams, scripting and replication."),
        )
    ]
    others = [question(name, choices=0, answer=ANSWERS[name]) for name in ANSWERS]
    bank = bank_of(*at_large, *others, topic="redis")
    for seed in SEEDS:
        made = made_for(bank, "redis/redis", seed)
        assert made
        assert made.choices.right == "An in-memory store for keys and values"
        assert not [one.why for one in made.choices.wrong if "Redis" in one.why]


WORDS = ("getenv", "listdir", "makedirs", "unlink")


def example(word: str, code: str = "", **values: Any) -> tuple[str, Question]:
    """A question whose answer is too short to be a choice, so that its example is all there is."""
    values = {"question": "How do you do that?", "answer": f"`{word}`", "key_points": [], "explanation": None, **values}
    return question(word, choices=0, code=code or f"import os\nos.{word}('a')", **values)


def gap(code: str, **values: Any) -> Made | None:
    """What is made of an example of `getenv`, in a bank with three others."""
    return made_for(bank_of(example("getenv", code, **values), *map(example, WORDS[1:])), "flask/getenv")


def test_a_gap_offers_words_of_the_same_kind_from_other_examples() -> None:
    made = gap("import os\nos.getenv('a')")
    assert made
    assert made.stem == "What belongs in the gap?\n\n```python\nimport os\nos.____('a')\n```"
    assert made.choices.right == "`getenv`"
    assert {one.text for one in made.choices.wrong} == {"`listdir`", "`makedirs`", "`unlink`"}


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.getenv('a')  # getenv reads it",
        "import os\nos.getenv('a')\nos.getenv('b')",
        "import os\nget_env = os.getenv('a')",
        "import os\nos.getenv('a'); os.listdir; os.makedirs",  # too few others are left
        "import os\nos.getenv()",  # of another kind
        "import os\nf'{os.getenv(1)}'",  # Python 3.11 and 3.12 disagree about where it stands
    ],
)
def test_no_gap_is_made_where_the_word_is_in_sight_or_nothing_else_would_do(code: str) -> None:
    assert gap(code) is None


def test_no_gap_is_made_for_what_the_question_names() -> None:
    assert gap("import os\nos.getenv('a')", question="What does getenv do?") is None


def test_no_wrong_word_is_one_that_the_question_tells_of_or_that_does_the_same() -> None:
    assert gap("import os\nos.getenv('a')", explanation="Like `listdir`, it asks the system.") is None
    alike = [example(word, f"import x\nx.{word}('a')") for word in ("warning", "critical", "listdir", "unlink")]
    assert made_for(bank_of(*alike), "flask/warning") is None
    assert made_for(bank_of(*alike, example("makedirs")), "flask/warning")


@pytest.mark.parametrize("code", ["def", "os.getenv('a') getenv", "\0", "x = '\ud800'", "(" * 500, "\t\n x"])
def test_an_example_that_is_no_program_has_no_gap(code: str) -> None:
    assert making._parts(code) == []


@pytest.mark.parametrize(
    "code",
    [
        "import os\nprint('ü – ✔', os.getenv('é'), '☂')",
        "import os\r\nprint(1)\r\nprint(os.getenv('a'))",
        "import os\nprint(\n    os\n    .getenv('a'))",
        "import os\nprint('\\d', f'{os.name} ü {1}', os.getenv('a'))\n\x0cprint()",
        "import os\nprint('```', os.getenv('a'))",
    ],
)
def test_the_gap_is_where_the_word_was(code: str) -> None:
    made = gap(code)
    assert made
    assert made.stem.count(GAP) == 1
    assert made.stem.replace(GAP, "getenv").find(code.replace("\r\n", "\n")) > 0
    fences = re.findall(r"^`{3,}", made.stem, re.MULTILINE)
    assert len(fences) == 2
    assert fences[0] not in code


def test_a_warning_in_an_example_is_not_ours() -> None:
    assert gap("import os\nos.getenv('\\d') is 'a'")


def test_a_question_costs_the_same_however_many_stand_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    found_out = making._found_out
    monkeypatch.setattr(making, "_found_out", lambda entry, common: looked_at.append(entry) or found_out(entry, common))
    monkeypatch.setattr(making, "_gaps", lambda question: looked_at.append(question) or ())
    bank = large_bank(1_000)
    entry = bank.entry("flask/q7")
    assert entry
    assert Maker(bank).make(entry, "seed") is None
    assert 0 < len(looked_at) <= 2 * (2 * AROUND + 1) < LEARNT


LINES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200).filter(str.strip)
PARTS = ["the", "of", "a", "Flask", "`x`", "`y", "(b", "c)", "d,", "e;", "f.", "G:", "–", "words", ASKED, "1.5", "etc."]
PLAIN = st.lists(st.sampled_from(PARTS), min_size=1, max_size=60)
CODE = st.one_of(LINES, st.sampled_from([f"import os\nos.{word}('a')" for word in WORDS]))


@settings(max_examples=150)
@given(st.lists(st.tuples(LINES, st.one_of(LINES, PLAIN.map(" ".join)), CODE), min_size=4, max_size=9))
def test_whatever_is_written_choices_keep_their_limits_or_there_are_none(
    written: list[tuple[str, str, str]],
) -> None:
    bank = bank_of(
        *(
            question(f"q{number}", choices=0, question=asked, answer=answer, code=code, key_points=[])
            for number, (asked, answer, code) in enumerate(written)
        )
    )
    maker = Maker(bank)
    for entry in entries(bank):
        for seed in SEEDS[:2]:
            made = maker.make(entry, seed)
            if made:
                assert len({folded(text) for text in made.choices.texts}) == WRONG + 1
                assert all(0 < len(text) <= CHOICE_LIMIT for text in made.choices.texts)
                assert maker.again(entry, made.recipe) == made


NOUNS = (
    "lock",
    "queue",
    "cursor",
    "socket",
    "thread",
    "index",
    "cache",
    "proxy",
    "token",
    "schema",
    "worker",
    "parser",
)
VERBS = (
    "guards",
    "orders",
    "walks",
    "carries",
    "shares",
    "finds",
    "keeps",
    "proves",
    "shapes",
    "runs",
    "reads",
    "holds",
)
THINGS = ("memory", "tasks", "rows", "bytes", "work", "pages", "results", "calls", "users", "tables", "jobs", "events")


@given(st.permutations(NOUNS), st.permutations(VERBS), st.permutations(THINGS), st.integers(0, 10**9))
@settings(max_examples=60)
def test_in_any_bank_of_unlike_questions_each_gets_its_own_answer_and_three_others(
    nouns: list[str], verbs: list[str], things: list[str], seed: int
) -> None:
    texts = {
        noun: f"{verb} {thing} for whoever {other} {place}"
        for noun, verb, thing, other, place in zip(
            nouns, verbs, things, verbs[1:] + verbs[:1], things[2:] + things[:2], strict=True
        )
    }
    bank = bank_of(*(question(n, choices=0, answer=f"A {n} {text}.", key_points=[]) for n, text in texts.items()))
    maker = Maker(bank)
    for entry in entries(bank):
        made = maker.make(entry, str(seed))
        assert made
        assert made.choices.right == f"{ASKED} {texts[entry.question.id]}"
        assert {one.text[2:] for one in made.choices.wrong} < set(texts.values()) - {texts[entry.question.id]}
