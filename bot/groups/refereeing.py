"""What happens in battles by itself: questions are asked and their time runs out, results are shown, answers kept.

Each step is claimed in the database, then shown. What surely did not arrive is tried again under the same key; what may
have arrived is not, and the next card says how things stand.
"""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

from bot.bank.bank import Bank, Entry, Filters
from bot.charts import podium_chart
from bot.groups.arena import MEDALS, MISSED, Seats, final_card, leaders, result_card, round_card
from bot.groups.rounds import FIRST_STRENGTH, Made, Standing, adapted, missed_most, simulated, standings
from bot.lane import PAGE, Lane
from bot.learners.scoring import battle_points, buckets, points
from bot.learners.zones import Zones
from bot.messages import Card, Picture
from bot.platforms import Gone, Posting, Unknown
from bot.practice import cards
from bot.practice.dealing import Dealer
from bot.practice.remembering import RIGHT_CHOICE, WRONG_CHOICE, reviewed
from bot.store.battles import ASKING, LOBBY, OVER, PAUSE, RIGHT, RIVAL, Battle
from bot.store.database import ConflictError, StoreError
from bot.store.rounds import Choice, Count, Round
from bot.store.store import Answer, Before, Deal, Learner, Ledger, Store
from bot.wording import say

logger = logging.getLogger(__name__)

BREAK = timedelta(seconds=8)  # after a question, to read what was right
PATIENCE = timedelta(minutes=10)  # that a battle waits for who plays alone
LEAST = timedelta(seconds=5)  # that a question has left after a restart
AWAY = timedelta(minutes=10)  # after which a battle is not gone on with
EDIT_EVERY = timedelta(seconds=5)  # between two changes of a card
EDIT_TIME = 4.0  # seconds for a change that only counts: one that comes late must not hide what comes after it
POST_TIME = 30.0  # seconds for a post, after which its time begins whether it arrived or not
RETRY = timedelta(seconds=5)
TRIES = 3  # to post a question
LOOK_AGAIN, LOOKS = timedelta(minutes=5), 12  # for a room that was lost
KEEPING = timedelta(minutes=1)  # after which another process keeps what this one has not
KEPT_AT_ONCE = 16  # answers
KEPT_FOR = timedelta(days=1)  # battles, after they began
DRAWN_AT_ONCE = 2  # pictures
SHAPES = 5  # tries to deal a question that has choices
HOUR = timedelta(hours=1)  # in which one battle counts for boards


@dataclass(frozen=True, slots=True)
class Score:
    """How a battle stands: who plays, in which order, and how many knew each question."""

    seats: Seats
    places: Sequence[Standing]
    counts: dict[int, Count]


