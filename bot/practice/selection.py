"""Which question comes next. Pure rules; `dealing` brings the facts."""

from collections.abc import Collection, Mapping, Sequence
from random import Random

from bot.bank.bank import Pool

RECENT = 20  # questions that must pass before one may come again


def barred(recent: Sequence[str], pool: Pool) -> frozenset[str]:
    """The questions of the pool that came too recently, given the last ones, the latest first.

    In a pool of fewer than RECENT questions all others come before one comes again.
    """
    of_pool = [name for name in recent if name in pool.names]
    return frozenset(of_pool[: min(RECENT, len(pool) - 1)])


def fresh(pool: Pool, seen: Mapping[str, int], random: Random) -> str | None:
    """A question that was never seen, one of the priority questions if there is one."""
    for names in (pool.priority, pool.others):
        unseen = [name for name in names if name not in seen]
        if unseen:
            return random.choice(unseen)
    return None


def longest_unseen(seen: Mapping[str, int], barred: Collection[str]) -> str | None:
    """Of the questions seen, with the number of the deal that showed them last, the one that came longest ago."""
    return min((name for name in seen if name not in barred), key=lambda name: seen[name], default=None)
