"""The lint rules that make a bank good to practise with."""

from pathlib import Path

from bot.bank.linting import lint, reading_ease, words
from bot.bank.loading import load

SPOKEN = " ".join(["Flask is a small web framework that leaves the choices to you."] * 5)
POINT = "{text: It is small, accept: [tiny core, few parts, little built in]}"


def told(folder: Path, *questions: str) -> list[str]:
    (folder / "bank.yaml").write_text("questions:\n" + "".join(f"  - {{{question}}}\n" for question in questions))
    return [finding.message for finding in lint(load([folder]))]


def full(name: str = "one", **changes: str) -> str:
    fields = {
        "id": name,
        "question": "Why Flask?",
        "answer": SPOKEN,
        "key_points": f"[{POINT}, {{text: b, accept: [c, d, e]}}, {{text: f, accept: [g, h, i]}}]",
        "choices": "{right: abcd, wrong: [{text: abc, why: w}, {text: abcde, why: w}, {text: xbcd, why: w}]}",
        **changes,
    }
    return ", ".join(f"{key}: {value}" for key, value in fields.items())


def test_a_question_that_follows_every_rule_has_nothing_said_against_it(tmp_path: Path) -> None:
    assert told(tmp_path, full()) == []


def test_a_question_of_three_fields_is_a_note_and_left_alone(tmp_path: Path) -> None:
    assert told(tmp_path, "id: one, question: q, answer: short") == []


def test_an_answer_is_what_can_be_said_in_thirty_seconds(tmp_path: Path) -> None:
    assert "`answer` has 12 words; 40 to 85 can be said in 30 seconds" in told(
        tmp_path, full(answer="Flask is a small web framework that leaves the choices to you.")
    )
    assert any("words; 40 to 85" in message for message in told(tmp_path, full(answer=SPOKEN * 2)))


def test_an_answer_must_be_sayable(tmp_path: Path) -> None:
    hard = " ".join(["Heterogeneous infrastructural considerations necessitate authoritative configuration"] * 7)
    assert any("hard to say aloud" in message for message in told(tmp_path, full(answer=hard)))
    assert reading_ease("The cat sat on the mat.") > 90


def test_key_points_are_three_to_five_short_and_phrased_three_times(tmp_path: Path) -> None:
    assert "1 key points; 3 to 5 are expected" in told(tmp_path, full(key_points=f"[{POINT}]"))
    assert "a key point of 26 words; at most 25" in told(tmp_path, full(key_points="[" + "a " * 26 + ", b, c]"))
    assert "0 phrasings in `accept`; at least 3, better five" in told(tmp_path, full(key_points="[a, b, c]"))


def test_a_phrasing_has_words_of_its_own_and_one_point(tmp_path: Path) -> None:
    messages = told(tmp_path, full(key_points="[{text: a, accept: [flask, x, y]}, {text: b, accept: [X, z, v]}]"))
    assert "the phrasing 'flask' only repeats the question" in messages
    assert "the phrasing 'X' stands under two key points" in messages


def test_choices_are_three_or_four_wrong_ones_and_none_speaks_for_others(tmp_path: Path) -> None:
    messages = told(tmp_path, full(choices="{right: a, wrong: [{text: All of the above, why: w}]}"))
    assert "1 wrong choices; three or four are expected" in messages
    assert "the choice 'All of the above' stands for others; write a choice of its own" in messages


def test_length_may_not_give_the_answer_away(tmp_path: Path) -> None:
    def questions(right: str) -> list[str]:
        wrong = "[{text: abc, why: w}, {text: abcd, why: w}, {text: abcde, why: w}]"
        return [
            f"id: q{n}, question: q{n}, answer: a{n}, choices: {{right: {right}, wrong: {wrong}}}" for n in range(20)
        ]

    assert told(tmp_path, *questions("wxyz")) == []
    assert len(told(tmp_path, *questions("vwxyz!"))) == 20
    assert len(told(tmp_path, *questions("x"))) == 20
    assert told(tmp_path, *questions("x")[:19]) == []


def test_no_two_questions_or_answers_are_nearly_the_same(tmp_path: Path) -> None:
    messages = told(
        tmp_path,
        "id: one, question: How does Flask find its templates on disk, answer: a",
        "id: two, question: How does Flask find its templates on a disk, answer: b",
        "id: three, question: Who wrote the first version of Flask, answer: c",
    )
    assert messages == ["`question` is nearly the same as that of 'one'"]


def test_a_dunder_name_belongs_in_backticks(tmp_path: Path) -> None:
    messages = told(tmp_path, "id: one, question: What does __init__ do?, answer: It runs `__new__` first")
    assert messages == ["`question` has __init__ as plain text, which Markdown eats; put it in backticks"]


def test_words_are_counted_as_they_are_said() -> None:
    assert len(words("`Flask(__name__)` tells Flask, e.g. by url_for('x'), what's 127.0.0.1:5000 - right?")) == 9
