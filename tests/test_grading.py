"""Typed answers: what earns a key point, what does not, and what the learner is told about it."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.bank.loading import load
from bot.bank.model import Counts, KeyPoint, Mistake, Question
from bot.practice.grading import Grade, Grader, Status, grader_of
from bot.practice.grading.grade import (
    APPROXIMATE,
    COPIED,
    DENIED,
    EMPTY,
    HEDGED,
    KEYWORDS,
    MISTAKE_COSTS,
    OFF_TOPIC,
    TOO_LONG,
)
from bot.practice.grading.reading import READ_LIMIT, distance, frequency

ALIASES = {"gunicorn": ["g unicorn", "green unicorn"], "sqlalchemy": ["sequel alchemy"], "jwt": ["jason web token"]}


def point(name: str, text: str, *accept: str, weight: float = 1) -> KeyPoint:
    return KeyPoint(id=name, text=text, accept=accept, weight=weight)


BREAD = Grader(
    "How do you bake bread?",
    [
        point("knead", "Knead the dough for ten minutes", "knead the dough", "work the dough by hand"),
        point("rest", "Let it rest until it has doubled", "let it rise", "leave the dough to rest"),
        point("no-sugar", "It needs no sugar", "no sugar", "sugar is not needed"),
    ],
    aliases=ALIASES,
)
SERVER = Grader(
    "What do you need to serve a Flask app?",
    [
        point("server", "A WSGI server such as Gunicorn runs the app", "gunicorn", "WSGI server"),
        point("proxy", "A reverse proxy stands in front of it", "reverse proxy", "proxy in front"),
        point("workers", "Several workers answer at the same time", "several worker processes", "multiple workers"),
        point("database", "SQLAlchemy keeps a pool of connections", "SQLAlchemy pool", "connection pool"),
    ],
    aliases=ALIASES,
)
CONTRAST = Grader(
    "What is the difference between `session` and `g`?",
    [
        point("place", "session is in a cookie, g in memory", "session is in a cookie", "g is in memory"),
        point(
            "life", "session lasts, g is new each time", "session lasts over several requests", "g is new each request"
        ),
    ],
)
CODES = Grader(
    "Which statuses tell a client that it may not see a page?",
    [
        point("login", "401 when nobody is logged in", "401 if nobody is logged in", "401 without a login"),
        point("rights", "403 when the rights are missing", "403 if the rights are missing", "403 without permission"),
    ],
)
PORT = Grader(
    "Where does the server listen?",
    [point("host", "On localhost", "localhost"), point("port", "On port 5000", "port 5000")],
    counts=Counts(
        full=("127.0.0.1:5000", "localhost and port 5000"),
        half=("5000", "localhost"),
        wrong=("192.168.0.1", "8000"),
    ),
)
METHOD = Grader(
    "Which method does a route take?",
    [point("get", "GET", "GET method")],
    counts=Counts(full=("GET", "GET, HEAD and OPTIONS"), wrong=("POST", "GET and POST")),
)


def covered(grader: Grader, said: str) -> tuple[str, ...]:
    return grader.grade(said).covered


def statuses(grade: Grade) -> dict[str, str]:
    return {one.id: one.status.value for one in grade.points}


# What earns a point


@pytest.mark.parametrize(
    "said",
    [
        "First you knead the dough.",
        "you have to knead, for a good while, that dough",  # other words between, other order
        "The dough is kneaded by me.",
        "knaed teh duogh",  # misspelled
        "u kneed 2 work the dough by hand",
        "KNEAD THE DOUGH",
        "`knead` the `dough`",
        "ｋｎｅａｄ the dough",  # full-width letters
    ],
)
def test_a_point_is_made_in_any_order_spelling_and_case(said: str) -> None:
    assert covered(BREAD, said) == ("knead",)


def test_words_of_the_same_meaning_make_a_point() -> None:
    grader = Grader("What does it do?", [point("it", "It deletes directories", "delete directories")])
    assert covered(grader, "It erases folders.") == ("it",)


@pytest.mark.parametrize("said", ["you start it with g unicorn", "I use a w s g i server", "it runs in gunicron"])
def test_dictated_and_spelled_out_names_are_understood(said: str) -> None:
    assert "server" in covered(SERVER, said)


def test_a_name_heard_as_other_words_is_understood() -> None:
    assert covered(SERVER, "there is a sequel alchemy pool") == ("database",)


def test_names_in_code_are_words_too() -> None:
    grader = Grader("How do you start?", [point("run", "Call app.run()", "app.run()", "run_app")])
    for said in ("you call `app.run()`", "call app.run", "by run_app", "it says app dot run"):
        assert covered(grader, said) == ("run",), said


def test_a_real_word_is_not_taken_for_a_misspelled_one() -> None:
    grader = Grader("What is it?", [point("house", "It is a house", "house")])
    assert covered(grader, "It is a horse.") == ()
    assert covered(grader, "It is a housse.") == ("house",)


def test_a_lower_case_get_is_a_verb_and_an_upper_case_one_a_method() -> None:
    grader = Grader("What happens?", [point("get", "The browser sends a GET", "GET")])
    assert covered(grader, "you get something") == ()
    assert covered(grader, "the browser does GET") == ("get",)
    assert covered(grader, "it does a get request") == ("get",)


def test_the_statement_of_a_point_counts_when_most_of_it_is_said() -> None:
    assert covered(BREAD, "It should rest until its size has doubled.") == ("rest",)


def test_saying_half_of_a_phrasing_is_close_and_earns_nothing() -> None:
    grade = BREAD.grade("Something with dough, I believe.")
    assert statuses(grade)["knead"] == Status.CLOSE
    assert grade.score == 0


def test_without_key_points_the_sentences_of_the_answer_stand_in() -> None:
    grader = Grader("What is Python?", (), answer="Python is a programming language. Guido van Rossum wrote it.")
    grade = grader.grade("It's a programming language.")
    assert [one.id for one in grade.points] == ["1", "2"]
    assert grade.covered == ("1",)
    assert APPROXIMATE in grade.flags


# What earns nothing


@pytest.mark.parametrize(
    "said",
    [
        "You never knead the dough.",
        "You don't knead the dough.",
        "you dont knead the dough",
        "There is no need to knead the dough.",
        "It is not true that you knead the dough.",
        "It's a myth that you should knead the dough.",
        "Bake it without kneading the dough.",
        "Kneading the dough is pointless.",
        "Use a spoon instead of kneading the dough.",
        "No, you cannot knead dough.",
        "Whoever bakes kneads nothing, least of all dough.",
    ],
)
def test_a_denied_point_is_contradicted(said: str) -> None:
    grade = BREAD.grade(said)
    assert grade.covered == ()
    assert statuses(grade)["knead"] == Status.CONTRADICTED
    assert DENIED in grade.flags


@pytest.mark.parametrize(
    "said",
    [
        "You can't bake it without kneading the dough.",
        "Don't forget to knead the dough.",
        "It is not only flour, you knead the dough.",
        "Not with a machine, but you knead the dough.",
        "No, you knead the dough.",
        "What people forget is to knead the dough.",
        "Without a machine you knead the dough.",
    ],
)
def test_what_only_looks_like_a_denial_is_none(said: str) -> None:
    assert "knead" in covered(BREAD, said)


def test_the_subject_of_a_denial_is_not_said_of_the_answer() -> None:
    assert covered(SERVER, "Gunicorn is for that.") == ("server",)
    assert covered(SERVER, "Gunicorn isn't for that.") == ()


def test_a_point_that_denies_must_be_denied_in_the_answer() -> None:
    assert covered(BREAD, "There is no sugar in it.") == ("no-sugar",)
    assert covered(BREAD, "Put sugar in it.") == ()
    assert statuses(BREAD.grade("Put sugar in it."))["no-sugar"] == Status.CONTRADICTED


def test_how_far_a_denial_reaches_is_not_taken_too_exactly() -> None:
    grader = Grader(
        "What about the dog?", [point("trust", "Never trust its friendly look", "never trust the friendly look")]
    )
    assert covered(grader, "Its look is friendly, and you can't trust it.") == ("trust",)
    assert covered(grader, "Its look is friendly, and you can trust it.") == ()


def test_what_is_said_of_the_one_does_not_count_for_the_other() -> None:
    assert covered(CONTRAST, "session is in a cookie while g is in memory") == ("place",)
    swapped = CONTRAST.grade("g is in a cookie while session is in memory")
    assert swapped.covered == ()
    assert statuses(swapped)["place"] == Status.CONTRADICTED


def test_swapped_status_codes_are_contradicted() -> None:
    assert covered(CODES, "401 if nobody is logged in, and 403 if the rights are missing") == ("login", "rights")
    assert covered(CODES, "403 if nobody is logged in, and 401 if the rights are missing") == ()


def test_the_opposite_word_contradicts() -> None:
    grader = Grader("When does it run?", [point("when", "It runs before the view", "runs before the view")])
    assert covered(grader, "It runs before the view.") == ("when",)
    assert statuses(grader.grade("It runs after the view.")) == {"when": Status.CONTRADICTED}


WORDS = "gunicorn reverse proxy workers SQLAlchemy pool connections WSGI server processes"


@pytest.mark.parametrize("said", [WORDS, WORDS.replace(" ", ", "), WORDS.replace(" ", ", ") + " and Nginx"])
def test_a_row_of_catchwords_earns_nothing(said: str) -> None:
    grade = SERVER.grade(said)
    assert (grade.covered, grade.score, grade.flags) == ((), 0, (KEYWORDS,))


def test_a_list_counts_where_naming_items_is_the_answer() -> None:
    items = [point("soup", "Soup", "soup"), point("bread", "Bread", "bread"), point("wine", "Wine", "wine")]
    said = "soup, bread, wine, cheese, butter, salad, pasta, apples"
    assert Grader("What is on the menu?", items).grade(said).flags == (KEYWORDS,)
    assert Grader("What is on the menu?", items, allow_list=True).grade(said).score == 1


@pytest.mark.parametrize(
    "said",
    ["", " \n", "?", "?!…", "uhm", "no idea", "I don't know", "idk", "idk tbh", "pass", "nope", "I don't remember"],
)
def test_an_answer_that_says_nothing_is_empty(said: str) -> None:
    grade = BREAD.grade(said)
    assert (grade.score, grade.flags) == (0, (EMPTY,))
    assert set(statuses(grade).values()) == {Status.MISSED}


def test_the_question_is_no_answer() -> None:
    assert CONTRAST.grade("the difference between session and g").flags == (COPIED,)
    assert CODES.grade("Statuses tell a client that it may not see a page").score == 0


def test_a_word_said_in_passing_earns_nothing() -> None:
    said = "My silly pet tortoise gunicorn ate green salad."
    assert statuses(SERVER.grade(said))["server"] == Status.CLOSE
    assert covered(SERVER, "Gunicorn runs it.") == ("server",)


TOOLS = Grader(
    "What is in the kitchen?",
    [
        point("oven", "An oven that is hot enough bakes the bread", "hot oven", "oven for the bread"),
        point("knife", "A sharp knife cuts the bread", "sharp knife", "knife that cuts bread"),
        point("board", "A wooden board lies under it", "wooden board", "board of wood"),
        point("towel", "A clean towel covers the dough", "clean towel", "towel over the dough"),
    ],
)


def test_one_thin_hint_in_a_long_answer_is_chance_and_in_company_it_is_believed() -> None:
    wrong = (
        "Bread that stands in a hot garden needs neither light nor water, and all neighbours can eat of it in summer."
    )
    right = "A sharp knife, a wooden board and a clean towel. And the bread is in there to get hot."
    assert covered(TOOLS, wrong) == ()
    assert "oven" in covered(TOOLS, right)


def test_words_belong_to_the_point_that_is_said_best() -> None:
    grader = Grader(
        "What does the cook do?",
        [
            point("pot", "Boils salt water in the big pot", "boils salt water in the big pot"),
            point("pan", "Boils salt water in the flat pan", "boils salt water in the flat pan"),
        ],
    )
    assert covered(grader, "He boils some salt water in the big pot.") == ("pot",)
    assert covered(grader, "He boils some salt water in the flat pan.") == ("pan",)


def test_a_sentence_may_go_on_with_it() -> None:
    grader = Grader("What does the cook do?", [point("oven", "The oven heats up", "oven heats up")])
    assert grader.grade("There is the oven. It heats up.").points[0].evidence == ("oven", "heats", "up")
    assert grader.grade("There is the oven. Rooms heat up.").points[0].evidence == ("heat", "up")


def test_a_word_of_several_points_says_little_of_each() -> None:
    bread = [point(name, f"The {name} of the bread", f"{name} of bread") for name in ("crust", "crumb", "smell")]
    assert statuses(Grader("What is it?", bread[:1]).grade("Something with bread."))["crust"] != Status.MISSED
    assert set(statuses(Grader("What is it?", bread).grade("Something with bread.")).values()) == {Status.MISSED}


def test_a_verb_without_its_object_says_nothing() -> None:
    grader = Grader("How do you eat?", [point("fork", "Make use of a fork", "make use of a fork")])
    assert statuses(grader.grade("You make use of your hands.")) == {"fork": Status.MISSED}


def test_words_that_make_one_point_do_not_deny_another() -> None:
    grader = Grader(
        "What does the guard do?",
        [point("dawn", "Opens the gate", "opens the gate"), point("dusk", "Closes the gate", "closes the gate")],
    )
    assert statuses(grader.grade("He closes the gate.")) == {"dawn": Status.MISSED, "dusk": Status.COVERED}


def test_another_subject_is_off_topic() -> None:
    grade = BREAD.grade("The weather was lovely in Lisbon last summer.")
    assert (grade.score, grade.flags) == (0, (OFF_TOPIC,))


# Score, mistakes, evidence


def test_the_score_is_the_share_of_the_weight() -> None:
    grader = Grader("What is it?", [point("a", "It is red", "red", weight=3), point("b", "It is round", "round")])
    assert grader.grade("it is red").score == 0.75
    assert grader.grade("it is round").score == 0.25


def test_a_bonus_point_changes_no_score() -> None:
    grader = Grader("What is it?", [point("a", "It is red", "red"), point("b", "It is round", "round", weight=0)])
    assert grader.grade("it is red").score == 1
    assert grader.grade("it is round").score == 0


def test_a_wrong_statement_is_told_and_takes_some_of_the_score() -> None:
    mistake = Mistake(accept=("made of plastic", "plastic ball"), tell="It is made of leather.")
    grader = Grader(
        "What is it?", [point("a", "It is red", "red"), point("b", "It is round", "round")], mistakes=[mistake]
    )
    good, bad = grader.grade("It is red. It is round."), grader.grade("It is red. It is round. It is a plastic ball.")
    assert (good.score, good.mistakes) == (1, ())
    assert (bad.score, bad.mistakes) == (1 - MISTAKE_COSTS, ("It is made of leather.",))
    assert grader.grade("It is red. It is round. It isn't a plastic ball.").mistakes == ()


def test_a_wrong_statement_is_one_only_in_its_own_order() -> None:
    mistake = Mistake(accept=("the cat eats the dog",), tell="It is the other way round.")
    grader = Grader("What happens?", [point("a", "There is a fight", "fight")], mistakes=[mistake])
    assert grader.grade("The dog eats the cat.").mistakes == ()
    assert grader.grade("There is a cat. It eats. It likes the dog.").mistakes == ()
    assert grader.grade("Well, the cat then eats the dog.").mistakes == ("It is the other way round.",)


def test_who_comes_near_a_wrong_statement_is_doubted() -> None:
    points = [
        point("oven", "A hot oven bakes it", "hot oven bakes"),
        point("board", "It lies on a board", "on a board"),
    ]
    said = "They take hot ovens in the yard of the house."
    assert covered(Grader("What is bread?", points), said) == ("oven",)
    mistake = Mistake(accept=("hot in the yard of the palace",), tell="It is baked indoors.")
    doubted = Grader("What is bread?", points, mistakes=[mistake]).grade(said)
    assert (doubted.covered, doubted.mistakes) == ((), ())


def test_a_point_that_rests_on_a_wrong_statement_is_lost() -> None:
    mistake = Mistake(accept=("everything is red inside",), tell="Only outside.")
    grader = Grader("What is it?", [point("a", "It is red", "red")], mistakes=[mistake])
    grade = grader.grade("well, everything is red inside of it")
    assert (statuses(grade)["a"], grade.score) == (Status.CONTRADICTED, 0)


def test_an_answer_that_mostly_says_the_opposite_is_believed_only_where_it_says_much() -> None:
    points = [point(name, f"It has a {name}", f"{name}") for name in ("handle", "cover", "bottom")]
    grader = Grader("What is it?", points)
    assert grader.grade("It has a handle.").covered == ("handle",)
    assert grader.grade("It has a handle. It has no cover. It has no bottom.").covered == ()


def test_evidence_is_what_the_learner_wrote() -> None:
    [first, *_] = BREAD.grade("Then I KNEADED, slowly, the doough!").points
    assert first.evidence == ("KNEADED", "doough")


# Facts


@pytest.mark.parametrize(
    "said",
    [
        "127.0.0.1:5000",
        "localhost, port 5000",
        "http://127.0.0.1:5000/",
        "`localhost:5000`.",
        "It's localhost and 5000",
        "local host, five thousand",
        "locahost 5000",
        "not 8000 but localhost:5000",
    ],
)
def test_a_fact_is_right_however_it_is_written(said: str) -> None:
    grade = PORT.grade(said)
    assert (grade.score, grade.covered) == (1, ("host", "port"))


@pytest.mark.parametrize(
    ("said", "score", "flags"),
    [
        ("5000", 0.5, ()),
        ("localhost", 0.5, ()),
        ("localhost:8080", 0.5, ()),  # one of two is right
        ("8000", 0, ()),
        ("50000", 0, ()),  # 5000 is not in it
        ("in the kitchen", 0, (OFF_TOPIC,)),
        ("5000 or 8000", 0, (HEDGED,)),
        ("5000 or maybe 3000", 0, (HEDGED,)),
        ("192.168.0.1", 0, ()),
    ],
)
def test_half_a_fact_wrong_ones_and_hedging(said: str, score: float, flags: Sequence[str]) -> None:
    grade = PORT.grade(said)
    assert (grade.score, grade.flags) == (score, tuple(flags))


@pytest.mark.parametrize("said", ["GET", "get", "`GET`.", "It's GET", "not POST but GET", "GET (HEAD too)"])
def test_a_right_extra_is_no_hedging(said: str) -> None:
    assert METHOD.grade(said).score == 1


@pytest.mark.parametrize("said", ["GET and POST", "GET or PUT", "POST", "not GET", "you get it from the browser"])
def test_two_values_or_another_one_earn_nothing(said: str) -> None:
    assert METHOD.grade(said).score == 0


BARE = Grader("What is the port?", (), counts=Counts(full=("5000",), half=("5001",)))


@pytest.mark.parametrize(
    ("said", "score", "flags"),
    [
        ("port 5000", 1, ()),
        ("If you say nothing else when you start it then it will listen on port 5000 I think", 1, ()),
        ("5001", 0.5, ()),
        ("5000 or 8000", 0, (HEDGED,)),
        ("8000", 0, ()),
        ("no idea", 0, (EMPTY,)),
        ("?", 0, (EMPTY,)),
        ("the sea", 0, (OFF_TOPIC,)),
    ],
)
def test_a_fact_needs_no_key_points(said: str, score: float, flags: Sequence[str]) -> None:
    grade = BARE.grade(said)
    assert (grade.points, grade.score, grade.flags) == ((), score, tuple(flags))


def test_a_long_answer_to_a_question_of_fact_is_graded_by_its_key_points() -> None:
    said = "When nothing else is configured then it only listens on localhost, and there it takes port 5000 for itself"
    grade = PORT.grade(said)
    assert (grade.score, grade.covered) == (1, ("host", "port"))


# Hostile input


HOSTILE = [
    "\x00" * 100,
    "knead\x00the\x00dough",
    "\ud800 knead \udfff the dough",
    "🍞" * 5_000,
    "\u202eknead the dough\u202c",
    "k" * 1_000_000,
    "n\u0301\u0302\u0303" * 200_000,
    "knead " * 200_000,
    "not " * 100_000,
    "a.b_c-" * 100_000,
    "((((" * 100_000,
    "w s g i " * 100_000,
    "\n" * 1_000_000,
    " ".join("".join(random.Random(n).choices("abcdefghij", k=9)) for n in range(5_000)),
    "1,2,3,4:" * 100_000,
    "don't" * 100_000,
    "ﷺ" * 100_000,
    "{{7*7}} <script>alert(1)</script> '; DROP TABLE answer; --",
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_text_is_graded_like_any_other(number: int) -> None:
    grade = SERVER.grade(HOSTILE[number])
    assert 0 <= grade.score <= 1
    assert (TOO_LONG in grade.flags) is (len(HOSTILE[number]) > READ_LIMIT)


def test_only_the_beginning_of_an_endless_answer_is_read() -> None:
    assert covered(BREAD, "well " * READ_LIMIT + "knead the dough") == ()
    assert covered(BREAD, "knead the dough " + "well " * READ_LIMIT) == ("knead",)


def test_the_cost_of_an_endless_answer_is_that_of_its_beginning() -> None:
    """The work is counted, not timed: how many misspelled words are looked at."""
    words = [f"{a}{b}{c}xq" for a in "abcdefgh" for b in "abcdefgh" for c in "abcdefgh"]
    frequency.cache_clear()
    SERVER.grade(" ".join(words * 100))
    assert frequency.cache_info().misses < len(words)


# For every question of the bank


LOADED = load([Path(__file__).parent.parent / "questions"])
QUESTIONS = [one.question for one in LOADED.written]
BANK_ALIASES = {name: spellings for topic in LOADED.topics for name, spellings in topic.aliases.items()}
SAID = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(WORDS.split()), max_size=40).map(" ".join))


def open_grader(question: Question) -> Grader:
    return Grader(question.question, question.key_points, allow_list=True, aliases=BANK_ALIASES)


@pytest.mark.parametrize("question", QUESTIONS[::10], ids=lambda question: question.id)
def test_a_phrasing_of_the_bank_earns_its_point_alone(question: Question) -> None:
    grader = open_grader(question)
    lost = [
        phrase
        for one in question.key_points
        for phrase in one.accept
        if one.id not in grader.grade(f"I'd say: {phrase}.").covered
    ]
    assert not lost


def test_few_phrasings_of_the_bank_survive_a_denial() -> None:
    phrasings = survivors = 0
    for question in QUESTIONS[::10]:
        grader = open_grader(question)
        for one in question.key_points:
            phrasings += len(one.accept)
            survivors += sum(one.id in grader.grade(f"It is not true that {phrase}.").covered for phrase in one.accept)
    assert phrasings > 300
    assert survivors <= 0.03 * phrasings


def test_a_question_of_the_bank_is_graded_with_its_mistakes_and_facts() -> None:
    [question] = [question for question in QUESTIONS if question.id == "default-http-method"]
    assert grader_of(question).grade("GET").score == 1
    assert grader_of(question).grade("GET and POST").flags == (HEDGED,)


# Laws


@given(SAID)
@settings(max_examples=200, deadline=None)
def test_an_answer_has_one_grade(said: str) -> None:
    assert SERVER.grade(said) == SERVER.grade(said)
    fresh = Grader("Why?", [point("a", "Because of the proxy", "proxy")])
    assert fresh.grade(said) == fresh.grade(said)


@given(SAID)
@settings(max_examples=200, deadline=None)
def test_a_grade_is_consistent(said: str) -> None:
    grade = SERVER.grade(said)
    assert [one.id for one in grade.points] == ["server", "proxy", "workers", "database"]
    assert grade.score == pytest.approx(len(grade.covered) / 4)
    if EMPTY in grade.flags or KEYWORDS in grade.flags or COPIED in grade.flags:
        assert set(statuses(grade).values()) == {Status.MISSED}


@given(SAID)
@settings(max_examples=200, deadline=None)
def test_evidence_always_stands_in_the_answer(said: str) -> None:
    for one in SERVER.grade(said).points:
        assert all(part in said for words in one.evidence for part in words.split())
        assert bool(one.evidence) is (one.status is not Status.MISSED)


RIGHT = [
    "You knead the dough.",
    "Let it rise, and no sugar.",
    "I never add sugar. I knead the dough, then I let it rise.",
    "no idea about sugar",
    "there isn't any dough",
]


@given(st.sampled_from(RIGHT), st.sampled_from(["\n", "  ", "\t"]), st.sampled_from([str.upper, str.title, str.lower]))
def test_case_and_white_space_never_matter(said: str, space: str, cased: object) -> None:
    changed = cased(said).replace(" ", space) if space != "\n" else cased(said) + space  # type: ignore[operator]
    assert statuses(BREAD.grade(changed)) == statuses(BREAD.grade(said))


@given(st.sampled_from(RIGHT), st.sampled_from(["My cat likes the garden.", "Paris lies in France, they say."]))
def test_a_sentence_about_something_else_changes_no_point(said: str, other: str) -> None:
    assert covered(BREAD, f"{said}\n{other}") == covered(BREAD, said) == covered(BREAD, f"{other}\n{said}")


@given(st.permutations(RIGHT[:3]))
def test_the_order_of_sentences_never_matters(sentences: Sequence[str]) -> None:
    assert covered(BREAD, " ".join(sentences)) == ("knead", "rest", "no-sugar")


@given(st.text("abcd", min_size=1, max_size=7), st.text("abcd", min_size=1, max_size=7))
def test_distance_is_a_metric_cut_off_where_it_is_told(one: str, other: str) -> None:
    far = distance(one, other, 20)
    assert (far == 0) is (one == other)
    assert far == distance(other, one, 20) <= max(len(one), len(other))
    assert all(distance(one, other, most) == min(far, most + 1) for most in range(8))


def test_the_list_of_english_words_knows_words_and_no_others() -> None:
    assert all(frequency(word) for word in ("a", "website", "stored", "request"))
    assert not any(frequency(word) for word in ("reqest", "pyhton", "", "zzzzz"))
