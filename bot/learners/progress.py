"""How far a learner is: days in a row, and what of the bank is done."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from bot.bank.bank import Bank
from bot.learners.streaks import streak
from bot.learners.zones import Zones
from bot.messages import Button, Card, Press, Reply, Request, Tone
from bot.store.store import Learner, Store
from bot.wording import count, say

HISTORY = 28  # days shown by /streak


class Progress:
    def __init__(self, bank: Bank, store: Store, zones: Zones, now: Callable[[], datetime]) -> None:
        self._bank = bank
        self._store = store
        self._zones = zones
        self._now = now

    async def streak(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        today = self._zones.day(learner, self._now())
        days = await self._store.practice_days(learner)
        points = await self._store.points(learner)
        found = streak(days, today)
        if found.today:
            body = say("You have practised today. See you tomorrow.")
        elif found.current:
            body = say("Answer one question today to keep it.")
        else:
            body = say("Answer one question today to begin.")
        heading = count("Your streak: {number} day", "Your streak: {number} days", found.current)
        fields = (
            (say("Best"), count("{number} day", "{number} days", found.best)),
            (say("Practised"), count("{number} day", "{number} days", found.days)),
            (say("Points"), str(points)),
        )
        card = Card(
            heading,
            f"{body}\n\n{_history(frozenset(days), today)}",
            fields,
            ((Button(say("Quiz me"), Press("call", value="quiz")),),),
            Tone.GOOD if found.today else Tone.PLAIN,
        )
        return Reply(new=card) if request.where.private else Reply(aside=card)

    async def topics(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        done = await self._store.reviewed(learner)
        parts = []
        for topic in self._bank.topics:
            total = sum(len(section.questions) for section in topic.sections)
            lines = [f"**{topic.title}** `{topic.id}`: {count('{number} question', '{number} questions', total)}"]
            if topic.summary:
                lines.append(topic.summary)
            for section in topic.sections:
                answered = sum(f"{topic.id}/{question.id}" in done for question in section.questions)
                lines.append(
                    say(
                        "- {title} `{name}`: {done} of {total}",
                        title=section.title,
                        name=section.id,
                        done=answered,
                        total=len(section.questions),
                    )
                )
            parts.append("\n".join(lines))
        parts.append(say("Practise one with `/quiz {name}`.", name=self._bank.place_names()[1]))
        card = Card(say("What there is, and what you have answered"), "\n\n".join(parts))
        return Reply(new=card) if request.where.private else Reply(aside=card)


def _history(days: frozenset[date], today: date) -> str:
    """The last weeks, a square a day, the weeks from Monday on."""
    first = today - timedelta(HISTORY - 7 + today.weekday())
    shown = [first + timedelta(offset) for offset in range((today - first).days + 1)]
    squares = ["■" if day in days else "□" for day in shown]
    weeks = [" ".join(squares[start : start + 7]) for start in range(0, len(squares), 7)]
    return "```\n" + "\n".join(weeks) + "\n```"
