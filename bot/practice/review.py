"""Reviews over days: what is due, one question after the other; ratings taken back; questions set aside.

A review is a session of rows, planned when it begins. Its questions are dealt and answered like all others, so any
press goes on from where it stood, after a restart or on another platform too.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.bank.bank import Bank, Entry, Filters
from bot.learners.preparing import Preparation, place_named
from bot.learners.streaks import streak
from bot.learners.zones import Zones
from bot.messages import Button, Card, Press, Refusal, Reply, Request, Tone
from bot.practice import cards
from bot.practice.dealing import Dealer
from bot.practice.remembering import replayed
from bot.store.reviews import MISSES, Known, missed
from bot.store.sessions import Session, Step
from bot.store.store import Deal, Learner, Store, new_id
from bot.wording import count, say

KIND = "review"  # of sessions
MODES = ("flash", "choice")
LENGTH = 20  # questions of a review
RESUMED = timedelta(days=1)  # after it began, a review is not gone on with any more
UNDO_WITHIN = timedelta(minutes=10)
JUST_NOW = timedelta(seconds=10)  # a question that was dealt so lately need not be shown once more
LISTED = 5  # questions that were set aside, on one card

Handler = Callable[[Request, Learner, Press], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a review was asked to be about."""

    filters: Filters
    mistakes: bool

    def pack(self) -> str:
        """As one line of text, to be kept with the session."""
        return f"{self.filters.pack()}/{'mistakes' if self.mistakes else ''}"


