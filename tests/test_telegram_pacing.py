"""When messages may be sent to Telegram: hours of sending, on a clock that jumps to whatever comes next."""

import asyncio
import selectors
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.telegram.pacing import MINUTE, OVERALL, PER_GROUP, POST_INTERVAL, ROOM, SECOND, Pace

GROUP = -7
SLIGHTLY = 1e-6


class JumpingLoop(asyncio.SelectorEventLoop):
    """Waits for nothing: its time is that of the next timer. What would wait forever fails."""

    def __init__(self, early: float = 0.0) -> None:
        self.now = 0.0
        self.wakes = 0

        class Selector(selectors.SelectSelector):
            def select(selector, timeout: float | None = None) -> list[Any]:
                assert timeout is not None, "everything waits, and nothing is to come"
                if timeout > 0:
                    self.wakes += 1
                    self.now += max(timeout - early, 0.0)
                return super().select(0)

        super().__init__(Selector())
        self._clock_resolution = early + SLIGHTLY / 1_000  # asyncio runs a timer that is due within it

    def time(self) -> float:
        return self.now


@dataclass
class Log:
    """What was sent, and when."""

    pace: Pace = field(default_factory=Pace)
    sent: list[tuple[float, int, bool]] = field(default_factory=list)

    async def send(self, chat: int, post: bool = False, after: float = 0.0) -> float:
        await asyncio.sleep(after)
        await self.pace.turn(chat, post=post)
        self.sent.append((now(), chat, post))
        return now()

    def begin(self, *chats: int, post: bool = False) -> list[asyncio.Task[float]]:
        return [asyncio.ensure_future(self.send(chat, post)) for chat in chats]

    def times(self, chat: int) -> list[float]:
        return [when for when, to, _ in self.sent if to == chat]


def now() -> float:
    return asyncio.get_running_loop().time()


def on_our_clock(scenario: Callable[[Log], Coroutine[Any, Any, None]], loop: JumpingLoop | None = None) -> JumpingLoop:
    chosen = loop or JumpingLoop()
    with asyncio.Runner(loop_factory=lambda: chosen) as runner:
        runner.run(scenario(Log()))
    return chosen


def most_within(times: list[float], span: float) -> int:
    """The highest number of times in any window."""
    return max((bisect_right(times, start + span - SLIGHTLY) - place for place, start in enumerate(times)), default=0)


def test_the_first_message_goes_at_once() -> None:
    async def scenario(log: Log) -> None:
        assert await log.send(1) == 0
        assert await log.send(2, post=True) == 0

    on_our_clock(scenario)


def test_a_chat_gets_one_message_a_second() -> None:
    async def scenario(log: Log) -> None:
        await asyncio.gather(*log.begin(1, 1, 1))
        assert log.times(1) == pytest.approx([0, SECOND, 2 * SECOND])

    on_our_clock(scenario)


def test_twenty_eight_answers_go_at_once_and_the_next_when_the_window_has_moved() -> None:
    async def scenario(log: Log) -> None:
        await asyncio.gather(*log.begin(*range(1, OVERALL + 2)))
        assert [when for when, _, _ in log.sent] == pytest.approx([0] * OVERALL + [SECOND])

    on_our_clock(scenario)


def test_a_group_gets_twenty_messages_a_minute_and_a_person_as_many_as_there_are_seconds() -> None:
    async def scenario(log: Log) -> None:
        await asyncio.gather(*log.begin(*[GROUP] * 45, *[7] * 45))
        assert most_within(log.times(GROUP), 60) == PER_GROUP
        assert log.times(GROUP)[PER_GROUP] == pytest.approx(MINUTE)
        assert log.times(7)[-1] == pytest.approx(44 * SECOND)

    on_our_clock(scenario)


def test_after_a_pause_there_is_no_double_burst() -> None:
    async def scenario(log: Log) -> None:
        await asyncio.gather(*log.begin(*range(1, 11)))
        await asyncio.sleep(3600)
        await asyncio.gather(*log.begin(*range(100, 200)))
        times = [when for when, _, _ in log.sent]
        assert most_within(times, 1) == OVERALL
        assert times[-1] == pytest.approx(3600 + 3 * SECOND)

    on_our_clock(scenario)


def test_posts_take_the_whole_rate_evenly() -> None:
    async def scenario(log: Log) -> None:
        await asyncio.gather(*log.begin(*range(1, 901), post=True))
        assert [when for when, _, _ in log.sent] == pytest.approx([place * POST_INTERVAL for place in range(900)])

    on_our_clock(scenario)


