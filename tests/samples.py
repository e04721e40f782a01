"""Small banks for tests."""

from datetime import UTC, date, datetime, time
from typing import Any

from bot.bank.bank import Bank
from bot.bank.model import Question, Section, Topic
from bot.learners.scoring import buckets
from bot.store.store import Ledger


def question(name: str, *, choices: int = 4, section: str = "basics", **values: Any) -> tuple[str, Question]:
    """A question with so many choices, the right one of which reads "right of NAME"; and its section."""
    wrong = [{"text": f"wrong {number} of {name}", "why": f"why {number} of {name}"} for number in range(1, choices)]
    fields: dict[str, Any] = {
        "id": name,
        "question": f"What is {name}?",
        "answer": f"The answer to {name}.",
        "explanation": f"The explanation of {name}.",
        "code": f"name = {name!r}",
        "hint": f"The hint for {name}.",
        "key_points": [f"point of {name}"],
        **values,
    }
    if choices:
        fields["choices"] = {"right": f"right of {name}", "wrong": wrong}
    return section, Question.model_validate(fields)


def bank_of(*questions: tuple[str, Question], topic: str = "flask") -> Bank:
    sections: dict[str, list[Question]] = {}
    for section, one in questions:
        sections.setdefault(section, []).append(one)
    made = tuple(Section(id=name, title=name.title(), questions=tuple(of)) for name, of in sections.items())
    return Bank([Topic(id=topic, title=topic.title(), sections=made)])


def large_bank(size: int, priority: float = 0.5) -> Bank:
    """So many questions, this share of them priority questions, without a word of explanation."""
    first = int(size * priority)
    return bank_of(
        *(
            ("all", Question.model_construct(id=f"q{n}", question="?", answer="!", priority=n < first))
            for n in range(size)
        )
    )


def ledger(day: date, community: str = "") -> Ledger:
    """Where points of this day count, by UTC."""
    return Ledger("test", community, buckets(day), datetime.combine(day, time(), UTC))
