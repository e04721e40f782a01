"""Banks: every mistake of every file, at once, by file and line, in a sentence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bank.loading import FILE_LIMIT, load

GOOD = """\
questions:
  - id: one
    question: What is one?
    answer: The first.
"""


def findings(folder: Path, text: str | bytes) -> list[str]:
    """What is said about a file with this text, without the folder's name."""
    path = folder / "bank.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return [str(finding).removeprefix(f"{folder}/") for finding in load([folder]).findings]


def test_a_first_bank_needs_three_fields_and_takes_its_names_from_its_place(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "types.yaml").write_text(GOOD)
    loaded = load([tmp_path])
    assert not loaded.findings
    (topic,) = loaded.topics
    assert (topic.id, topic.sections[0].id, topic.sections[0].title) == ("python", "types", "types")
    assert [question.id for question in topic.questions] == ["one"]


def test_a_single_file_is_a_topic_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD)
    assert load([tmp_path / "mine.yaml"]).topics[0].id == "mine"
    assert load([tmp_path]).topics[0].id == "mine"


def test_yes_no_numbers_and_dates_stay_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "questions: [{id: one, question: yes, answer: 1.10, hint: 2024-01-01, used_for: [no, on, 0o17, ~]}]"
    )
    (question,) = load([tmp_path]).topics[0].questions
    assert (question.question, question.answer, question.hint) == ("yes", "1.10", "2024-01-01")
    assert question.used_for == ("no", "on", "0o17", "~")


def test_a_bare_string_is_a_key_point(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("questions: [{id: one, question: q, answer: a, key_points: [first, {text: b}]}]")
    (question,) = load([tmp_path]).topics[0].questions
    assert [point.text for point in question.key_points] == ["first", "b"]


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("questions:\n  - id: one\n    question: q\n")
    (tmp_path / "b.yaml").write_text("questions:\n  - id: Two Words\n    question: q\n    answer: a\n    levl: mid\n")
    (tmp_path / "c.yaml").write_text("")
    told = [str(finding).removeprefix(f"{tmp_path}/") for finding in load([tmp_path]).findings]
    assert told == [
        "a.yaml:2: one: `answer` is missing",
        "b.yaml:2: Two Words: `id` is 'Two Words'; expected lower-case words joined by hyphens, "
        "such as `application-context`",
        "b.yaml:5: Two Words: unknown key `levl`; did you mean `level`?",
        "c.yaml:1: the file is empty",
    ]


ONE = "questions:\n  - id: one\n    question: q\n    answer: a\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ONE + "    level: expert\n", "bank.yaml:5: one: `level` is 'expert'; expected 'junior', 'mid' or 'senior'"),
        (ONE + "    priority: maybe\n", "bank.yaml:5: one: `priority` is 'maybe'; expected true or false"),
        (ONE + "    answer: b\n", "bank.yaml:5: one: `answer` stands twice here; the first is in line 4"),
        (ONE + "    hint:\n", "bank.yaml:5: one: `hint` is empty"),
        (ONE + "    hint: [a]\n", "bank.yaml:5: one: `hint` is a list; expected text"),
        (
            ONE + "    used_for: cookies\n",
            "bank.yaml:5: one: `used_for` is 'cookies'; expected a list: one line each, starting with `- `",
        ),
        (ONE + "    choices: {right: A b, wrong: [{text: a  B, why: w}]}\n", "two choices are equal: 'a  B'"),
        (ONE + "    choices: {right: a, wrong: []}\n", "`choices.wrong` is empty; at least 1 expected"),
        (ONE + "    follow_ups: [two, one]\n", "unknown follow-up 'two'"),
        (ONE + "    follow_ups: [one]\n", "bank.yaml:5: one: a question can't follow itself"),
        (ONE + "    sources: [flask docs]\n", "is 'flask docs'; expected a link that starts with https://"),
        (ONE + "    kind: fact\n", "`kind: fact` and `counts` (full, half, wrong) belong together"),
        (ONE + "    check: assert x\n", "`check` has no `code` to check"),
        (ONE + "    key_points: [{text: a, weight: heavy}]\n", "`key_points[1].weight` is 'heavy'; expected a number"),
        (ONE + "    key_points: [{id: a, text: a}, {id: a, text: b}]\n", "two key points have the id 'a'"),
        (ONE + "  - {id: one, question: q, answer: a}\n", "bank.yaml:5: one: the id 'one' is used already, in "),
        (ONE + "  - just a line\n", "bank.yaml:5: question 2: it is 'just a line'; expected a mapping: `key: value` "),
        ("questions: none\n", "bank.yaml:1: `questions` is 'none'; expected a list"),
        ("topic: flask\n", "bank.yaml:1: `questions` is missing"),
        ("questions: []\n", "bank.yaml:1: `questions` is empty; at least 1 expected"),
        ("- id: one\n", "bank.yaml:1: expected a mapping: lines such as `topic: flask`, then `questions:` and a list"),
        ("# only a comment\n", "bank.yaml:1: expected a mapping"),
        ("  \n", "bank.yaml:1: the file is empty"),
        ("questions:\n  - id: one\n   question: q\n", "bank.yaml:3: not YAML"),
        ("a: b: c\n", "bank.yaml:1: not YAML: mapping values are not allowed in this context"),
        ("a: &x [1]\nb: *x\n", "bank.yaml:2: anchors and aliases (`&`, `*`) are not read here; write it out"),
        ("a: b\n---\nc: d\n", "bank.yaml:2: a second document (`---`) in one file; make it a file of its own"),
        ("? [a]\n: b\n", "bank.yaml:1: a key must be one word"),
        ("a: 1\nb: \x01\n", "bank.yaml:2: a character that YAML does not allow (#x0001)"),
        (b"a: b\nc: \xff\n", "bank.yaml:2: not UTF-8 (byte 0xff); save the file as UTF-8"),
        ("a: b\n".encode("utf-16"), "bank.yaml:1: not UTF-8"),
        ("questions:\n  - {id: a, question: x, question: y, answer: z}\nquestions: []\n", "stands twice here"),
        (ONE + '    hint: "a\\u202eb"\n', "bank.yaml:5: one: an invisible character (U+202E); remove it"),
        ("[" * 100_000, "bank.yaml:1: not YAML: exceeded maximum nesting depth"),
        ("a: " + "[" * 50 + "]" * 50, "bank.yaml:1: nested too deeply for a question bank"),
        ("a:\n" + "".join(f"{' ' * n}b:\n" for n in range(1, 50)), "nested too deeply for a question bank"),
    ],
)
def test_a_mistake_is_told_by_file_line_and_question(tmp_path: Path, text: str | bytes, told: str) -> None:
    assert any(told in finding for finding in findings(tmp_path, text)), findings(tmp_path, text)


