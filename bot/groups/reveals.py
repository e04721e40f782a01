"""What a posted question comes to: its post says how many have answered, and a later one tells the answer."""

import logging
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from bot.bank.bank import Entry
from bot.charts import answers_chart
from bot.groups.posting import post_card
from bot.lane import PAGE, RETRIES, Lane
from bot.messages import Card, escape
from bot.platforms import Gone, Posting, Unknown
from bot.practice import cards
from bot.practice.dealing import Dealer
from bot.store.database import StoreError
from bot.store.schedules import Post
from bot.store.store import Deal, Learner, Store
from bot.wording import say

logger = logging.getLogger(__name__)

REVEAL_LATE = timedelta(hours=6)
COUNT_EVERY = timedelta(seconds=10)  # between two edits of a post
COUNT_LATER = timedelta(minutes=10)  # when the post is older than an hour: Discord limits edits of such


class Reveals:
    def __init__(self, store: Store, dealer: Dealer, lane: Lane, now: Callable[[], datetime]) -> None:
        self._store = store
        self._dealer = dealer
        self._schedules = store.schedules
        self._lane = lane
        self._now = now
        self._answered: set[str] = set()  # deals with answers since their post was last edited
        self._edited: dict[str, datetime] = {}

    def answered(self, deal: Deal) -> None:
        """Somebody has answered a deal, in a shared room: its post may say so."""
        self._answered.add(deal.id)

    async def count_answers(self, platform: str) -> None:
        """Say on posts how many have answered, never what."""
        if not self._lane.serves(platform):
            return
        now = self._now()
        for deal in tuple(self._answered):
            post = await self._schedules.post_of(deal)
            if post and post.where.platform != platform:
                continue
            self._answered.discard(deal)
            if not post or post.state != "sent":
                continue
            wait = COUNT_EVERY if now - post.due < timedelta(hours=1) else COUNT_LATER
            if deal in self._edited and now - self._edited[deal] < wait:
                self._answered.add(deal)
                continue
            await self._say_answered(post, now)

    async def _say_answered(self, post: Post, now: datetime) -> None:
        schedule = await self._schedules.schedule(post.room)
        dealt = await self._store.dealt(post.deal, Learner(""))
        entry = self._dealer.asked(dealt.deal) if dealt else None
        if not schedule or not dealt or not entry or schedule.style == "poll":
            return  # a poll says it by itself
        number = sum((await self._schedules.answers(post.deal)).values())
        if not await self._schedules.say_answered(post, number):
            return
        self._edited = {deal: when for deal, when in self._edited.items() if now - when < COUNT_LATER}
        self._edited[post.deal] = now
        card = post_card(schedule, dealt.deal, entry, number)
        try:
            await self._lane.edit(post.where, post.message, card, Posting(ping=schedule.ping))
        except Gone:
            logger.info("a post is no longer there to say how many have answered")
        except Exception:
            logger.exception("a post could not be made to say how many have answered")

    async def reveal_due(self, platform: str) -> None:
        """Tell the answers that are to be told by now."""
        if not self._lane.serves(platform):
            return
        for post in await self._schedules.to_reveal(platform, self._now(), PAGE):
            await self._lane.begin(platform, self._claimed(post))

    async def _claimed(self, post: Post) -> Coroutine[Any, Any, None] | None:
        claimed = await self._schedules.claim_reveal(post, self._now())
        return self._reveal(post) if claimed else None

    async def _reveal(self, post: Post) -> None:
        """Tell the answer, and record what became of that."""
        again = None
        try:
            state = await self._revealed(post)
        except Gone:
            state = "failed"
        except (Unknown, TimeoutError):
            state = "unknown"
        except Exception:
            logger.exception("an answer could not be told")
            tries = self._now() - post.due < timedelta(days=1)
            state, again = ("", self._now() + RETRIES[0]) if tries else ("failed", None)
        try:
            await self._schedules.record_reveal(post, state, again)
        except StoreError:
            logger.exception("what became of a reveal could not be recorded; it will be called unknown")

    async def _revealed(self, post: Post) -> str:
        """Post the answer; what became of it."""
        schedule = await self._schedules.schedule(post.room)
        dealt = await self._store.dealt(post.deal, Learner(""))
        entry = self._dealer.asked(dealt.deal) if dealt else None
        late = not post.reveal_at or self._now() - post.reveal_at > REVEAL_LATE
        if not dealt or not entry or late:
            return "skipped"
        card = await self._card(dealt.deal, entry)
        thread = entry.question.question if schedule and schedule.thread else ""
        await self._lane.post(post.where, card, Posting(f"reveal{post.deal}", thread=thread))
        return "sent"

    async def _card(self, deal: Deal, entry: Entry) -> Card:
        counts = await self._schedules.answers(deal.id)
        number = sum(counts.values())
        parts = [f"**{entry.question.question}**", *([entry.stem] if entry.stem else [])]
        picture = None
        if entry.question.choices and deal.choices:
            letters = dict(zip(deal.choices, cards.LETTERS, strict=False))
            right = entry.question.choices.right
            parts.append(say("Right is {choice}", choice=f"**{letters['0']}.** {right}"))
            if number:
                shares = [(letters[value], counts.get(value, 0), value == "0") for value in deal.choices]
                picture = answers_chart(shares)
        parts.append(say("**Said in 30 seconds:**") + "\n\n" + entry.question.answer)
        if first := await self._schedules.first_right(deal.id):
            parts.append(say("{name} was the first with the right answer.", name=escape(first)))
        parts.append(say("What would you have said? Discuss it here."))
        fields = ((say("Answered"), str(number)),)
        return Card(say("The answer of the day"), "\n\n".join(parts), fields, picture=picture)
