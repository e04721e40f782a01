"""Typed answers: how often the grader agrees with labels made by people, and what one grading costs.

The thresholds were chosen on the tuning set; the held-out set is only looked at. `GRADING=tuning` leaves it out.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import correlation, median, quantiles
from time import perf_counter

import yaml

from bot.bank.loading import load
from bot.bank.model import Question
from bot.practice.grading import Grade, Grader, Status, grader_of
from bot.practice.grading.reading import frequency, words_of
from bot.practice.grading.words import stem, weight

ROOT = Path(__file__).parent.parent
SETS = os.environ.get("GRADING", "tuning held_out").split()
WORTHLESS = {"wrong", "negated", "stuffed", "empty", "offtopic"}
OVERLAP = 0.5  # of a phrasing's words, for the floor
GOALS = {"F1": 0.88, "F1 without phrasings": 0.80, "false credit": 0.06, "correlation": 0.85}


@dataclass(frozen=True, slots=True)
class Answer:
    question: Question
    kind: str
    text: str
    covered: frozenset[str]
    mark: float


@dataclass(frozen=True, slots=True)
class Judged:
    answer: Answer
    covered: frozenset[str]
    score: float


def answers_of(name: str, questions: dict[str, Question]) -> Iterator[Answer]:
    """The labelled answers to open questions; those of fact are graded by value (see the tests)."""
    for file in sorted((ROOT / "tests" / "grading").glob(f"{name}*.yaml")):
        for entry in yaml.safe_load(file.read_text()):
            question = questions[entry["question"]]
            if question.counts:
                continue
            for one in entry["answers"]:
                covered = frozenset(one.get("covered", ()))
                yield Answer(question, one["kind"].replace("-", ""), one["text"] or "", covered, one["score"])


def bare(question: Question) -> Question:
    """The question without a phrasing, only the statements of its key points."""
    points = tuple(point.model_copy(update={"accept": ()}) for point in question.key_points)
    return question.model_copy(update={"key_points": points})


def by_rules(question: Question, text: str) -> tuple[frozenset[str], float]:
    grade: Grade = grader_of(question).grade(text)
    return frozenset(point.id for point in grade.points if point.status is Status.COVERED), grade.score


def unwarned(question: Question) -> Question:
    """The question without the mistakes that its author expects."""
    return question.model_copy(update={"mistakes": ()})


def by_overlap(question: Question, text: str) -> tuple[frozenset[str], float]:
    """The floor: a point is made by half of the words of a phrasing."""
    said = _stems(text)
    made = frozenset(
        point.id or ""
        for point in question.key_points
        if any(
            (wanted := _stems(phrase)) and len(wanted & said) >= OVERLAP * len(wanted)
            for phrase in (point.text, *point.accept)
        )
    )
    total = sum(point.weight for point in question.key_points)
    return made, sum(point.weight for point in question.key_points if point.id in made) / total


def _stems(text: str) -> set[str]:
    return {stem(word) for word in words_of(text) if weight(stem(word))}


def judge(answers: Sequence[Answer], grade: Callable[[Question, str], tuple[frozenset[str], float]]) -> list[Judged]:
    return [Judged(answer, *grade(answer.question, answer.text)) for answer in answers]


def agreement(judged: Sequence[Judged]) -> tuple[float, float, float]:
    """Precision, recall and F1 over key points."""
    right = sum(len(one.covered & one.answer.covered) for one in judged)
    credited = sum(len(one.covered) for one in judged)
    labelled = sum(len(one.answer.covered) for one in judged)
    return right / max(1, credited), right / max(1, labelled), 2 * right / max(1, credited + labelled)


def false_credit(judged: Sequence[Judged]) -> tuple[float, Counter[str]]:
    """The share of points credited in answers that earn nothing; and how many, by kind of answer."""
    wrong, chances = Counter[str](), 0
    for one in judged:
        if one.answer.kind in WORTHLESS:
            wrong[one.answer.kind] += len(one.covered - one.answer.covered)
            chances += len(one.answer.question.key_points) - len(one.answer.covered)
    return wrong.total() / max(1, chances), wrong


def report(name: str, judged: Sequence[Judged]) -> None:
    precision, recall, f1 = agreement(judged)
    share, wrong = false_credit(judged)
    marks = correlation([one.score for one in judged], [one.answer.mark for one in judged])
    print(f"  {name:18} P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}  r {marks:.3f}  false credit {share:.3f}")
    kinds = {one.answer.kind for one in judged} - WORTHLESS
    by_kind = {kind: agreement([one for one in judged if one.answer.kind == kind])[2] for kind in sorted(kinds)}
    print(f"  {'':18} F1 " + ", ".join(f"{kind} {value:.2f}" for kind, value in by_kind.items()), end="; ")
    print("credited " + ", ".join(f"{kind} {wrong[kind]}" for kind in sorted(wrong)))


def milliseconds(answers: Sequence[Answer], once: Callable[[Answer], object]) -> list[float]:
    taken = []
    for answer in answers:
        start = perf_counter()
        once(answer)
        taken.append((perf_counter() - start) * 1000)
    return taken


def prepared(answer: Answer) -> Callable[[Answer], object]:
    grader: Grader = grader_of(answer.question)
    return lambda other: grader.grade(other.text)


async def main() -> None:
    start = perf_counter()
    frequency("word")
    print(f"loading the English words, once: {(perf_counter() - start) * 1000:.0f} ms")
    questions = {f"{one.topic}/{one.question.id}": one.question for one in load([ROOT / "questions"]).written}
    print("goals: " + ", ".join(f"{name} {goal}" for name, goal in GOALS.items()))
    for name in SETS:
        answers = list(answers_of(name, questions))
        if not answers:
            continue
        print(f"{name}: {len(answers)} answers to {len({answer.question.id for answer in answers})} questions")
        report("rules", judge(answers, by_rules))
        report("without phrasings", judge(answers, lambda question, text: by_rules(bare(question), text)))
        report("without mistakes", judge(answers, lambda question, text: by_rules(unwarned(question), text)))
        report("floor: overlap", judge(answers, by_overlap))
        costs: dict[str, Callable[[Answer], object]] = {
            "preparing and grading": lambda answer: by_rules(answer.question, answer.text),
            "floor: overlap": lambda answer: by_overlap(answer.question, answer.text),
        }
        for what, once in costs.items():
            taken = milliseconds(answers, once)
            print(f"  {what:24} median {median(taken):.2f} ms, 95 % {quantiles(taken, n=20)[-1]:.2f} ms")
        again = [milliseconds([answer], prepared(answer))[0] for answer in answers]
        print(f"  {'grading':24} median {median(again):.2f} ms, 95 % {quantiles(again, n=20)[-1]:.2f} ms")