def test_an_answer_goes_before_the_posts_that_wait_after_no_more_than_one_send() -> None:
    async def scenario(log: Log) -> None:
        posts = log.begin(*range(1, 901), post=True)
        for pressed in (0.0, 5.0, 10.01, 20.02):
            await asyncio.sleep(pressed - now())
            assert await log.send(5_000 + int(pressed)) - pressed <= POST_INTERVAL + SLIGHTLY
        await asyncio.gather(*posts)
        assert len(log.sent) == 904

    on_our_clock(scenario)


def test_an_answer_goes_before_the_posts_to_the_same_chat() -> None:
    async def scenario(log: Log) -> None:
        posts = log.begin(GROUP, GROUP, GROUP, post=True)
        await asyncio.sleep(0)
        answers = log.begin(GROUP, GROUP)
        await asyncio.gather(*posts, *answers)
        assert [post for _, _, post in log.sent] == [True, False, False, True, True]

    on_our_clock(scenario)


def test_an_answer_goes_before_a_post_that_is_due_at_the_same_moment() -> None:
    async def scenario(log: Log) -> None:
        await asyncio.gather(*log.begin(*range(1, OVERALL + 1)))
        waiting = [*log.begin(50, post=True), *log.begin(51)]
        await asyncio.gather(*waiting)
        assert [(chat, post) for _, chat, post in log.sent[OVERALL:]] == [(51, False), (50, True)]

    on_our_clock(scenario)


def test_a_chat_that_telegram_holds_waits_and_delays_no_other() -> None:
    async def scenario(log: Log) -> None:
        log.pace.hold(1, 30)
        log.pace.hold(1, 5)  # does not shorten it
        held = log.begin(1, 1, post=True)
        assert await log.send(2, post=True) == 0
        await asyncio.gather(*held)
        assert log.times(1) == pytest.approx([30, 30 + SECOND])

    on_our_clock(scenario)


def test_a_chat_may_be_held_while_messages_to_it_wait() -> None:
    async def scenario(log: Log) -> None:
        waiting = log.begin(1, 1, 1)
        await asyncio.sleep(SECOND / 2)
        log.pace.hold(1, 10)
        await asyncio.gather(*waiting)
        assert log.times(1) == pytest.approx([0, SECOND / 2 + 10, SECOND / 2 + 10 + SECOND])

    on_our_clock(scenario)


def test_those_who_give_up_take_nobodys_turn() -> None:
    async def scenario(log: Log) -> None:
        waiting = log.begin(1, 1, 1, 1, 2)
        await asyncio.sleep(0)
        for given_up in waiting[1:3]:
            given_up.cancel()
        await asyncio.wait(waiting)
        assert log.times(1) == pytest.approx([0, SECOND])
        assert log.times(2) == [0]

    on_our_clock(scenario)


def test_when_everybody_who_waited_has_given_up_the_next_is_served() -> None:
    async def scenario(log: Log) -> None:
        waiting = log.begin(*[1] * 50, *[GROUP] * 50, post=True)
        await asyncio.sleep(0)
        for given_up in waiting:
            given_up.cancel()
        await asyncio.wait(waiting)
        await asyncio.sleep(SECOND)
        assert await log.send(1) == SECOND
        assert await log.send(GROUP, post=True) == SECOND

    on_our_clock(scenario)


def test_a_turn_given_to_someone_who_gives_up_at_that_moment_stops_nobody() -> None:
    async def scenario(log: Log) -> None:
        given = asyncio.ensure_future(log.pace.turn(1))
        waiting = log.begin(1)
        await asyncio.sleep(SECOND - SLIGHTLY)
        late = log.begin(1)
        asyncio.get_running_loop().call_later(SLIGHTLY, waiting[0].cancel)
        await asyncio.wait([given, *waiting, *late])
        assert len(log.times(1)) == 1
        assert log.times(1)[0] <= 2 * SECOND + SLIGHTLY

    on_our_clock(scenario)


def test_chats_that_have_been_idle_for_a_minute_are_forgotten() -> None:
    async def scenario(log: Log) -> None:
        for chat in range(1, 20_001):
            await log.send(chat, post=True)
            if chat % 100 == 0:
                log.pace.hold(-chat, 1)
        assert len(log.pace._chats) <= 2 * (MINUTE / POST_INTERVAL + ROOM)

    on_our_clock(scenario)


