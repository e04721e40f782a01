"""Sessions in the store: questions that belong together, whatever happens in between."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.store.sessions import Session, Step
from bot.store.store import Answer, Review, Store
from tests.people import ADA, BOB, GROUP, Clock
from tests.samples import ledger
from tests.test_store import dealt

STEPS = [Step(1, "flask/one"), Step(2, "flask/two")]


async def begun(store: Store, clock: Clock, id_: str = "s1", kind: str = "review") -> Session:
    ada = await store.learner(ADA, clock())
    session = Session(id_, ada.id, kind, "////", clock())
    await store.sessions.begin(session, STEPS)
    return session


async def test_a_session_is_found_with_its_questions_in_order(store: Store, clock: Clock) -> None:
    session = await begun(store, clock)
    assert await store.sessions.running(session.learner, "review") == session
    assert await store.sessions.session("s1") == session
    assert await store.sessions.steps(session) == STEPS
    assert await store.sessions.session("other") is None


async def test_a_new_session_ends_the_one_before_of_its_kind(store: Store, clock: Clock) -> None:
    first, mock = await begun(store, clock), await begun(store, clock, "m1", "mock")
    clock.advance(minutes=1)
    second = await begun(store, clock, "s2")
    assert await store.sessions.running(first.learner, "review") == second
    assert await store.sessions.session("s1") == replace(first, ended=clock())
    assert await store.sessions.running(first.learner, "mock") == mock


async def test_an_ended_session_is_not_running_and_keeps_when_it_ended(store: Store, clock: Clock) -> None:
    session = await begun(store, clock)
    ended = clock()
    for _ in range(2):
        await store.sessions.end(session, clock())
        clock.advance(hours=1)
    assert await store.sessions.running(session.learner, "review") is None
    assert await store.sessions.session("s1") == replace(session, ended=ended)


async def test_a_step_is_asked_once_and_tells_its_learners_answer_only(store: Store, clock: Clock) -> None:
    session = await begun(store, clock)
    ada, bob = await store.learner(ADA, clock()), await store.learner(BOB, clock())
    one = await dealt(store, ada, clock)
    asked = await asyncio.gather(*(store.sessions.ask(session, 1, one.deal.id) for _ in range(5)))
    assert sum(asked) == 1
    assert await store.sessions.of_deal("nothing") is None
    step = Step(1, "flask/one", deal=one.deal.id, asked=clock(), mode="choice")
    assert await store.sessions.of_deal(one.deal.id) == (session, step)
    clock.advance(seconds=20)
    review = Review(2, None, 3.5, 5.25, clock() + timedelta(days=1), clock())
    day = clock().date()
    await store.answer(one, bob, Answer("1", "wrong"), review, day, ledger(day), clock())
    assert (await store.sessions.steps(session))[0] == step
    await store.answer(one, ada, Answer("0", "right"), review, day, ledger(day), clock())
    told = replace(step, value="0", verdict="right", answered=clock())
    assert (await store.sessions.steps(session)) == [told, STEPS[1]]


async def test_a_question_that_comes_between_has_a_place_of_its_own(store: Store, clock: Clock) -> None:
    session = await begun(store, clock)
    assert not await store.sessions.add(session, Step(2, "flask/three"))
    assert await store.sessions.add(session, Step(3, "flask/three", "flask/two"))
    await store.sessions.mark(session, 3, "451")
    assert (await store.sessions.steps(session))[-1] == Step(3, "flask/three", "flask/two", marks="451")


async def test_what_a_room_asked_is_in_no_session(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    assert await store.sessions.of_deal((await dealt(store, ada, clock, where=GROUP)).deal.id) is None
