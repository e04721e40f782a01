"""Questions by their words: found, opened, completed while they are typed, shared into other chats."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from bot.bank.bank import Bank, Entry, Filters
from bot.bank.search import MOST, Index
from bot.messages import PRESS_LIMIT, Button, Card, Press, Refusal, Reply, Request, escape
from bot.practice import cards
from bot.practice.dealing import Dealer
from bot.store.store import Learner
from bot.wording import count, say

PAGE = 5  # questions of an answer
SHARED = 10  # questions offered to be shared
COMPLETED = 25  # titles that words may be completed to, as many as Discord shows
TITLE = 100  # characters of such a title, as many as Discord takes


class Clock(Protocol):
    def __call__(self) -> datetime: ...


class Finding:
    def __init__(self, bank: Bank, index: Index, dealer: Dealer, now: Clock) -> None:
        self._bank = bank
        self._index = index
        self._dealer = dealer
        self._now = now

    async def search(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        """The questions about some words; without any, what most interviews ask."""
        card = self._found(options.get("words", ""), 0)
        return Reply(new=card) if request.where.private else Reply(aside=card)

    async def turned(self, request: Request, learner: Learner, press: Press) -> Reply:
        """More of what was found."""
        page, _, words = press.value.partition(".")
        if not page.isdecimal() or len(page) > 2:
            raise Refusal(say("That button is too old, or not one of mine"), say("`/search` finds questions."))
        card = self._found(words, int(page))
        return Reply(edit=card) if request.where.private else Reply(aside=card)

    async def opened(self, request: Request, learner: Learner, press: Press) -> Reply:
        """Deal a question that was found."""
        entry = self._bank.coded(press.value)
        if not entry:
            raise Refusal(say("This question is no longer in the bank"), say("`/search` finds others."))
        where = request.where
        deal = await self._dealer.deal(where, learner, Filters(), self._now(), request.id, question=entry.name)
        assert deal  # noqa: S101 - the bank has it
        return Reply(new=cards.question_card(deal, entry, private=where.private))

    def shared(self, words: str) -> list[tuple[str, Card]]:
        """Questions about these words, to be shared in any chat: for each a name, and a card that works there."""
        return [
            (entry.code, cards.shared_card(entry, self._dealer.shuffled(entry)))
            for entry in (self._index.titles(words, SHARED) if _says_anything(words) else ())
        ]

    def titles(self, words: str) -> list[str]:
        """What these words may be completed to."""
        return [entry.question.question[:TITLE] for entry in self._index.titles(words, COMPLETED)]

    def _found(self, words: str, page: int) -> Card:
        hits = self._index.search(words, PAGE, page * PAGE) if _says_anything(words) else []
        if not hits:
            near = ", ".join(f"`{name}`" for name in self._bank.nearest(words))
            raise Refusal(
                say("I found nothing about “{words}”", words=escape(words[:40])),
                say("Try other words, or a topic: {names}.", names=near),
            )
        number = self._index.count(words)
        first = page * PAGE + 1
        lines = [
            f"{place}. **{hit.entry.question.question}**  \n*{_where(hit.entry)}*"
            + (f"  \n{hit.snippet}" if hit.snippet else "")
            for place, hit in enumerate(hits, first)
        ]
        numbers = tuple(
            Button(str(place), Press("open", value=hit.entry.code)) for place, hit in enumerate(hits, first)
        )
        further = []
        if page:
            further.append(_turn(say("Previous page"), page - 1, words))
        if first - 1 + len(hits) < number:
            further.append(_turn(say("Next page"), page + 1, words))
        rows = (numbers, tuple(further))
        shown = f"{number}+" if number >= MOST else str(number)
        heading = count("{shown} question found", "{shown} questions found", number, shown=shown)
        return Card(heading, "\n".join(lines), rows=tuple(row for row in rows if row))


def _says_anything(words: str) -> bool:
    """Whether there is a letter or a digit in it; without words at all, one asks for whatever there is."""
    return not words.strip() or any(char.isalnum() for char in words)


def _where(entry: Entry) -> str:
    return f"{entry.topic.title} · {entry.section.title} · {cards.level_name(entry.question.level)}"


def _turn(label: str, page: int, words: str) -> Button:
    """A button for another page. Its address has as much of the words as there is space for."""
    value = f"{page}.{' '.join(words.split())}"
    while len(f"find::{value}".encode(errors="replace")) > PRESS_LIMIT:
        value = value[:-1]
    return Button(label, Press("find", value=value.rstrip()))
