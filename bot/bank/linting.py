"""What makes a bank good to practise with, beyond being readable.

Each rule speaks of what an author wrote, never of what is left out: a question that has only the required fields is a
note, and nothing is said against it. The numbers come from measuring how typed answers are graded (phrasings, length
of a point) and from what can be said aloud in thirty seconds.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from bot.bank.loading import Finding, Loaded, Written

ANSWER_WORDS = range(40, 86)  # what can be said in 30 seconds
KEY_POINTS = range(3, 6)
FEWEST_PHRASINGS = 3
LONGEST_POINT = 25  # words
WRONG_CHOICES = range(3, 5)
BIAS_FROM = 20  # questions with choices in a topic, below which shares say nothing
LONGEST_SHARE, SHORTEST_SHARE = 0.30, 0.35
ALIKE = 0.5  # share of common word triples from which two answers are nearly the same
READING_EASE = 30  # Flesch's scale; below it, text is for specialists reading on paper, not for saying aloud

_LAZY = re.compile(r"\b(all|none|both|any) of (the above|these|them)\b", re.IGNORECASE)


def lint(loaded: Loaded) -> tuple[Finding, ...]:
    """Everything wrong with these banks: what loading found, and every rule that a question breaks."""
    findings = list(loaded.findings)
    for one in loaded.written:
        findings.extend(_eaten(one))
        findings.extend(_answer(one))
        findings.extend(_key_points(one))
        findings.extend(_choices(one))
    for _, topic in sorted(_by_topic(loaded.written).items()):
        findings.extend(_length_bias(topic))
        findings.extend(_nearly_the_same(topic))
    return tuple(sorted(set(findings)))


def words(text: str) -> list[str]:
    """The words of a text as they are counted: code spans and hyphenated terms are one word each."""
    return re.findall(r"`[^`]+`|[\w@./:<>{}'’-]*\w[\w()@./:<>{}'’-]*", text)


def reading_ease(text: str) -> float:
    """Flesch's reading ease: 100 is very easy, 30 very hard. Syllables are counted as groups of vowels."""
    plain = re.sub(r"`[^`]*`", "code", text)
    spoken = re.findall(r"[A-Za-z]+", plain)
    sentences = max(1, len(re.findall(r"[.!?:;](?:\s|$)", plain)))
    if not spoken:
        return 100.0
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", word.lower().removesuffix("e")))) for word in spoken)
    return 206.835 - 1.015 * len(spoken) / sentences - 84.6 * syllables / len(spoken)


def _eaten(one: Written) -> Iterator[Finding]:
    """Names that Markdown would take for emphasis: `__init__` outside of a code span shows as "init"."""
    question = one.question
    texts = {"question": question.question, "answer": question.answer, "explanation": question.explanation or ""}
    for key, text in texts.items():
        bare = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
        if name := re.search(r"\b__\w+__\b", bare):
            yield one.finding(f"`{key}` has {name[0]} as plain text, which Markdown eats; put it in backticks", key)


def _answer(one: Written) -> Iterator[Finding]:
    question = one.question
    if not question.key_points:
        return
    count = len(words(question.answer))
    if count not in ANSWER_WORDS:
        allowed = f"{ANSWER_WORDS.start} to {ANSWER_WORDS.stop - 1}"
        yield one.finding(f"`answer` has {count} words; {allowed} can be said in 30 seconds", "answer")
    ease = reading_ease(question.answer)
    if ease < READING_EASE:
        yield one.finding(
            f"`answer` is hard to say aloud (reading ease {ease:.0f}, at least {READING_EASE}); "
            "shorten its sentences and words",
            "answer",
        )


def _key_points(one: Written) -> Iterator[Finding]:
    points = one.question.key_points
    if points and one.question.kind == "open" and len(points) not in KEY_POINTS:
        yield one.finding(f"{len(points)} key points; 3 to 5 are expected", "key_points")
    asked = {word.lower() for word in words(one.question.question)}
    seen: dict[str, int] = {}
    for index, point in enumerate(points):
        count = len(words(point.text))
        if count > LONGEST_POINT:
            yield one.finding(f"a key point of {count} words; at most {LONGEST_POINT}", "key_points", index, "text")
        if len(point.accept) < FEWEST_PHRASINGS:
            yield one.finding(
                f"{len(point.accept)} phrasings in `accept`; at least {FEWEST_PHRASINGS}, better five",
                "key_points",
                index,
                "accept",
            )
        for place, phrasing in enumerate(point.accept):
            said = {word.lower() for word in words(phrasing)}
            if said <= asked:
                yield one.finding(
                    f"the phrasing {phrasing!r} only repeats the question", "key_points", index, "accept", place
                )
            folded = " ".join(phrasing.lower().split())
            if seen.setdefault(folded, index) != index:
                yield one.finding(
                    f"the phrasing {phrasing!r} stands under two key points", "key_points", index, "accept", place
                )


def _choices(one: Written) -> Iterator[Finding]:
    choices = one.question.choices
    if not choices:
        return
    if len(choices.wrong) not in WRONG_CHOICES:
        yield one.finding(f"{len(choices.wrong)} wrong choices; three or four are expected", "choices", "wrong")
    for text in choices.texts:
        if _LAZY.search(text):
            yield one.finding(f"the choice {text!r} stands for others; write a choice of its own", "choices")


def _by_topic(written: Sequence[Written]) -> dict[str, list[Written]]:
    topics: dict[str, list[Written]] = defaultdict(list)
    for one in written:
        topics[one.topic].append(one)
    return topics


def length_bias(written: Sequence[Written]) -> tuple[list[Written], list[Written], int]:
    """Questions whose right choice is alone the longest, alone the shortest, and how many have choices."""
    longest, shortest, asked = [], [], 0
    for one in written:
        if one.question.choices:
            asked += 1
            right, *wrong = map(len, one.question.choices.texts)
            if right > max(wrong):
                longest.append(one)
            if right < min(wrong):
                shortest.append(one)
    return longest, shortest, asked


def _length_bias(written: Sequence[Written]) -> Iterator[Finding]:
    longest, shortest, asked = length_bias(written)
    if asked < BIAS_FROM:
        return
    for which, found, most in (("longest", longest, LONGEST_SHARE), ("shortest", shortest, SHORTEST_SHARE)):
        if len(found) > most * asked:
            for one in found:
                yield one.finding(
                    f"the right choice is the {which} in {len(found)} of {asked} questions, this one too; "
                    f"at most {most:.0%}, or length gives the answer away",
                    "choices",
                    "right",
                )


def _nearly_the_same(written: Sequence[Written]) -> Iterator[Finding]:
    """Pairs of questions, or of answers, that share at least half of their word triples."""
    for field in ("question", "answer"):
        triples: list[set[tuple[str, ...]]] = []
        holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for index, one in enumerate(written):
            said = [word.lower() for word in words(getattr(one.question, field))]
            own: set[tuple[str, ...]] = set(zip(said, said[1:], said[2:], strict=False)) or {tuple(said)}
            triples.append(own)
            for triple in own:
                holders[triple].append(index)
        shared = Counter(pair for held in holders.values() if 1 < len(held) <= 50 for pair in combinations(held, 2))
        for (first, second), common in shared.items():
            union = len(triples[first]) + len(triples[second]) - common
            if common / union >= ALIKE:
                other = written[first].question.id
                yield written[second].finding(f"`{field}` is nearly the same as that of {other!r}", field)