def test_a_chat_is_not_forgotten_while_it_is_held_or_its_minute_lasts() -> None:
    async def scenario(log: Log) -> None:
        log.pace.hold(1, 100)
        await asyncio.gather(*log.begin(*[GROUP] * PER_GROUP))
        began = now()
        for chat in range(100, 100 + 2 * ROOM):  # more than are kept, without being sent anything
            log.pace.hold(chat, 0)
        waiting = log.begin(1, GROUP)
        await asyncio.gather(*waiting)
        assert began < MINUTE < 100
        assert (log.times(GROUP)[-1], log.times(1)[-1]) == (MINUTE, 100)

    on_our_clock(scenario)


def test_ten_thousand_waiting_chats_cost_a_wake_up_each() -> None:
    async def scenario(log: Log) -> None:
        tasks = log.begin(*range(1, 10_001), post=True)
        tasks += log.begin(*range(-10_000, 0), post=True)
        await asyncio.gather(*tasks)
        assert [chat for _, chat, _ in log.sent] == [*range(1, 10_001), *range(-10_000, 0)]

    assert on_our_clock(scenario).wakes <= 20_100


def test_a_clock_that_wakes_early_is_no_busy_loop() -> None:
    """Windows: timers come up to 16 ms before their time."""

    async def scenario(log: Log) -> None:
        await asyncio.gather(*log.begin(*[1] * 20))

    loop = on_our_clock(scenario, JumpingLoop(early=0.015))
    assert loop.wakes <= 25
    assert loop.now >= 19 * 1.0


@dataclass
class Ask:
    after: float
    chat: int
    post: bool
    patience: float | None
    hold: float | None


asks = st.builds(
    Ask,
    # Odd numbers, so that no two things are due at one moment: either might come first then.
    after=st.sampled_from([0.0, 0.0, 0.0, 0.01131, 0.50779, 1.02037, 3.03191, 61.04117]),
    chat=st.integers(1, 40) | st.sampled_from([GROUP, GROUP, -8]),
    post=st.booleans(),
    patience=st.sampled_from([None, None, None, 0.0, 0.00731, 0.77713, 5.33311, 29.91173]),
    hold=st.sampled_from([None, None, None, None, 0.31379, 2.71717, 20.13139]),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(asks, max_size=10) | st.lists(asks, min_size=60, max_size=160))
def test_whatever_is_asked_for_no_window_is_exceeded_and_everything_is_sent_in_order(asked: list[Ask]) -> None:
    waiting: dict[int, Ask] = {}
    sent: list[tuple[float, int]] = []
    given_up: set[int] = set()
    held: dict[int, float] = defaultdict(float)
    reached: dict[int, list[float]] = defaultdict(list)

    def may_be_sent_to(chat: int, when: float) -> bool:
        times = reached[chat]
        full = chat < 0 and len(times) >= PER_GROUP and times[-PER_GROUP] + MINUTE > when
        return not full and held[chat] <= when and (not times or times[-1] + SECOND <= when)

    async def send(pace: Pace, number: int, ask: Ask) -> None:
        waiting[number] = ask
        try:
            async with asyncio.timeout(ask.patience):
                await pace.turn(ask.chat, post=ask.post)
        except TimeoutError:
            given_up.add(number)
            return
        finally:
            del waiting[number]
        assert held[ask.chat] <= now() + SLIGHTLY
        mine = [other for other, one in waiting.items() if (one.chat, one.post) == (ask.chat, ask.post)]
        assert all(other > number for other in mine), "first in, first out"
        if ask.post:
            # Answers that were there before this moment, and whose chats are free.
            assert not [
                one for one in waiting.values() if not one.post and one.chat != ask.chat and overtaken(one.chat)
            ], "answers first"
        sent.append((now(), number))
        reached[ask.chat].append(now())

    def overtaken(chat: int) -> bool:
        return may_be_sent_to(chat, now() - SLIGHTLY)

    async def scenario(log: Log) -> None:
        tasks = []
        for number, ask in enumerate(asked):
            if ask.after:
                await asyncio.sleep(ask.after)
            if ask.hold is not None:
                log.pace.hold(ask.chat, ask.hold)
                held[ask.chat] = max(held[ask.chat], now() + ask.hold)
            tasks.append(asyncio.ensure_future(send(log.pace, number, ask)))
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)

    on_our_clock(scenario)
    assert len(sent) + len(given_up) == len(asked)
    assert most_within([when for when, _ in sent], 1.0) <= OVERALL
    assert all(most_within(times, 1.0) <= 1 for times in reached.values())
    assert all(most_within(times, 60.0) <= PER_GROUP for chat, times in reached.items() if chat < 0)