class Reviewing:
    def __init__(
        self,
        bank: Bank,
        store: Store,
        dealer: Dealer,
        zones: Zones,
        preparation: Preparation,
        now: Callable[[], datetime],
    ) -> None:
        self._bank = bank
        self._store = store
        self._sessions = store.sessions
        self._dealer = dealer
        self._zones = zones
        self._preparation = preparation
        self._now = now

    # A review

    async def review(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        """Go on with the review that runs, or begin one."""
        if not request.where.private:
            raise Refusal(say("Reviews are personal"), say("Write me `/review` in private, and we begin."))
        place = place_named(self._bank, options.get("topic", ""))
        mode = "" if options.get("mode") == "choice" else "flash"  # any mode has choices, where a question has some
        wanted = _Wanted(Filters(place.topic, place.section, mode=mode), options.get("mistakes") == "yes")
        running = await self._sessions.running(learner.id, KIND)
        alike = running and (not options or running.filters == wanted.pack())
        if running and alike and self._now() - running.began < RESUMED:
            resumed = await self._resumed(request, learner, running)
            if resumed:
                return resumed
        questions = await self._planned(learner, wanted)
        if not questions:
            return Reply(new=await self._nothing_due(learner, wanted))
        session = Session(new_id(11), learner.id, KIND, wanted.pack(), self._now())
        steps = [Step(place, question) for place, question in enumerate(questions, 1)]
        await self._sessions.begin(session, steps)
        return Reply(new=await self._asked(request, learner, session, steps))

    async def follow(self, request: Request, learner: Learner, session: Session) -> Reply:
        """What comes after a question of a review; of several presses, one deals it."""
        self._own(learner, session)
        steps = await self._steps(session)
        current = _current(steps)
        pressed = request.what.deal if isinstance(request.what, Press) else ""
        if not session.ended and current and not current.answered and pressed != current.deal:
            if current.asked and self._now() - current.asked < JUST_NOW:
                raise _already()
            if card := await self._card(request, learner, steps, current):
                return Reply(new=card)
        if session.ended or not _next(steps):
            return Reply(new=await self._ended(learner, session, steps))
        return Reply(new=await self._asked(request, learner, session, steps))

    async def leave(self, request: Request, learner: Learner, press: Press) -> Reply:
        """End a review before its end."""
        session = await self._sessions.session(press.deal)
        if not session or session.kind != KIND:
            raise Refusal(say("I don't know this review any more"), say("`/review` begins one."))
        self._own(learner, session)
        card = await self._ended(learner, session, await self._steps(session))
        return Reply(edit=card) if request.where.private else Reply(aside=card)

    async def _planned(self, learner: Learner, wanted: _Wanted) -> list[str]:
        """The questions of a review that begins now; one may come twice on the last day before an interview."""
        pool = self._bank.pool(wanted.filters)
        if wanted.mistakes:
            return [name for name in await self._store.reviews.mistakes(learner.id) if name in pool.names][:LENGTH]
        now = self._now()
        known = await self._store.reviews.known(learner.id)
        due = [one.question for one in known if one.due <= now and not one.aside and one.question in pool.names]
        if not (wanted.filters.topic or len(due) >= LENGTH) and (plan := await self._preparation.plan(learner)):
            due += _without(plan.today, due)
        return due[:LENGTH]

    async def _steps(self, session: Session) -> list[Step]:
        """The questions of a session that the bank still has."""
        return [step for step in await self._sessions.steps(session) if self._bank.entry(step.question)]

    async def _resumed(self, request: Request, learner: Learner, session: Session) -> Reply | None:
        """The question where a review stands, or the next; None when there is none left."""
        steps = await self._steps(session)
        current = _current(steps)
        if current and not current.answered and (card := await self._card(request, learner, steps, current)):
            return Reply(new=card)
        return Reply(new=await self._asked(request, learner, session, steps)) if _next(steps) else None

    async def _asked(self, request: Request, learner: Learner, session: Session, steps: Sequence[Step]) -> Card:
        """Deal the next question. Refuses when another press has."""
        step = _next(steps)
        assert step  # noqa: S101 - whoever asks has looked
        filters = Filters.unpack(session.filters.rpartition("/")[0])
        cause = f"{session.id} {step.place}"
        deal = await self._dealer.deal(request.where, learner, filters, self._now(), cause, question=step.question)
        assert deal  # noqa: S101 - steps are of the bank
        if not await self._sessions.ask(session, step.place, deal.id):
            raise _already()
        return self._question(deal, session.id, _progress(steps, step))

    async def _card(self, request: Request, learner: Learner, steps: Sequence[Step], step: Step) -> Card | None:
        """A question once more; None if it can't be answered here, or not any more."""
        dealt = await self._store.dealt(step.deal, learner)
        entry = self._dealer.asked(dealt.deal) if dealt else None
        if not dealt or not entry or (dealt.room.platform, dealt.room.id) != (request.where.platform, request.where.id):
            return None
        choices = entry.question.choices
        if dealt.deal.choices and len(dealt.deal.choices) != len(choices.texts if choices else ()):
            return None
        found = await self._sessions.of_deal(step.deal)
        return self._question(dealt.deal, found[0].id, _progress(steps, step)) if found else None

    def _question(self, deal: Deal, session: str, progress: str) -> Card:
        """The card of a question, with the way past it and the way out."""
        entry = self._dealer.asked(deal)
        assert entry  # noqa: S101 - it was dealt from the bank
        card = cards.question_card(deal, entry, private=True)
        leave = Button(say("Leave"), Press("review", session, "leave"))
        rows = [
            tuple(replace(one, label=say("Skip")) if one.press.verb == "next" else one for one in row)
            for row in card.rows
        ]
        rows[-1] = (*rows[-1], leave)
        return cards.with_field(replace(card, rows=tuple(rows)), say("Review"), progress)

    def _own(self, learner: Learner, session: Session) -> None:
        if session.learner != learner.id:
            raise Refusal(say("That is somebody else's review"), say("`/review` begins your own."))

    # Its end, and when there is nothing to review

    async def _ended(self, learner: Learner, session: Session, steps: Sequence[Step]) -> Card:
        """How it went, and what comes again when."""
        await self._sessions.end(session, self._now())
        answered = [step for step in steps if step.answered]
        again = sum(missed(step.value, step.verdict) for step in answered)
        parts = []
        if answered:
            heading = say("Reviewed: {known} of {number} known", known=len(answered) - again, number=len(answered))
            if again:
                parts.append(say("{number} to be seen again soon.", number=again))
        else:
            heading = say("Review left")
        if left := len(steps) - len(answered):
            parts.append(count("{number} question was left out.", "{number} questions were left out.", left))
        known = await self._known(learner)
        asked = {step.question for step in answered}
        parts.append(self._coming(learner, [one for one in known if one.question in asked]))
        parts.append(await self._preparation.told(learner))
        due = sum(one.due <= self._now() and not one.aside for one in known)
        if due:
            parts.append(count("{number} more is due.", "{number} more are due.", due))
        buttons = [Button(say("Quiz me"), Press("call", value="quiz"))]
        plan = await self._preparation.plan(learner)
        if due or (plan and plan.today):
            buttons.insert(0, Button(say("Review more"), Press("call", value="review")))
        card = Card(
            heading,
            "\n\n".join(filter(None, parts)),
            rows=(tuple(buttons),),
            tone=Tone.GOOD if answered and not again else Tone.PLAIN,
        )
        return await self._with_streak(card, learner)

    def _coming(self, learner: Learner, known: Sequence[Known]) -> str:
        """On which days questions come again."""
        today, zone = self._zones.day(learner, self._now()), self._zones.of(learner)
        days = [(one.due.astimezone(zone).date() - today).days for one in known if not one.aside]
        groups = {
            say("today"): sum(day <= 0 for day in days),
            say("tomorrow"): days.count(1),
            say("within a week"): sum(1 < day <= 7 for day in days),
            say("later"): sum(day > 7 for day in days),
        }
        told = ", ".join(f"{number} {when}" for when, number in groups.items() if number)
        return say("What comes again: {days}.", days=told) if told else ""

    async def _nothing_due(self, learner: Learner, wanted: _Wanted) -> Card:
        """Good news, and the day counts as practised if nothing at all is due."""
        known, now = await self._known(learner), self._now()
        rows: list[tuple[Button, ...]] = [(Button(say("Quiz me"), Press("call", value="quiz")),)]
        if not known:
            body = say("What you answer comes here when you are about to forget it. Begin with a question.")
            return Card(say("There is nothing to review yet"), body, rows=tuple(rows))
        by_itself = [one for one in known if not one.aside]
        due = [one for one in by_itself if one.due <= now]
        pool = self._bank.pool(wanted.filters)
        coming = [one for one in by_itself if one.due > now and one.question in pool.names]
        if wanted.mistakes:
            heading, parts = say("No mistakes are left"), [say("All that you have missed, you have known since.")]
        else:
            heading, parts = say("Nothing is due"), [say("You remember it all for now.")]
        if len(by_itself) < len(known):
            parts = [say("What you missed again and again is set aside until you bring it back.")]
        if coming and not wanted.mistakes:
            parts.append(say("The next one comes {when}.", when=self._when(learner, coming[0].due)))
        parts.append(await self._preparation.told(learner))
        if due:
            parts.append(count("{number} other is due: `/review`.", "{number} others are due: `/review`.", len(due)))
        else:
            await self._store.keep_days(learner, [self._zones.day(learner, now)], "practised")
            parts.append(say("That is a day's work done: today counts for your streak."))
            if aside := [entry for one in known if one.aside and (entry := self._bank.entry(one.question))]:
                listed, buttons = _listed(aside)
                parts.append(listed)
                rows.insert(0, buttons)
        card = Card(heading, "\n\n".join(filter(None, parts)), rows=tuple(rows), tone=Tone.GOOD)
        return await self._with_streak(card, learner)

    async def _known(self, learner: Learner) -> list[Known]:
        """What a learner has answered, of what the bank still has."""
        return [one for one in await self._store.reviews.known(learner.id) if self._bank.entry(one.question)]

    def _when(self, learner: Learner, moment: datetime) -> str:
        local = moment.astimezone(self._zones.of(learner))
        days = (local.date() - self._zones.day(learner, self._now())).days
        if days <= 0:
            return say("today at {time}", time=f"{local:%H:%M}")
        if days == 1:
            return say("tomorrow at {time}", time=f"{local:%H:%M}")
        return say("on {day}", day=f"{local:%a %Y-%m-%d}")

    async def _with_streak(self, card: Card, learner: Learner) -> Card:
        days = await self._store.practice_days(learner)
        found = streak(days.practised, self._zones.day(learner, self._now()), days.repaired, days.skipped)
        return cards.with_field(card, say("Streak"), count("{number} day", "{number} days", found.current))

    # What else an answer brings

    def noted(self, answers: Handler) -> Handler:
        """The same press, with what there is to say beside its verdict.

        That is how far a review is; once, that a question is set aside; and, on the first card of a day, how many days
        are left until an interview.
        """

        async def answered(request: Request, learner: Learner, press: Press) -> Reply:
            began = self._now().replace(microsecond=0)
            reply = await answers(request, learner, press)
            found = await self._store.reviews.noted(press.deal, learner.id)
            card = reply.edit or reply.aside
            if not found or not card:
                return reply
            now_given = found.answered is not None and found.answered >= began
            if found.session and reply.edit:
                card = await self._with_progress(card, press.deal)
            if now_given and found.aside == found.answered:
                card = await self._with_advice(card, learner, press.deal)
            if now_given and found.told is not None and request.where.private:
                line = await self._preparation.told_once(learner, found.told)
                card = cards.with_field(card, say("Interview"), line) if line else card
            return replace(reply, edit=card) if reply.edit else replace(reply, aside=card)

        return answered

    async def _with_progress(self, card: Card, deal: str) -> Card:
        found = await self._sessions.of_deal(deal)
        if not found or found[0].kind != KIND:
            return card
        return cards.with_field(card, say("Review"), _progress(await self._steps(found[0]), found[1]))

    async def _with_advice(self, card: Card, learner: Learner, deal: str) -> Card:
        """What to do about a question that was missed again and again."""
        dealt = await self._store.dealt(deal, learner)
        entry = self._dealer.asked(dealt.deal) if dealt else None
        if not entry:
            return card
        names = [f"{entry.topic.id}/{name}" for name in entry.question.follow_ups]
        follow_ups = [found.question.question for name in names if (found := self._bank.entry(name))]
        rated = dealt is not None and dealt.answer is not None and dealt.answer.mode == "flash"
        parts = [
            "" if rated else card.body,  # which says when it comes again
            say(
                "**You have missed this one {number} times, so I set it aside: it does not come by itself any more.** "
                "Read the explanation, run the code, then close both and say it once in your own words.",
                number=MISSES,
            ),
        ]
        if follow_ups:
            parts.append(say("Look at what belongs to it: {questions}", questions=" ".join(follow_ups)))
        back = Button(say("Bring it back"), Press("back", value=entry.code))
        return replace(card, body="\n\n".join(filter(None, parts)), rows=(*card.rows, (back,)))

    async def bring_back(self, request: Request, learner: Learner, press: Press) -> Reply:
        """Let a question come again that was set aside."""
        entry = self._bank.coded(press.value)
        if not entry or not await self._store.reviews.bring_back(learner.id, entry.name, self._now()):
            raise Refusal(say("This question is not set aside"), say("It comes when it is due."))
        return Reply(aside=Card(say("It comes again"), entry.question.question, tone=Tone.GOOD))

    # Taking back

    async def undo(self, request: Request, learner: Learner, press: Press) -> Reply:
        """Take a rating back, and show its card to be rated anew."""
        dealt = await self._store.dealt(press.deal, learner)
        entry = self._dealer.asked(dealt.deal) if dealt else None
        if not dealt or not entry or not dealt.answer:
            raise Refusal(say("There is nothing to take back"))
        found = await self._sessions.of_deal(press.deal)
        rated = dealt.deal.mode == "flash" and dealt.answer.verdict == "rated"  # others may have earned points
        if not rated or (found and found[0].kind != KIND):
            raise Refusal(say("Only the rating of a card can be taken back"))
        answers = await self._store.reviews.answers(learner.id, entry.name)
        if not answers or answers[-1].deal != press.deal:
            raise Refusal(say("You have answered this question since"), say("Only the last answer can be taken back."))
        if self._now() - answers[-1].at > UNDO_WITHIN:
            raise Refusal(say("That was more than ten minutes ago"), say("It stays as it was rated."))
        review = replayed(answers[:-1])
        if not await self._store.reviews.take_back(learner.id, entry.name, answers, review):
            raise Refusal(say("Another press came first"), say("Nothing was taken back by this one."))
        card = cards.answer_card(dealt.deal, entry, rated=False)
        if found:
            card = await self._with_progress(card, press.deal)
        return Reply(edit=card) if request.where.private else Reply(aside=card)


def _without(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """These names, each as often as it is not taken."""
    left = Counter(taken)
    found = []
    for name in names:
        if left[name]:
            left[name] -= 1
        else:
            found.append(name)
    return found


def _current(steps: Sequence[Step]) -> Step | None:
    """The question that was asked last."""
    return next((step for step in reversed(steps) if step.deal), None)


def _next(steps: Sequence[Step]) -> Step | None:
    return next((step for step in steps if not step.deal), None)


def _progress(steps: Sequence[Step], step: Step) -> str:
    place = sum(other.place <= step.place for other in steps)
    return say("{place} of {number}", place=place, number=len(steps))


def _already() -> Refusal:
    return Refusal(say("The next question is here already"), say("It is the latest card."))


def _listed(aside: Sequence[Entry]) -> tuple[str, tuple[Button, ...]]:
    """Questions that were set aside, with a button for each."""
    shown = aside[:LISTED]
    lines = [f"{place}. {entry.question.question}" for place, entry in enumerate(shown, 1)]
    intro = count(
        "**Set aside, as you missed it again and again:**",
        "**Set aside, as you missed them again and again:**",
        len(shown),
    )
    buttons = tuple(
        Button(say("Bring back {number}", number=place), Press("back", value=entry.code))
        for place, entry in enumerate(shown, 1)
    )
    return intro + "\n\n" + "\n".join(lines), buttons