class Referee:
    def __init__(
        self,
        bank: Bank,
        store: Store,
        dealer: Dealer,
        zones: Zones,
        lane: Lane,
        now: Callable[[], datetime],
        random: Random,
    ) -> None:
        self._bank = bank
        self._store = store
        self._battles = store.battles
        self._rounds = store.rounds
        self._dealer = dealer
        self._zones = zones
        self._lane = lane
        self._now = now
        self._random = random
        self._resumed: set[str] = set()  # platforms whose battles go on
        self._drawing = asyncio.Semaphore(DRAWN_AT_ONCE)
        self._tidied = datetime.min.replace(tzinfo=UTC)

    # Ticks

    async def battle_due(self, platform: str) -> None:
        """Take every step that is due on a platform."""
        if not self._lane.serves(platform):
            self._resumed.discard(platform)
            return
        now = self._now()
        if platform not in self._resumed:
            await self._battles.resume(platform, now, now + LEAST, now - AWAY)
            self._resumed.add(platform)
        due = await self._battles.due(platform, now, PAGE)
        await asyncio.gather(*(self._begun(platform, battle) for battle in due))

    async def battle_counts(self, platform: str) -> None:
        """Say on questions how many have answered."""
        if not self._lane.serves(platform):
            return
        now = self._now()
        found = await self._rounds.to_count(platform, now - EDIT_EVERY, now + EDIT_EVERY, PAGE)
        for battle, asked in found:
            await self._lane.begin(_slots(platform), self._counted(battle, asked))

    async def battle_answers(self, platform: str) -> None:
        """Keep what was chosen in rounds that are over as answers, and forget battles that are old."""
        now = self._now()
        for asked in await self._rounds.to_keep(platform, now, PAGE):
            if await self._rounds.claim_keeping(asked, self._now() + KEEPING):
                await self.keep(asked)
        if now - self._tidied >= HOUR:
            self._tidied = now
            await self._battles.tidy(now - KEPT_FOR, PAGE)

    async def _begun(self, platform: str, battle: Battle) -> None:
        try:
            await self._lane.begin(_slots(platform), self._claimed(battle))
        except StoreError:
            raise  # the next tick comes soon
        except Exception:
            logger.exception("a battle can't go on; it is looked at again in a minute")
            await self._battles.put_off(battle, self._now() + timedelta(minutes=1))

    async def _claimed(self, battle: Battle) -> Coroutine[Any, Any, None] | None:
        """Claim the step that is due; what shows it, if there is something to show."""
        now, private = self._now(), battle.where.private
        assert battle.due  # noqa: S101 - it was found by it
        if battle.state == OVER:
            return await self._told_again(battle)
        if now - battle.due > AWAY:
            ended = await self.end(battle, "away")
            return self._tell_end(ended) if ended and not private else None
        if battle.state == LOBBY:
            return await self._begin(battle)
        if battle.state == ASKING:
            closed = await self.close(battle)
            return self._tell_result(*closed) if closed else None
        if private:
            await self.end(battle, "left")
            return None
        if battle.place >= battle.questions:
            ended = await self.end(battle)
            return self._tell_end(ended) if ended else None
        return await self._ask(battle)

    async def _begin(self, battle: Battle) -> Coroutine[Any, Any, None] | None:
        """The time of the lobby is over."""
        number = len(await self._battles.players(battle))
        if number > 1:
            await self.start(battle)
            return None
        ended = await self.end(battle, "alone")
        return self._practise(ended) if ended and number else None

    # Steps

    async def start(self, battle: Battle) -> bool:
        """Leave the lobby; the first question is due."""
        return bool(await self._battles.go_on(battle, replace(battle, state=PAUSE, due=self._now())))

    async def ask(self, battle: Battle) -> tuple[Battle, Round, Entry] | None:
        """Claim the next question; None if somebody else was faster, or if there is none.

        Whoever plays alone is shown it at once. Elsewhere its time begins when its card is there.
        """
        place = battle.place + 1
        found = await self._dealt(battle, place)
        if not found:
            return None
        deal, entry = found
        opened = _up(self._now())
        ends = opened + timedelta(seconds=battle.seconds)
        rival = None
        if battle.where.private:
            strength = await self._battles.rival(battle.opener) or FIRST_STRENGTH
            value, after = simulated(strength, entry.question.level, deal.choices, battle.seconds, self._random)
            rival = value, opened + timedelta(seconds=after)
        else:
            ends += timedelta(seconds=POST_TIME)
        asked = Round(
            battle.id, place, deal.id, opened, ends, question=deal.question, choices=deal.choices, made=deal.made
        )
        after_this = replace(battle, state=ASKING, place=place, due=ends)
        claimed = await self._rounds.ask(battle, after_this, asked, rival)
        return (claimed, asked, entry) if claimed else None

    async def close(self, battle: Battle) -> tuple[Battle, Round] | None:
        """End the question that is asked; None if somebody else was faster."""
        now = self._now()
        due = now + (PATIENCE if battle.where.private else BREAK)
        return await self._rounds.close(battle, replace(battle, state=PAUSE, due=due), now)

    async def end(self, battle: Battle, why: str = "", due: datetime | None = None) -> Battle | None:
        """End a battle, after its last question or before; `due` is when that is to be told, if not at once."""
        rival = None
        if battle.where.private and not why:
            places = {one.learner: one.points for one in (await self.score(battle)).places}
            strength = await self._battles.rival(battle.opener) or FIRST_STRENGTH
            rival = adapted(strength, places.get(battle.opener, 0), places.get(RIVAL, 0))
        done = battle.place - (battle.state == ASKING)
        now = self._now()
        after = replace(battle, state=OVER, place=done, due=due, ended=now, why=why, tries=0)
        return await self._battles.end(battle, after, now, rival)

    async def score(self, battle: Battle, last: int = sys.maxsize) -> Score:
        """How a battle stands after the question at the place `last`, and what was gained by that."""
        players, right, counts = await asyncio.gather(
            self._battles.players(battle), self._rounds.made(battle.id), self._rounds.counts(battle.id)
        )
        made = [one for one in (Made(*row) for row in right) if one.place <= last]
        scored = {one.learner for one in made}
        playing = [one.learner for one in players if not one.absent and (not one.gone or one.learner in scored)]
        places = standings(playing, made, battle.seconds, last)
        return Score(Seats(players, battle.where.private), places, counts)

    def entry(self, asked: Round) -> Entry | None:
        """The question of a round, if the bank still has it as it was asked."""
        deal = Deal(asked.deal, "", 0, "", asked.question, "choice", asked.choices, "", asked.opened, None, asked.made)
        entry = self._dealer.asked(deal)
        choices = entry.question.choices if entry else None
        return entry if choices and len(choices.texts) == len(asked.choices) else None

    async def _dealt(self, battle: Battle, place: int) -> tuple[Deal, Entry] | None:
        """The deal of a round. It is closed to all other ways of answering: those would tell what is right."""
        now, filters = self._now(), Filters.unpack(battle.filters)
        for shape in range(SHAPES):
            cause = f"battle:{battle.id}/{place}/{shape}"
            deal = await self._dealer.deal(battle.where, Learner(battle.opener), filters, now, cause, closes=now)
            entry = self._dealer.asked(deal) if deal else None
            if deal and entry and deal.choices and entry.question.choices:
                return deal, entry
        return None

    # Cards

    async def question(self, battle: Battle, asked: Round, entry: Entry, answered: int = 0) -> Card:
        score = await self.score(battle, asked.place - 1) if asked.place > 1 else None
        return round_card(battle, asked, entry, leaders(score.places, score.seats) if score else "", answered)

    async def result(self, battle: Battle, asked: Round) -> Card:
        score = await self.score(battle, asked.place)
        counted = score.counts.get(asked.place, Count(0, 0))
        mine = ""
        if battle.where.private:
            mine = (await self._rounds.chosen(battle.id, battle.opener)).get(asked.place, "")
        return result_card(battle, asked, self.entry(asked), score.places, score.seats, counted, mine)

    async def final(self, battle: Battle) -> Card:
        score = await self.score(battle)
        right = {place: counted.right for place, counted in score.counts.items()}
        answered = {place: counted.answered for place, counted in score.counts.items()}
        rounds = {one.place: one for one in await self._rounds.of(battle.id)}
        missed = []
        for place in missed_most(right, answered, MISSED):
            entry = self.entry(rounds[place]) if place in rounds else None
            if entry:
                missed.append((entry.question.question, score.counts[place]))
        return final_card(battle, score.places, score.seats, missed, await self._podium(battle, score))

    async def practice(self, battle: Battle) -> Card | None:
        """A question as `/quiz` deals them, for who is alone."""
        filters = replace(Filters.unpack(battle.filters), mode="")
        cause = f"battle:{battle.id}/alone"
        deal = await self._dealer.deal(battle.where, Learner(battle.opener), filters, self._now(), cause)
        entry = self._dealer.asked(deal) if deal else None
        if not deal or not entry:
            return None
        card = cards.question_card(deal, entry, private=False)
        note = say("Nobody else has come, so here is one to practise with.")
        return replace(card, body=note + "\n\n" + card.body)

    async def _podium(self, battle: Battle, score: Score) -> Picture | None:
        best = [one for one in score.places[: len(MEDALS)] if one.points]
        if not battle.place or not best:
            return None
        shown = [(one.rank, score.seats.plain(one.learner), one.points) for one in best]
        async with self._drawing:
            return await asyncio.to_thread(podium_chart, shown)

    # What is shown

    async def _ask(self, battle: Battle) -> Coroutine[Any, Any, None] | None:
        claimed = await self.ask(battle)
        if claimed:
            return self._show_question(*claimed)
        seen = await self._battles.battle(battle.id)
        if not seen or seen.receipt != battle.receipt:
            return None
        ended = await self.end(battle, "missing")
        return self._tell_end(ended) if ended else None

    async def _show_question(self, battle: Battle, asked: Round, entry: Entry) -> None:
        """Post a question; its time begins when it is there."""
        message = ""
        try:
            card = await self.question(battle, asked, entry)
            message = await self._posted(battle, card, asked.deal)
        except Gone:
            await self._lose(battle)
            return
        except (Unknown, TimeoutError) as error:
            logger.warning("whether a question of a battle arrived is unknown: %s", error or "it took too long")
        except Exception:
            logger.exception("a question of a battle could not be posted")
            await self._recorded(self._try_again(battle))
            return
        opened = _up(self._now())
        await self._recorded(self._rounds.shown(battle, message, opened, opened + timedelta(seconds=battle.seconds)))

    async def _try_again(self, battle: Battle) -> None:
        now = self._now()
        if battle.tries + 1 >= TRIES:
            await self.end(battle, "failed", now + LOOK_AGAIN)
            return
        before = replace(battle, state=PAUSE, place=battle.place - 1, due=now + RETRY, tries=battle.tries + 1)
        await self._rounds.not_shown(battle, before)

    async def _tell_result(self, battle: Battle, asked: Round) -> None:
        """Show what was right: in place of the question, if its card may change by now."""
        try:
            card = await self.result(battle, asked)
            may_change = asked.message and asked.edited and self._now() - asked.edited >= EDIT_EVERY
            if not (may_change and await self._changed(battle, asked, card)):
                await self._posted(battle, card, f"result{asked.deal}")
        except Gone:
            await self._lose(battle)
            return
        except Exception:
            logger.warning("a result of a battle could not be shown; the next card says how it stands", exc_info=True)
        if battle.where.private and asked.place >= battle.questions and (ended := await self.end(battle)):
            await self._tell_end(ended)

    async def _changed(self, battle: Battle, asked: Round, card: Card) -> bool:
        """Change the card of a round; False if it is no longer there."""
        try:
            async with asyncio.timeout(POST_TIME):
                await self._lane.edit(battle.where, asked.message, card, Posting())
        except Gone:
            return False
        return True

    async def _tell_end(self, battle: Battle) -> None:
        """Show the podium."""
        try:
            await self._posted(battle, await self.final(battle), f"podium{battle.id}")
        except (Unknown, TimeoutError) as error:
            logger.warning("whether the end of a battle was told is unknown: %s", error or "it took too long")
        except Exception as error:
            if isinstance(error, Gone):
                await self._recorded(self._store.memory.room_gone(battle.where))
            else:
                logger.exception("the end of a battle could not be told; it is tried again")
            await self._recorded(self._put_off_end(battle))

    async def _told_again(self, battle: Battle) -> Coroutine[Any, Any, None] | None:
        """The end that could not be told: whether the room is there again."""
        if battle.gone:
            if await self._lane.missing(battle.where):
                await self._put_off_end(battle)
                return None
            await self._store.memory.room_back(battle.where)
        claimed = await self._battles.go_on(battle, replace(battle, due=None))
        return self._tell_end(claimed) if claimed else None

    async def _put_off_end(self, battle: Battle) -> None:
        due = self._now() + LOOK_AGAIN if battle.tries < LOOKS else None
        await self._battles.go_on(battle, replace(battle, due=due, tries=battle.tries + 1))

    async def _practise(self, battle: Battle) -> None:
        try:
            if card := await self.practice(battle):
                await self._posted(battle, card, f"alone{battle.id}")
        except Gone:
            await self._recorded(self._store.memory.room_gone(battle.where))
        except Exception:
            logger.warning("a question for who was alone could not be posted", exc_info=True)

    async def _counted(self, battle: Battle, asked: Round) -> Coroutine[Any, Any, None] | None:
        now = self._now()
        return self._count(battle, asked) if await self._rounds.claim_count(asked, now - EDIT_EVERY, now) else None

    async def _count(self, battle: Battle, asked: Round) -> None:
        try:
            async with asyncio.timeout(EDIT_TIME):
                entry = self.entry(asked)
                counted = (await self._rounds.counts(battle.id)).get(asked.place)
                if entry and counted:
                    card = await self.question(battle, asked, entry, counted.answered)
                    await self._lane.edit(battle.where, asked.message, card, Posting())
        except (Gone, TimeoutError):
            logger.info("a question of a battle could not be made to say how many have answered")
        except Exception:
            logger.warning("a question of a battle could not be made to say how many have answered", exc_info=True)

    async def _posted(self, battle: Battle, card: Card, key: str) -> str:
        """Raises Gone, Unknown, TimeoutError, and what else a platform refuses."""
        async with asyncio.timeout(POST_TIME):
            return await self._lane.post(battle.where, card, Posting(key))

    async def _lose(self, battle: Battle) -> None:
        """The room does not want us any more. When it is there again, it is told how the battle ended."""
        await self._recorded(self._store.memory.room_gone(battle.where))
        await self._recorded(self.end(battle, "lost", self._now() + LOOK_AGAIN))

    async def _recorded(self, recording: Coroutine[Any, Any, object]) -> None:
        try:
            await recording
        except StoreError:
            logger.exception("what became of a step of a battle could not be recorded; it goes on when it is due")

    # Answers

    async def keep(self, asked: Round) -> None:
        """Make answers of what was chosen in a round. Twice is once."""
        battle = await self._battles.battle(asked.battle)
        chosen = await self._rounds.choices(battle, asked.place) if battle else []
        chosen = [one for one in chosen if not one.player.absent]
        counting: frozenset[str] = frozenset()
        if battle and not battle.where.private:
            learners = [one.player.learner for one in chosen]
            counting = await self._battles.counting(battle, learners, self._now() - HOUR, self._now())
        gate = asyncio.Semaphore(KEPT_AT_ONCE)

        async def keep(one: Choice) -> None:
            async with gate:
                await self._keep_one(asked, one, len(chosen), counts=one.player.learner in counting)

        await asyncio.gather(*map(keep, chosen))
        await self._rounds.kept(asked)

    async def _keep_one(self, asked: Round, choice: Choice, players: int, *, counts: bool) -> None:
        player = choice.player
        learner = Learner(player.learner, player.timezone, player.hidden)
        dealt, entry = await self._store.dealt(asked.deal, learner), self._bank.entry(asked.question)
        if not dealt or dealt.answer:
            return
        right = choice.value == RIGHT
        moment = max(choice.chosen, dealt.review.reviewed_at) if dealt.review else choice.chosen
        zone = self._zones.of(learner) if dealt.room.private else self._zones.default
        day = choice.chosen.astimezone(zone).date()
        ledger = Ledger(dealt.room.platform, dealt.room.community, buckets(day), datetime.combine(day, time(), zone))

        def worth(before: Before) -> int:
            if not entry:
                return 0
            one = points(
                entry.question.level,
                "choice",
                float(right),
                seconds=(choice.chosen - asked.opened).total_seconds(),
                repeated=before.repeated,
                known=before.known,
                earned=before.earned,
            )
            return battle_points(one, players, counts=counts)

        try:
            kept, _ = await self._store.answer(
                dealt,
                learner,
                Answer(choice.value, "right" if right else "wrong", mode="choice"),
                reviewed(dealt.review, RIGHT_CHOICE if right else WRONG_CHOICE, moment),
                self._zones.day(learner, choice.chosen),
                ledger,
                choice.chosen,
                worth=worth,
            )
        except ConflictError:
            logger.info("an answer of a battle is nobody's any more")
            return
        if kept:
            self._lane.tally.count("answers", dealt.room.platform, kept.verdict)


def _up(moment: datetime) -> datetime:
    """The next whole second: nobody's time is short by a part of one."""
    whole = moment.replace(microsecond=0)
    return whole if whole == moment else whole + timedelta(seconds=1)


def _slots(platform: str) -> str:
    """Battles have slots of their own: nobody waits for the daily questions."""
    return f"{platform} battles"
