"""What authors of questions do on the command line: look, check, tune."""

import argparse
import asyncio
import json
import sys
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from bot.bank.bank import Bank
from bot.bank.linting import lint
from bot.bank.loading import load, most_of
from bot.bank.model import SectionFile
from bot.config import Config
from bot.practice.grading import Grader, grader_of
from bot.practice.grading.lines import graded
from bot.practice.grading.phrasings import lint_phrasings
from bot.store.claims import Claim
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Store

SHOWN_WORDS = 300  # characters of an answer with a claim


def add_verbs(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """The verbs `bank` and `grade`."""
    bank = verbs.add_parser("bank", help="work on question banks", parents=[shared])
    works = bank.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, function, summary in (
        ("lint", _lint, "say by file and line what is wrong with the questions"),
        ("list", _list, "list topics, sections and questions"),
        ("schema", _schema, "print the JSON Schema of a questions file, for editors"),
        ("feedback", _feedback, "list the key points that learners say they made, with their words"),
    ):
        work = works.add_parser(name, help=summary, description=summary, parents=[shared])
        work.set_defaults(run=function)
        if function in (_lint, _list):
            work.add_argument("places", nargs="*", metavar="PLACE", help="files or folders; default: the configured")
    summary = "grade answers: a JSON object a line in (question, key_points, answer), one a line out"
    verbs.add_parser("grade", help=summary, description=summary, parents=[shared]).set_defaults(run=_grade)


def _lint(config: Config, options: argparse.Namespace) -> int:
    """What is wrong with all questions; of those, what stands in the places that were named."""
    configured = [Path(place).resolve() for place in config.questions]
    named = [Path(place).resolve() for place in options.places]
    inside = named and all(any(place.is_relative_to(root) for root in configured) for place in named)
    loaded = load(config.questions if inside or not named else options.places)
    findings = sorted({*lint(loaded), *lint_phrasings(loaded)})
    shown = [one for one in findings if not inside or any(Path(one.file).resolve().is_relative_to(p) for p in named)]
    for finding in most_of(shown):
        print(finding)
    return int(bool(shown))


def _list(config: Config, options: argparse.Namespace) -> int:
    loaded = load(options.places or config.questions)
    for topic in loaded.topics:
        print(f"{topic.id}: {topic.title}, {sum(1 for _ in topic.questions)} questions")
        for section in topic.sections:
            print(f"  {section.id}: {section.title}, {len(section.questions)} questions")
            for question in section.questions:
                marks = f"{question.level}{', priority' if question.priority else ''}"
                print(f"    {question.id} ({marks}): {question.question}")
    for finding in most_of(loaded.findings):
        print(finding, file=sys.stderr)
    return int(bool(loaded.findings))


def _schema(config: Config, options: argparse.Namespace) -> int:
    print(schema_text(), end="")
    return 0


def schema_text() -> str:
    """The JSON Schema of a questions file. Topic, section and title are optional there: its place names them."""
    schema = SectionFile.model_json_schema()
    schema["required"] = ["questions"]
    points = schema["$defs"]["Question"]["properties"]["key_points"]
    points["items"] = {"anyOf": [{"type": "string"}, points["items"]]}  # a bare string is a point too
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _feedback(config: Config, options: argparse.Namespace) -> int:
    """Key points that the grader misses in what people say: phrasings that a bank may still learn."""

    async def all_claims() -> list[Claim]:
        database = await connect(config.database)
        try:
            await migrate(database)
            return await Store(database).claims.all()
        finally:
            await database.close()

    bank = Bank(load(config.questions).topics)
    claims = asyncio.run(all_claims())
    for (question, point), group in groupby(claims, lambda claim: (claim.question, claim.point)):
        entry = bank.entry(question)
        known = (
            {one.id or str(place): one.text for place, one in enumerate(entry.question.key_points, 1)} if entry else {}
        )
        said = [claim.text for claim in group]
        print(f"{question}: {point}: {known.get(point, 'no longer in the bank')} ({len(said)})")
        for text in said:
            line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
            print(f"  {line if len(line) <= SHOWN_WORDS else line[:SHOWN_WORDS] + '…'}")
    if not claims:
        print("Nobody has claimed a key point yet.")
    return 0


def _grade(config: Config, options: argparse.Namespace) -> int:
    """Grade line by line, so that a program can ask and read in turn; 1 if a line could not be read."""
    failed = False

    bank = Bank(load(config.questions).topics)
    aliases = {name: spellings for topic in bank.topics for name, spellings in topic.aliases.items()}

    @cache
    def find(name: str) -> Grader | None:
        entry = bank.entry(name)
        return grader_of(entry.question, entry.topic.aliases) if entry else None

    for number, line in enumerate(sys.stdin, 1):
        if text := line.strip().removeprefix("\ufeff"):
            answer = graded(text, find, aliases)
            if "error" in answer:
                answer, failed = {**answer, "line": number}, True
            print(json.dumps(answer, ensure_ascii=False), flush=True)
    return int(failed)
