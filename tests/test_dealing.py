"""Which question comes next: due reviews, then priority questions, then others, then the longest unseen."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bank.bank import Bank, Filters, Pool
from bot.practice import dealing, selection
from bot.practice.dealing import Dealer
from bot.practice.selection import RECENT, barred, fresh, longest_unseen
from bot.store.store import Answer, Learner, Review, Store
from tests.people import ADA, BOB, GROUP, HOME, HOME_OF_BOB, Clock
from tests.samples import bank_of, large_bank, ledger, question

ANYTHING = Filters()
DAY = date(2026, 3, 2)


async def deals(dealer: Dealer, learner: Learner, clock: Clock, number: int, filters: Filters = ANYTHING) -> list[str]:
    names = []
    for _ in range(number):
        deal = await dealer.deal(HOME, learner, filters, clock())
        assert deal
        names.append(deal.question.partition("/")[2])
    return names


@pytest.fixture
async def ada(sqlite_store: Store, clock: Clock) -> Learner:
    return await sqlite_store.learner(ADA, clock())


def closest(names: Sequence[str]) -> int:
    """How many deals lie between two of the same question, at the least."""
    last: dict[str, int] = {}
    gaps = []
    for place, name in enumerate(names):
        if name in last:
            gaps.append(place - last[name])
        last[name] = place
    return min(gaps, default=len(names))


async def test_priority_questions_come_first_then_the_others_each_once(
    bank: Bank, sqlite_store: Store, clock: Clock, ada: Learner
) -> None:
    names = await deals(Dealer(bank, sqlite_store, Random(1)), ada, clock, 5)
    assert set(names[:3]) == {"one", "two", "three"}
    assert set(names[3:]) == {"four", "five"}


async def test_when_all_were_seen_the_longest_unseen_comes(
    bank: Bank, sqlite_store: Store, clock: Clock, ada: Learner
) -> None:
    names = await deals(Dealer(bank, sqlite_store, Random(1)), ada, clock, 15)
    assert names[:5] == names[5:10] == names[10:]


@pytest.mark.parametrize("size", [1, 2, 5, 20, 21, 60])
async def test_no_question_comes_again_within_the_last_20_or_within_the_bank(
    sqlite_store: Store, clock: Clock, ada: Learner, size: int
) -> None:
    names = await deals(Dealer(large_bank(size), sqlite_store, Random(size)), ada, clock, 70)
    assert closest(names) >= min(size, RECENT + 1)
    assert len(set(names)) == size


async def test_a_restart_does_not_bring_a_question_again(sqlite_store: Store, clock: Clock, ada: Learner) -> None:
    names = [(await deals(Dealer(large_bank(30), sqlite_store, Random(n)), ada, clock, 1))[0] for n in range(60)]
    assert closest(names) > RECENT
    assert len(set(names[:30])) == 30


@pytest.mark.parametrize("share", [0, 0.02, 0.5, 1])
async def test_in_a_bank_too_large_to_look_up_everything_still_comes_once_and_priority_first(
    sqlite_store: Store, clock: Clock, ada: Learner, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dealing, "EXACT", 20)
    monkeypatch.setattr(dealing, "DRAWN", 7)
    names = await deals(Dealer(large_bank(200, share), sqlite_store, Random(3)), ada, clock, 230)
    first = int(200 * share)
    assert {int(name[1:]) for name in names[:first]} == set(range(first))
    assert len(set(names[:200])) == 200
    assert names[200:] == names[:30]


async def test_a_due_review_comes_before_anything_else_but_not_right_again(
    sqlite_store: Store, clock: Clock, ada: Learner
) -> None:
    dealer = Dealer(large_bank(100), sqlite_store, Random(1))
    deal = await dealer.deal(HOME, ada, Filters(), clock())
    assert deal
    dealt = await sqlite_store.dealt(deal.id, ada)
    assert dealt
    due = Review(1, 0, 1.0, 5.0, clock() + timedelta(minutes=1), clock())
    await sqlite_store.answer(dealt, ada, Answer("0", "wrong"), due, DAY, ledger(DAY), clock())
    clock.advance(minutes=2)
    name = deal.question.partition("/")[2]
    assert (await deals(dealer, ada, clock, 21)).index(name) == RECENT
    other = await sqlite_store.learner(BOB, clock())
    assert await deals(dealer, other, clock, 1) != [name]


async def test_a_review_outside_what_was_asked_for_waits(
    bank: Bank, sqlite_store: Store, clock: Clock, ada: Learner
) -> None:
    dealer = Dealer(bank, sqlite_store, Random(1))
    deal = await dealer.deal(HOME, ada, Filters(section="basics"), clock())
    assert deal
    dealt = await sqlite_store.dealt(deal.id, ada)
    assert dealt
    due = Review(1, 0, 1.0, 5.0, clock(), clock())
    await sqlite_store.answer(dealt, ada, Answer("0", "right"), due, DAY, ledger(DAY), clock())
    names = await deals(dealer, ada, clock, 3, Filters(section="contexts"))
    assert set(names) == {"three", "four", "five"}


async def test_fifty_deals_at_once_in_a_room_are_fifty_numbers_and_no_question_twice(
    sqlite_store: Store, clock: Clock, ada: Learner
) -> None:
    dealer = Dealer(large_bank(60), sqlite_store, Random(1))
    found = await asyncio.gather(*(dealer.deal(GROUP, ada, Filters(), clock()) for _ in range(15)))
    assert len({deal.number for deal in found if deal}) == 15
    assert len({deal.question for deal in found if deal}) == 15


async def test_what_is_asked_for_twice_by_one_cause_is_dealt_once(
    sqlite_store: Store, clock: Clock, ada: Learner
) -> None:
    bank = large_bank(5)
    first = await Dealer(bank, sqlite_store, Random(1)).deal(GROUP, ada, ANYTHING, clock(), "platform:1")
    again = await Dealer(bank, sqlite_store, Random(2)).deal(GROUP, ada, ANYTHING, clock(), "platform:1")
    other = await Dealer(bank, sqlite_store, Random(2)).deal(GROUP, ada, ANYTHING, clock(), "platform:2")
    assert first == again
    assert other
    assert first
    assert (first.number, other.number) == (1, 2)
    assert first.question != other.question


async def test_a_group_has_its_own_history_apart_from_its_members(
    bank: Bank, sqlite_store: Store, clock: Clock, ada: Learner
) -> None:
    dealer = Dealer(bank, sqlite_store, Random(1))
    alone = await deals(dealer, ada, clock, 5)
    together = []
    for _ in range(5):
        deal = await dealer.deal(GROUP, ada, Filters(), clock())
        assert deal
        together.append(deal.question.partition("/")[2])
    assert set(alone) == set(together)
    bob = await sqlite_store.learner(BOB, clock())
    deal = await dealer.deal(HOME_OF_BOB, bob, Filters(), clock())
    assert deal
    assert deal.number == 1


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), {"one", "two", "three", "four", "five"}),
        (Filters(topic="flask"), {"one", "two", "three", "four", "five"}),
        (Filters(topic="django"), set()),
        (Filters(section="contexts"), {"three", "four", "five"}),
        (Filters(level="mid"), {"two"}),
        (Filters(priority=True), {"one", "two", "three"}),
        (Filters(mode="choice"), {"one", "two", "three"}),
        (Filters(mode="flash"), {"one", "two", "three", "four", "five"}),
        (Filters(section="contexts", priority=True, level="senior", mode="choice"), {"three"}),
    ],
)
async def test_filters_leave_what_fits(
    bank: Bank, sqlite_store: Store, clock: Clock, ada: Learner, filters: Filters, expected: set[str]
) -> None:
    assert Filters.unpack(filters.pack()) == filters
    dealer = Dealer(bank, sqlite_store, Random(1))
    if expected:
        assert set(await deals(dealer, ada, clock, len(expected), filters)) == expected
    else:
        assert await dealer.deal(HOME, ada, filters, clock()) is None


async def test_the_order_of_choices_is_shuffled_for_each_deal_and_kept_with_it(
    sqlite_store: Store, clock: Clock, ada: Learner
) -> None:
    dealer = Dealer(bank_of(question("one")), sqlite_store, Random(1))
    orders = []
    for _ in range(60):
        deal = await dealer.deal(HOME, ada, Filters(), clock())
        assert deal
        kept = await sqlite_store.dealt(deal.id, ada)
        assert kept
        assert kept.deal.choices == deal.choices
        orders.append(deal.choices)
    assert {"".join(sorted(order)) for order in orders} == {"0123"}
    places = [order.index("0") for order in orders]
    assert min(places.count(place) for place in range(4)) >= 5
    assert len(set(orders)) > 10


async def test_a_question_without_choices_is_a_flash_card(
    bank: Bank, sqlite_store: Store, clock: Clock, ada: Learner
) -> None:
    deal = await Dealer(bank, sqlite_store, Random(1)).deal(HOME, ada, Filters(section="contexts"), clock())
    assert deal
    for _ in range(4):
        deal = await Dealer(bank, sqlite_store, Random(1)).deal(HOME, ada, Filters(section="contexts"), clock())
        assert deal
        assert (deal.mode == "flash") == (deal.question != "flask/three")


# The pure rules

NAMES = st.lists(st.sampled_from([f"q{n}" for n in range(40)]), unique=True)


@given(NAMES, st.sets(st.sampled_from([f"q{n}" for n in range(40)]), min_size=1))
def test_some_question_of_the_pool_is_never_barred(recent: list[str], pool: set[str]) -> None:
    found = barred(recent, Pool(tuple(sorted(pool)), ()))
    assert found <= pool & set(recent)
    assert len(found) == min(len(pool & set(recent)), RECENT, len(pool) - 1)


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_what_was_never_seen_goes_before_what_was_and_priority_before_the_rest(
    priority: set[int], others: set[int], seen: set[int]
) -> None:
    pool = Pool(tuple(f"p{n}" for n in priority), tuple(f"o{n}" for n in others))
    history = {f"{kind}{n}": n for kind in "po" for n in seen}
    found = fresh(pool, history, Random(0))
    unseen = pool.names - history.keys()
    assert (found in unseen) if unseen else (found is None)
    if any(name.startswith("p") for name in unseen):
        assert found
        assert found.startswith("p")
    of_pool = {name: number for name, number in history.items() if name in pool.names}
    oldest = longest_unseen(of_pool, set())
    assert oldest is None or of_pool[oldest] == min(of_pool.values())


def test_recent_questions_of_other_topics_do_not_bar_anything() -> None:
    assert selection.barred(["x/1", "x/2"], Pool(("y/1",), ())) == frozenset()
