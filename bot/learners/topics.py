"""What there is to practise: topics and sections, how far a learner is in each, and the way there."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from bot.bank.bank import Bank
from bot.bank.model import Section, Topic
from bot.learners.stats import KNOWN
from bot.messages import PRESS_LIMIT, Button, Card, Press, Refusal, Reply, Request
from bot.store.store import Learner, Store
from bot.wording import say

ROW = 5  # buttons
MOST = 20  # buttons of a card


class Topics:
    def __init__(self, bank: Bank, store: Store, now: Callable[[], datetime]) -> None:
        self._bank = bank
        self._store = store
        self._now = now

    async def topics(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        """All topics; of the only one there is, its sections."""
        topics = self._bank.topics
        card = await (self._topic(learner, topics[0]) if len(topics) == 1 else self._all(learner))
        return Reply(new=card) if request.where.private else Reply(aside=card)

    async def opened(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The sections of a topic."""
        topic = next((topic for topic in self._bank.topics if topic.id == press.value), None)
        if not topic:
            raise Refusal(say("This topic is no longer in the bank"), say("`/topics` shows what there is."))
        card = await self._topic(learner, topic)
        return Reply(edit=card) if request.where.private else Reply(aside=card)

    async def _all(self, learner: Learner) -> Card:
        far = await self._far(learner)
        lines = []
        for place, topic in enumerate(self._bank.topics, 1):
            lines.append(f"{place}. **{topic.title}** `{topic.id}`: {far(topic, topic.sections)}")
        buttons = [
            Button(str(place), Press("topic", value=topic.id))
            for place, topic in enumerate(self._bank.topics[:MOST], 1)
        ]
        return _card(say("What there is to practise"), lines, buttons)

    async def _topic(self, learner: Learner, topic: Topic) -> Card:
        far = await self._far(learner)
        lines = [*([topic.summary, ""] if topic.summary else [])]
        lines += [
            f"{place}. {section.title} `{section.id}`: {far(topic, [section])}"
            for place, section in enumerate(topic.sections, 1)
        ]
        buttons = [
            Button(str(place), Press("begin", value=f"{topic.id}/{section.id}"))
            for place, section in enumerate(topic.sections[:MOST], 1)
            if len(f"begin::{topic.id}/{section.id}") <= PRESS_LIMIT
        ]
        heading = f"{topic.title}: {far(topic, topic.sections)}"
        return _card(heading, lines, buttons)

    async def _far(self, learner: Learner) -> Callable[[Topic, Iterable[Section]], str]:
        """What tells of sections how many questions they have, and how many of those are known and due."""
        stabilities = await self._store.boards.stabilities(learner.id)
        known = {name for name, days in stabilities.items() if days >= KNOWN}
        now = self._now()
        reviews = await self._store.reviews.known(learner.id)
        due = {one.question for one in reviews if one.due <= now and not one.aside}

        def far(topic: Topic, sections: Iterable[Section]) -> str:
            names = {f"{topic.id}/{one.id}" for section in sections for one in section.questions}
            answered = len(names & stabilities.keys())
            parts = [say("{answered} of {number} answered", answered=answered, number=len(names))]
            if answered:
                parts.append(say("{number} known", number=len(names & known)))
            if names & due:
                parts.append(say("{number} due", number=len(names & due)))
            return ", ".join(parts)

        return far


def _card(heading: str, lines: list[str], buttons: list[Button]) -> Card:
    lines += ["", say("A number begins there; so does `/quiz` with a name.")]
    rows = [tuple(buttons[start : start + ROW]) for start in range(0, len(buttons), ROW)]
    return Card(heading, "\n".join(lines), rows=tuple(rows))