def test_aliases_can_not_unfold_into_a_large_bank(tmp_path: Path) -> None:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    assert all("anchors" in finding or "unknown key" in finding or "missing" in finding
               for finding in findings(tmp_path, laughs))  # fmt: skip


def test_a_file_of_50_megabytes_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "bank.yaml").open("wb") as file:
        file.truncate(50_000_000)
    (finding,) = load([tmp_path]).findings
    assert finding.message == f"the file has 50 MB; at most {FILE_LIMIT // 1_000_000} MB are read; split it by section"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert findings(tmp_path, "\ufeff" + GOOD) == []


def test_a_place_that_is_missing_or_holds_no_bank_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    told = [finding.message for finding in load([tmp_path / "empty", tmp_path / "nowhere"]).findings]
    assert told == ["no YAML file in this folder", "no such file or folder"]


def test_follow_ups_are_not_called_unknown_while_a_file_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "flask").mkdir()
    (tmp_path / "flask" / "a.yaml").write_text(ONE + "    follow_ups: [two]\n")
    (tmp_path / "flask" / "b.yaml").write_text("questions:\n  - id: two\n question: q")
    assert [finding.unreadable for finding in load([tmp_path]).findings] == [True]


def test_topic_yaml_names_the_topic_and_orders_its_sections(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.yaml").write_text(f"topic: t\nquestions: [{{id: {name}, question: q, answer: a}}]")
    (tmp_path / "topic.yaml").write_text("topic: t\ntitle: The T\nsections: [c, a]")
    (topic,) = load([tmp_path]).topics
    assert (topic.title, [section.id for section in topic.sections]) == ("The T", ["c", "a", "b"])
    (tmp_path / "topic.yaml").write_text("topic: t\nsections: [c, x]")
    assert [finding.message for finding in load([tmp_path]).findings] == ["unknown section 'x'"]


@given(st.text(max_size=200) | st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,? \n", max_size=60))
def test_no_text_at_all_gives_a_traceback(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("bank")
    (folder / "bank.yaml").write_text(text, encoding="utf-8", errors="replace")
    loaded = load([folder])
    assert loaded.findings or loaded.topics
