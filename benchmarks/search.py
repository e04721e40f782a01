"""Searching 100,000 made questions against 1,000 of them, and building the index of each and of the shipped bank."""

import gc
import random
import resource
import string
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, thread_time

from benchmarks.measuring import spread, verdict
from bot.bank.bank import Entry
from bot.bank.loading import load
from bot.bank.model import Question, Section, Topic
from bot.bank.search import Index

ROUNDS = 5
SEARCHES = 60  # of each kind, in a round
SMALL, LARGE = 1_000, 100_000
NAMES = 50_000  # words that are in few questions each
GOAL = 20  # ms of the processor, of the longest search
FOLDER = Path(__file__).parent.parent / "questions"

Random = random.Random


def shipped() -> list[Entry]:
    return [
        Entry(f"{topic.id}/{question.id}", topic, section, question)
        for topic in load([FOLDER]).topics
        for section in topic.sections
        for question in section.questions
    ]


def made(size: int, of: list[Question], names: list[str], chance: Random) -> list[Entry]:
    """Questions with the title, answer, explanation and code of four others each, and a few names of their own."""
    questions = []
    for _ in range(size):
        title, said, why, code = chance.choices(of, k=4)
        questions.append(
            Question.model_construct(
                id="-".join(chance.choices(names, k=2)),
                question=f"{title.question[:-1]} with {chance.choice(names)}?",
                answer=" ".join((said.answer, *chance.choices(names, k=3))),
                explanation=why.explanation,
                code=code.code,
                key_points=said.key_points,
            )
        )
    section = Section.model_construct(id="all", title="All", questions=tuple(questions))
    topic = Topic.model_construct(id="flask", title="Flask", sections=(section,))
    return [Entry(f"flask/{question.id}", topic, section, question) for question in questions]


def misspelt(words: str, chance: Random) -> str:
    """With a letter of each longer word left out, doubled, changed or swapped with the next."""
    written = []
    for word in words.split():
        if len(word) > 3:
            at = chance.randrange(len(word) - 1)
            here, after = word[at], word[at + 1]
            wrong = chance.choice(("", here + here, chance.choice(string.ascii_lowercase), after + here))
            word = word[:at] + wrong + word[at + 1 + (wrong == after + here) :]
        written.append(word)
    return " ".join(written)


def searches(entries: list[Entry], vocabulary: list[str], names: list[str], chance: Random) -> dict[str, list[str]]:
    """What people search for, by kind."""
    titles = [entry.question.question for entry in chance.choices(entries, k=SEARCHES)]
    common = ["flask", "what is", "how do you", "the a is in", "flask app", "what is flask", "what do you use in a"]
    pairs = [" ".join(chance.choices(vocabulary, k=2)) for _ in range(SEARCHES)]
    return {
        "a title": titles,
        "a title, misspelt": [misspelt(title, chance) for title in titles],
        "two words": pairs,
        "a sentence of ten": [" ".join(chance.choices(vocabulary, k=10)) for _ in range(SEARCHES)],
        "ten misspelt names": [misspelt(" ".join(chance.choices(names, k=10)), chance) for _ in range(SEARCHES)],
        "rare words apart": [" ".join(chance.choices(names, k=4)) for _ in range(SEARCHES)],
        "common words": [common[number % len(common)] for number in range(SEARCHES)],
        "one letter": [string.ascii_lowercase[number % 26] for number in range(SEARCHES)],
        "a word and a letter": [f"{pair.split()[0]} {chance.choice(string.ascii_lowercase)}" for pair in pairs],
        "nothing like it": [f"qqzzxx{number} xxjjqqvv wwqqkkzz" for number in range(SEARCHES)],
    }


def milliseconds(work: Callable[[str], object], of: list[str], clock: Callable[[], float]) -> list[float]:
    taken = []
    for words in of:
        start = clock()
        work(words)
        taken.append((clock() - start) * 1000)
    return taken


def built(entries: list[Entry]) -> Index:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, perf_counter()
    index = Index(entries)
    taken = perf_counter() - start
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / len(entries)
    print(f"index of {len(entries):,}: {taken * 1000:,.0f} ms, {memory:,.0f} bytes for each question")
    return index


async def main() -> None:
    chance = Random(1)
    bank = shipped()
    of = [entry.question for entry in bank]
    times = []
    for _ in range(ROUNDS):
        start = thread_time()
        Index(bank)
        times.append((thread_time() - start) * 1000)
    print(f"index of the shipped {len(bank)}: {verdict(times, 30, at_least=False)}  (ms of the processor)")
    names = ["".join(chance.choices(string.ascii_lowercase, k=chance.randint(5, 10))) for _ in range(NAMES)]
    small, large = (made(size, of, names, chance) for size in (SMALL, LARGE))
    indexes = [built(small), built(large)]
    gc.freeze()  # a full collection walks through the whole bank, whoever it is that causes it
    vocabulary = sorted({word.strip("`?().,").casefold() for one in of for word in one.answer.split()} - {""})
    for kind, asked in searches(large, vocabulary, names, chance).items():
        ratios, costs = [], list[float]()
        for _ in range(ROUNDS):
            few, many = (
                milliseconds(lambda words, index=index: index.search(words, 5), asked, thread_time) for index in indexes
            )
            ratios.append(sum(many) / sum(few))
            costs += many
        typing = milliseconds(lambda words: indexes[1].titles(words, 10), asked, thread_time)
        most = max(*costs, *typing)
        print(
            f"{kind:20} {median(costs):5.1f} ms, 95 % {quantiles(costs, n=20)[-1]:5.1f}, most {max(costs):5.1f};"
            f" titles {median(typing):4.1f}, most {max(typing):4.1f}; goal <= {GOAL}"
            f" {'reached' if most <= GOAL else 'MISSED'}; {LARGE:,} / {SMALL:,} {spread(ratios)}"
        )
