"""The mock interview: questions one after the other, half a minute each, rated by oneself; a report in the end.

An interview is a session of rows, planned when it begins, with places left between for what follows up. It is answered
and gone on with from any card, after a restart too; only the nudge after half a minute is forgotten by one.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from fsrs import Rating

from bot.bank.bank import Bank, Entry, Filters
from bot.lane import Lane
from bot.learners.preparing import place_named
from bot.learners.zones import Zones
from bot.messages import Button, Card, Person, Press, Refusal, Reply, Request, Tone, Voice
from bot.platforms import Gone, Unknown
from bot.practice import cards
from bot.practice.answering import Answering, Opened
from bot.practice.dealing import Dealer
from bot.practice.grading import Status
from bot.practice.interview import (
    LONGEST,
    SHORTEST,
    USUAL,
    Marks,
    Outcome,
    choose,
    extra,
    follow_up,
    timed,
)
from bot.practice.report import rated, report_card, report_file, took
from bot.practice.verdicts import AIM, Verdicts
from bot.store.sessions import Session, Step
from bot.store.store import Answer, Learner, Store, new_id
from bot.wording import count, say

logger = logging.getLogger(__name__)

KIND = "mock"  # of sessions
LENGTHS = tuple(str(number) for number in range(SHORTEST, LONGEST + 1))
APART = 2  # places from one question to the next; what follows up comes between
NUDGE_LATE = timedelta(seconds=15)  # after which a nudge is of no use
JUST_NOW = timedelta(seconds=10)  # a question that was dealt so lately need not be shown once more

_LAST_NUMBER = re.compile(r"(?:(?P<place>.*\S)\s+)?(?P<number>[0-9]+)")
_RATED = re.compile(r"[0-2][1-5]")

Handler = Callable[[Request, Learner, Press], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class _Nudge:
    """Whom to tell when half a minute is over, and how, in their language."""

    who: Person
    deal: str
    due: datetime
    card: Card


class Mock:
    def __init__(
        self,
        bank: Bank,
        store: Store,
        dealer: Dealer,
        zones: Zones,
        lane: Lane,
        answering: Answering,
        verdicts: Verdicts,
        random: Random,
    ) -> None:
        self._bank = bank
        self._store = store
        self._sessions = store.sessions
        self._dealer = dealer
        self._zones = zones
        self._lane = lane
        self._answering = answering
        self._verdicts = verdicts
        self._random = random
        self._now = answering.now
        self._nudges: dict[str, _Nudge] = {}  # by learner: nobody is asked two questions at once

    # Begin, and go on

    async def mock(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        """Offer to go on with the interview that runs, or begin one."""
        _in_private(request)
        filters, number = self._wanted(options)
        running = await self._sessions.running(learner.id, KIND)
        steps = await self._sessions.steps(running) if running else []
        if running and _current(self._there(steps)):
            alike = running.filters == filters.pack() and number in (0, _number(steps))
            if not options or alike:
                return Reply(new=self._where_it_stands(learner, running, self._there(steps)))
        return Reply(new=await self._planned(learner, filters, number or USUAL))

    async def pressed(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The buttons of an interview as a whole."""
        _in_private(request)
        session = await self._sessions.session(press.deal)
        if not session or session.kind != KIND:
            raise Refusal(say("I don't know this interview any more"), say("`/mock` begins one."))
        _own(learner, session)
        match press.value:
            case "begin":
                return await self.follow(request, learner, session)
            case "on":
                return await self._resumed(request, learner, session)
            case "anew" if not session.ended:
                number = _number(await self._sessions.steps(session))
                return Reply(edit=await self._planned(learner, Filters.unpack(session.filters), number))
            case "leave":
                reply = await self._ended(request, learner, session)
                return replace(reply, new=None, edit=reply.new)
            case "report" if session.ended:
                return await self._ended(request, learner, session)
            case "review" if session.ended:
                return await self._brought_forward(learner, session)
        raise _over()

    async def follow(self, request: Request, learner: Learner, session: Session) -> Reply:
        """What comes after a question; of several presses, one asks it."""
        _own(learner, session)
        steps = await self._completed(request, learner, session)
        current = _current(steps)
        pressed = request.what.deal if isinstance(request.what, Press) and request.what.verb == "next" else ""
        if not session.ended and current and not current.answered and pressed != current.deal:
            if current.asked and self._now() - current.asked < JUST_NOW:
                raise _already()
            if card := await self._card(request, learner, session, current):
                return Reply(new=card)
        return await self._gone_on(request, learner, session, steps)

    def _wanted(self, options: Mapping[str, str]) -> tuple[Filters, int]:
        """What to ask about, and how many questions of those there are; 0 if that was not said.

        `/mock flask 7` says both.
        """
        words, number = options.get("topic", ""), options.get("questions", "")
        found = _LAST_NUMBER.fullmatch(words)
        if found and not number and not self._bank.place(words):
            words, number = found["place"] or "", str(int(found["number"]))
        place = place_named(self._bank, words)
        if number and number not in LENGTHS:
            raise Refusal(
                say("An interview has {least} to {most} questions", least=SHORTEST, most=LONGEST),
                say("`/mock questions:{number}` begins one.", number=USUAL),
            )
        filters = Filters(place.topic, place.section)
        return filters, min(int(number or 0), len(self._bank.pool(filters)))

    async def _planned(self, learner: Learner, filters: Filters, number: int) -> Card:
        """Keep a new interview, and tell how it goes. One that runs ends."""
        pool = self._bank.pool(filters)
        last = await self._sessions.latest(learner.id, KIND)
        seen = {step.question for step in await self._sessions.steps(last) if step.deal} if last else set()
        entries = [entry for name in (*pool.priority, *pool.others) if (entry := self._bank.entry(name))]
        questions = choose(entries, number, seen, self._random)
        if not questions:
            raise Refusal(say("There is no such question"), say("`/topics` lists what there is."))
        session = Session(new_id(11), learner.id, KIND, filters.pack(), self._now())
        steps = [Step(APART * place, question) for place, question in enumerate(questions, 1)]
        await self._sessions.begin(session, steps)
        self._nudges.pop(learner.id, None)
        buttons = [Button(say("Begin"), Press("mock", session.id, "begin"))]
        if last and not last.ended:
            buttons.append(Button(say("Report of the last one"), Press("mock", last.id, "report")))
        heading = count("Mock interview: {number} question", "Mock interview: {number} questions", len(questions))
        return Card(heading, _how_it_goes(), rows=(tuple(buttons),))

    def _where_it_stands(self, learner: Learner, session: Session, steps: Sequence[Step]) -> Card:
        current = _current(steps)
        place = _place(steps, current) if current else 1
        buttons = (
            Button(say("Go on"), Press("mock", session.id, "on")),
            Button(say("Start anew"), Press("mock", session.id, "anew")),
            Button(say("Leave"), Press("mock", session.id, "leave")),
        )
        return Card(
            say("You are at question {place} of {number}", place=place, number=_number(steps)),
            say("It began on {day}.", day=f"{self._zones.day(learner, session.began):%Y-%m-%d}"),
            rows=(buttons,),
        )

    async def _resumed(self, request: Request, learner: Learner, session: Session) -> Reply:
        """The question where an interview stands, or the next."""
        steps = await self._completed(request, learner, session)
        current = _current(steps)
        unanswered = current if not session.ended and current and not current.answered else None
        if unanswered and (card := await self._card(request, learner, session, unanswered)):
            return Reply(new=card)
        return await self._gone_on(request, learner, session, steps)

    async def _gone_on(self, request: Request, learner: Learner, session: Session, steps: Sequence[Step]) -> Reply:
        """Ask the next question, or what follows up; without any, end.

        All is decided by these `steps`: whoever looked again would ask what comes after another press's question.
        """
        if session.ended:
            return await self._ended(request, learner, session)
        if further := self._follow_up(steps):
            await self._sessions.add(session, further)
            steps = sorted((*steps, further), key=lambda step: step.place)
        step = next((step for step in self._there(steps) if not step.deal), None)
        if not step:
            return await self._ended(request, learner, session)
        entry = self._bank.entry(step.question)
        assert entry  # noqa: S101 - the bank has it
        mode = "typed" if cards.gradable(entry.question) else "flash"
        filters = replace(Filters.unpack(session.filters), mode=mode)
        now, cause = self._now(), f"{session.id} {step.place}"
        deal = await self._dealer.deal(request.where, learner, filters, now, cause, question=step.question)
        assert deal  # noqa: S101 - the bank has it
        if not await self._sessions.ask(session, step.place, deal.id):
            raise _already()
        told = Card(say("{aim} seconds: finish your sentence", aim=AIM))
        self._nudges[learner.id] = _Nudge(request.who, deal.id, now + timedelta(seconds=AIM), told)
        asked = replace(step, deal=deal.id)
        return Reply(new=_question_card(session, asked, entry, _progress(self._there(steps), asked)))

    def _follow_up(self, steps: Sequence[Step]) -> Step | None:
        """What to ask beyond the plan, after an answer that went well."""
        current, number = _current(steps), _number(steps)
        entry = self._bank.entry(current.question) if current else None
        if not current or not entry or current.follows or sum(bool(step.follows) for step in steps) >= extra(number):
            return None
        if not _outcome(current, entry).well:
            return None
        if any(step.follows == current.question for step in steps):
            return None
        asked = {step.question for step in steps}
        known = {name for id_ in entry.question.follow_ups if self._bank.entry(name := f"{entry.topic.id}/{id_}")}
        name = follow_up(entry, known, asked)
        return Step(current.place + 1, name, current.question) if name else None

    def _there(self, steps: Sequence[Step]) -> list[Step]:
        """The questions that the bank still has."""
        return [step for step in steps if self._bank.entry(step.question)]

    async def _card(self, request: Request, learner: Learner, session: Session, step: Step) -> Card | None:
        """A question once more, as far as it came; None if it was asked elsewhere."""
        dealt, entry = await self._store.dealt(step.deal, learner), self._bank.entry(step.question)
        where = request.where
        if not dealt or not entry or where.platform != dealt.room.platform:
            return None
        if where.id not in (dealt.room.id, dealt.former_id):
            return None
        progress = await self._progress(session, step)
        if marks := Marks.unpack(step.marks):
            return _rating_card(session, Opened(dealt, entry), marks, progress)
        return _question_card(session, step, entry, progress)

    async def _progress(self, session: Session, step: Step) -> str:
        return _progress(self._there(await self._sessions.steps(session)), step)

    # Answers

    async def said(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The answer beside what was spoken, to be rated."""
        session, step = await self._asked(learner, press)
        opened = await self._answering.open(request, learner, press)
        if step.answered:
            return Reply(aside=await self._given(learner, session, step, opened))
        return Reply(edit=await self._spoken(learner, session, step, opened, self._now() - opened.deal.dealt_at))

    async def rate(self, request: Request, learner: Learner, press: Press) -> Reply:
        """One of three ratings. Each may be changed until all are given; then the answer counts."""
        session, step = await self._asked(learner, press)
        opened = await self._answering.open(request, learner, press)
        if not _RATED.fullmatch(press.value):
            raise Refusal(say("This question has no such answer"), say("Please use the buttons below it."))
        while True:
            if step.answered:
                return Reply(aside=await self._given(learner, session, step, opened))
            marks = Marks.unpack(step.marks)
            if session.ended:
                raise _over()
            if not marks:
                raise Refusal(say("Say it first, then rate it."))
            if marks.complete:  # the process ended, or is about to record it
                break
            marks = marks.rated(int(press.value[0]), int(press.value[1]))
            if await self._sessions.mark(session, step.place, marks.pack(), step.marks):
                break
            session, step = await self._asked(learner, press)  # another press was faster
        progress = await self._progress(session, step)
        if not marks.complete:
            return Reply(edit=_rating_card(session, opened, marks, progress))
        recorded = await self._answering.record(request, learner, opened, *_answer(marks))
        return await self._answering.shown(request, learner, recorded, _rated_card(session, opened, marks, progress))

    def beside(self, answers: Handler) -> Handler:
        """The same press on what is typed, with what an interview has to say beside it.

        A voice message is something said: it goes the way of what was spoken to nobody.
        """

        async def answered(request: Request, learner: Learner, press: Press) -> Reply:
            found = await self._sessions.of_deal(press.deal)
            if not found or found[0].kind != KIND or found[0].learner != learner.id:
                return await answers(request, learner, press)
            session, step = found
            if isinstance(request.what, Voice) and not step.answered:
                opened = await self._answering.open(request, learner, press)
                spoken = timedelta(seconds=request.what.seconds)
                return Reply(new=await self._spoken(learner, session, step, opened, spoken))
            if step.marks and not step.answered:
                raise Refusal(say("You have seen the answer"), say("Rate what you said, by the buttons below it."))
            reply = await answers(request, learner, press)
            if not reply.edit:
                return reply
            self._quiet(learner, press.deal)
            session, step = await self._asked(learner, press)
            return replace(reply, edit=_with_time(session, step, reply.edit, await self._progress(session, step)))

        return answered

    async def _spoken(self, learner: Learner, session: Session, step: Step, opened: Opened, time: timedelta) -> Card:
        """Keep how long somebody spoke, once; the card to rate it."""
        if session.ended:
            raise _over()
        marks = Marks(max(0, int(time.total_seconds())))
        if not await self._sessions.mark(session, step.place, marks.pack()):  # it was said before
            session, step = await self._asked(learner, Press("said", step.deal))
            marks = Marks.unpack(step.marks) or marks
        self._quiet(learner, step.deal)
        return _rating_card(session, opened, marks, await self._progress(session, step))

    async def _given(self, learner: Learner, session: Session, step: Step, opened: Opened) -> Card:
        """What became of a question that was answered before."""
        dealt = await self._store.dealt(step.deal, learner)
        assert dealt  # noqa: S101 - it was opened
        assert dealt.answer  # noqa: S101 - whoever asks has looked
        marks = Marks.unpack(step.marks)
        if dealt.answer.mode == "flash" and marks:
            return _rated_card(session, opened, marks, await self._progress(session, step))
        claims = await self._store.claims.of(step.deal, learner.id)
        return self._verdicts.card(opened, dealt.answer, claims, again=True)

    async def _asked(self, learner: Learner, press: Press) -> tuple[Session, Step]:
        """The interview and the question that a press is about."""
        found = await self._sessions.of_deal(press.deal)
        if not found or found[0].kind != KIND:
            raise Refusal(say("That button is too old, or not one of mine"), say("`/mock` begins an interview."))
        _own(learner, found[0])
        return found

    async def _completed(self, request: Request, learner: Learner, session: Session) -> list[Step]:
        """All questions, once what was rated in full counts, though the process ended before it was recorded."""
        steps = await self._sessions.steps(session)
        late = False
        for step in steps:
            marks, entry = Marks.unpack(step.marks), self._bank.entry(step.question)
            if not step.answered and entry and marks and marks.complete:
                dealt = await self._store.dealt(step.deal, learner)
                assert dealt  # noqa: S101 - it was asked
                await self._answering.record(request, learner, Opened(dealt, entry), *_answer(marks))
                late = True
        return await self._sessions.steps(session) if late else steps

    # The end

    async def _ended(self, request: Request, learner: Learner, session: Session) -> Reply:
        """End an interview, if it has not; its report."""
        steps = self._there(await self._completed(request, learner, session))
        await self._sessions.end(session, self._now())
        asked = [step for step in steps if step.deal]
        for step in asked:
            self._quiet(learner, step.deal)
        left = len(steps) - len(asked)
        new = Button(say("New interview"), Press("call", value="mock"))
        if not asked or (left and not any(step.answered for step in asked)):
            told = say("No question was answered, so there is nothing to tell.")
            return Reply(new=Card(say("Interview left"), told, rows=((new,),)))
        outcomes = [await self._came_of(learner, step) for step in asked]
        buttons = [new]
        if any(one.weak and one.remembered for one in outcomes):
            buttons.insert(0, Button(say("Review these"), Press("mock", session.id, "review")))
        card = replace(report_card(outcomes, left), rows=(tuple(buttons),))
        return Reply(new=card, file=report_file(outcomes, self._zones.day(learner, session.began)))

    async def _came_of(self, learner: Learner, step: Step) -> Outcome:
        """What became of a question, with what was typed and the key points that it made."""
        entry, dealt = self._bank.entry(step.question), await self._store.dealt(step.deal, learner)
        assert entry  # noqa: S101 - the bank has it
        assert dealt  # noqa: S101 - it was asked
        outcome = replace(_outcome(step, entry), remembered=dealt.review is not None)
        if not dealt.answer or dealt.answer.mode != "typed":
            return outcome
        claims = await self._store.claims.of(step.deal, learner.id)
        points = tuple(
            (point.text, point.status is Status.COVERED or point.id in claims)
            for point in self._verdicts.grade(entry, dealt.answer.text).points
            if point.weight
        )
        return replace(outcome, points=points, text=dealt.answer.text)

    async def _brought_forward(self, learner: Learner, session: Session) -> Reply:
        """What was weak comes again at once; what was reviewed since, or never answered, stays as it is."""
        steps = [step for step in self._there(await self._sessions.steps(session)) if step.deal]
        outcomes = [await self._came_of(learner, step) for step in steps]
        weak = [one.entry.name for one in outcomes if one.weak and one.remembered]
        since = session.ended or self._now()
        number = await self._store.reviews.bring_forward(learner.id, weak, since, self._now())
        review = ((Button(say("Review"), Press("call", value="review")),),)
        if not number:
            body = say("`/review` shows what is due; what you have reviewed since comes when it is due again.")
            return Reply(aside=Card(say("They are in your reviews already"), body, rows=review))
        heading = count("{number} question is due now", "{number} questions are due now", number)
        return Reply(new=Card(heading, say("`/review` asks them, one after the other."), rows=review, tone=Tone.GOOD))

    # The timer

    def _quiet(self, learner: Learner, deal: str) -> None:
        """No nudge any more for this question."""
        nudge = self._nudges.get(learner.id)
        if nudge and nudge.deal == deal:
            del self._nudges[learner.id]

    async def nudge_due(self, platform: str) -> None:
        """Tell those who have spoken for half a minute, once; nobody is cut off."""
        now = self._now()
        for learner, nudge in list(self._nudges.items()):
            if nudge.who.platform == platform and nudge.due <= now:
                await self._lane.begin(platform, self._claimed(learner, nudge))

    async def _claimed(self, learner: str, nudge: _Nudge) -> Coroutine[Any, Any, None] | None:
        if self._nudges.get(learner) is not nudge:  # it was answered while others were told
            return None
        del self._nudges[learner]
        in_time = self._now() - nudge.due <= NUDGE_LATE
        return self._nudge(nudge) if in_time and self._lane.serves(nudge.who.platform) else None

    async def _nudge(self, nudge: _Nudge) -> None:
        try:
            await self._lane.tell(nudge.who, nudge.card)
        except (Gone, Unknown, TimeoutError):
            logger.warning("a nudge may not have arrived")
        except Exception:
            logger.exception("a nudge could not be sent")


# Rows, as an interview reads them


def _current(steps: Sequence[Step]) -> Step | None:
    """The question that was asked last."""
    return next((step for step in reversed(steps) if step.deal), None)


def _number(steps: Sequence[Step]) -> int:
    """How many questions there are, without those that follow up."""
    return sum(not step.follows for step in steps)


def _place(steps: Sequence[Step], step: Step) -> int:
    return max(1, sum(not other.follows and other.place <= step.place for other in steps))


def _progress(steps: Sequence[Step], step: Step) -> str:
    place = say("Question {place} of {number}", place=_place(steps, step), number=_number(steps))
    return say("{place}, follow-up", place=place) if step.follows else place


def _outcome(step: Step, entry: Entry) -> Outcome:
    """What became of a question, as far as its row tells."""
    marks = Marks.unpack(step.marks)
    share = int(step.value.partition(" ")[0]) / 100 if step.answered and step.verdict != "rated" else None
    return Outcome(
        entry,
        follows=bool(step.follows),
        answered=step.answered is not None,
        seconds=_seconds(step),
        marks=marks if share is None else None,
        share=share,
    )


def _seconds(step: Step) -> int | None:
    """How long an answer took; None when it says nothing, or there is none."""
    if marks := Marks.unpack(step.marks):
        return timed(marks.seconds)
    return timed((step.answered - step.asked).total_seconds()) if step.answered and step.asked else None


def _answer(marks: Marks) -> tuple[Answer, Rating]:
    """What counts of a rated answer: how correct it was, as for a flash card, and without points."""
    return Answer(marks.rating.name.lower(), "rated", mode="flash"), marks.rating


# Cards


def _how_it_goes() -> str:
    return say(
        "I ask, you answer aloud, or type it. After {aim} seconds I tell you so; nobody is cut off. Then you see the "
        "answer and rate your own, and in the end there is a report to keep.\n\n"
        "You can leave at any time, and go on later with `/mock`.",
        aim=AIM,
    )


def _question_card(session: Session, step: Step, entry: Entry, progress: str) -> Card:
    about = " · ".join([progress, entry.topic.title, entry.section.title])
    answers = [Button(say("I have said it"), Press("said", step.deal))]
    way = say("{aim} seconds to think and speak.", aim=AIM)
    if cards.gradable(entry.question):
        answers.append(Button(say("Type answer"), Press("type", step.deal)))
        way = say("{aim} seconds to think and speak, or type it.", aim=AIM)
    skip = Button(say("Skip"), Press("next", step.deal))
    rows = (tuple(answers), (skip, _leave(session)))
    return Card(entry.question.question, f"*{about}*\n\n{way}", rows=rows)


def _rating_card(session: Session, opened: Opened, marks: Marks, progress: str) -> Card:
    """The answer, and three rows to rate one's own by; what was chosen is in the fields too."""
    told = cards.answer_card(opened.deal, opened.entry, rated=True)
    how = say(
        "**Now rate your own, 1 to 5:** was it **C**lear to a stranger, **R**ight and complete, **B**rief? "
        "You can change your mind until all three are given."
    )
    rows = [
        tuple(_rating(opened.deal.id, which, number, given=marks.ratings[which]) for number in range(1, 6))
        for which in range(3)
    ]
    body = "\n\n".join((took(timed(marks.seconds)), told.body, how))
    return Card(told.heading, body, _fields(marks, progress), (*rows, (_leave(session),)))


def _rating(deal: str, which: int, number: int, *, given: int) -> Button:
    # Two characters: five buttons in a row are narrow on a phone, and in the terminal a label must say which row it is.
    label = (say("C{number}", number=number), say("R{number}", number=number), say("B{number}", number=number))[which]
    return Button(label, Press("mark", deal, f"{which}{number}"), Tone.GOOD if number == given else Tone.PLAIN)


def _rated_card(session: Session, opened: Opened, marks: Marks, progress: str) -> Card:
    """The answer, once one's own is rated, and the way on."""
    told = cards.answer_card(opened.deal, opened.entry, rated=True)
    heading = say("Noted: {rating}", rating=rated(marks))
    (more,) = told.rows
    body = "\n\n".join((f"**{told.heading}**", took(timed(marks.seconds)), told.body))
    row = more if session.ended else (*more, _leave(session))
    return Card(heading, body, ((say("Mock interview"), progress),), (row,))


def _with_time(session: Session, step: Step, card: Card, progress: str) -> Card:
    """A verdict, with how long it took, how far the interview is, and the way out of it."""
    card = cards.with_field(card, say("Mock interview"), progress)
    if step.answered:
        card = cards.with_field(card, say("Time"), took(_seconds(step)))
    return card if session.ended else replace(card, rows=(*card.rows[:-1], (*card.rows[-1], _leave(session))))


def _fields(marks: Marks, progress: str) -> tuple[tuple[str, str], ...]:
    names = (say("Clear"), say("Right"), say("Brief"))
    given = ((name, str(number) if number else "–") for name, number in zip(names, marks.ratings, strict=True))
    return ((say("Mock interview"), progress), *given)


def _leave(session: Session) -> Button:
    return Button(say("Leave"), Press("mock", session.id, "leave"))


# What can't be done


def _in_private(request: Request) -> None:
    if not request.where.private:
        raise Refusal(say("An interview is between the two of us"), say("Write me `/mock` in private, and we begin."))


def _own(learner: Learner, session: Session) -> None:
    if session.learner != learner.id:
        raise Refusal(say("That is somebody else's interview"), say("`/mock` begins your own."))


def _over() -> Refusal:
    return Refusal(say("This interview is over"), say("`/mock` begins another."))


def _already() -> Refusal:
    return Refusal(say("The next question is here already"), say("It is the latest card."))
