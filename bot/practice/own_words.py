"""Answers in one's own words: typed or dictated, graded by key points; spoken, rated by oneself."""

from collections.abc import Sequence
from dataclasses import replace

from fsrs import Rating

from bot.messages import Button, Card, Press, Refusal, Reply, Request, Typed, Voice
from bot.practice import cards
from bot.practice.answering import Answering, Opened, Recorded
from bot.practice.grading import PointGrade, Status
from bot.practice.remembering import rating_of_share, replayed
from bot.practice.verdicts import AIM, Verdicts, missing, verdict_of
from bot.store.store import Answer, Learner, Store
from bot.wording import say


class OwnWords:
    def __init__(self, store: Store, answering: Answering, verdicts: Verdicts) -> None:
        self._store = store
        self._answering = answering
        self._verdicts = verdicts

    async def typed(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The verdict on what was typed. The first answer to a deal counts, however it was given."""
        opened = await self._open(request, learner, press)
        if isinstance(request.what, Voice):
            return await self._spoken(request, learner, opened, request.what.seconds)
        if isinstance(request.what, Press) and not opened.dealt.answer:  # by a link: first the question
            self._answering.check_open(opened.deal)
            asked = cards.question_card(replace(opened.deal, mode="typed"), opened.entry, private=False)
            asked = replace(asked, rows=asked.rows[:1], alone=None)
            return Reply(new=asked) if request.where.private else Reply(aside=asked)
        text = request.what.text.strip() if isinstance(request.what, Typed) else ""
        if not text and not opened.dealt.answer:
            raise Refusal(say("Nothing was typed"), say("Press the button again, and say it as you would aloud."))
        grade = self._verdicts.grade(opened.entry, text)
        answer = Answer(_percent(grade.score), verdict_of(grade.score), mode="typed", text=text)
        rating = rating_of_share(grade.score)
        recorded = await self._answering.record(request, learner, opened, answer, rating, grade.score)
        return await self._shown(request, learner, opened, recorded)

    async def _spoken(self, request: Request, learner: Learner, opened: Opened, seconds: int) -> Reply:
        """Nobody listens to a voice message: its length is told, and the learner rates it beside the answer."""
        if opened.dealt.answer:
            return await self._shown(request, learner, opened, Recorded(opened.dealt, opened.dealt.answer, again=True))
        if not opened.dealt.room.private:  # others answer it, and it earns points
            raise Refusal(say("This one I can only take in writing"), say("Press the button again, and type it."))
        await self._store.turn_over(opened.deal)  # whoever has seen its other side earns nothing by it any more
        told = say("You spoke for {seconds} s; {aim} are the aim. I keep nothing of it.", seconds=seconds, aim=AIM)
        card = cards.answer_card(opened.deal, opened.entry, rated=False)
        return Reply(new=replace(card, body=f"{told}\n\n{card.body}"))

    async def give_up(self, request: Request, learner: Learner, press: Press) -> Reply:
        """Who does not know an answer sees it; that counts as an answer, and as forgotten."""
        opened = await self._open(request, learner, press)
        answer = Answer(_percent(0), "wrong", mode="typed")
        recorded = await self._answering.record(request, learner, opened, answer, Rating.Again)
        return await self._shown(request, learner, opened, recorded)

    async def claim(self, request: Request, learner: Learner, press: Press) -> Reply:
        """A key point that the learner says was made: it counts for their reviews, never for points."""
        opened = await self._answering.open(request, learner, press)
        answer = opened.dealt.answer
        if not answer or answer.mode != "typed" or not answer.text:
            raise Refusal(say("There is nothing to claim here."))
        claims = await self._store.claims.of(opened.deal.id, learner.id)
        left = missing(self._verdicts.grade(opened.entry, answer.text), claims)
        wanted = [point for place, point in left if press.value == str(place)]
        if len(left) == 1 and not press.value:
            wanted = [left[0][1]]
        if not wanted:
            if not left or press.value:
                raise Refusal(say("You have claimed that one already."))
            which = _which(opened, left)
            return Reply(new=which) if request.where.private else Reply(aside=which)
        await self._store.claims.add(opened.deal.id, learner.id, opened.entry.name, wanted[0].id, self._answering.now())
        claims = await self._counted(opened, learner, answer)
        note = say("Noted. It counts for when the question comes again, and tells its authors how people say it.")
        card = self._verdicts.card(opened, answer, claims, note=note)
        return Reply(edit=card) if request.where.private else Reply(aside=card)

    async def _counted(self, opened: Opened, learner: Learner, answer: Answer) -> frozenset[str]:
        """The claims of a deal, once the answer's share is counted with them, and what follows from it."""
        grade = self._verdicts.grade(opened.entry, answer.text)
        total = sum(point.weight for point in grade.points)
        while True:  # until nothing else came between reading and writing
            claims = await self._store.claims.of(opened.deal.id, learner.id)
            made = sum(one.weight for one in grade.points if one.status is Status.COVERED or one.id in claims)
            share = _percent(made / total if total else 1)
            if not await self._store.claims.count(opened.deal.id, learner.id, share, len(claims)):
                dealt = await self._store.dealt(opened.deal.id, learner)
                if not dealt or not dealt.answer:  # deleted meanwhile, or somebody else's
                    raise Refusal(say("I don't know this question any more"), say("`/quiz` deals a new one."))
                continue
            answers = await self._store.reviews.answers(learner.id, opened.entry.name)
            if not (review := replayed(answers)):
                continue
            if await self._store.reviews.settle(learner.id, opened.entry.name, answers, review):
                return claims

    async def _open(self, request: Request, learner: Learner, press: Press) -> Opened:
        opened = await self._answering.open(request, learner, press)
        if not cards.gradable(opened.entry.question):
            raise Refusal(say("I can't grade answers to this question"), say("Please use the buttons below it."))
        return opened

    async def _shown(self, request: Request, learner: Learner, opened: Opened, recorded: Recorded) -> Reply:
        claims = await self._store.claims.of(opened.deal.id, learner.id) if recorded.again else frozenset()
        card = self._verdicts.card(opened, recorded.answer, claims, again=recorded.again)
        return await self._answering.shown(request, learner, recorded, card)


def _percent(share: float) -> str:
    return str(round(100 * share))


def _which(opened: Opened, left: Sequence[tuple[int, PointGrade]]) -> Card:
    """Which of several key points it was. They are numbered as they stand here; their places are in the buttons."""
    lines = "\n".join(f"{number}. {point.text}" for number, (_, point) in enumerate(left, 1))
    buttons = [
        Button(str(number), Press("claim", opened.deal.id, str(place))) for number, (place, _) in enumerate(left, 1)
    ]
    return Card(say("Which one did you say?"), lines, rows=cards.in_rows(buttons))
