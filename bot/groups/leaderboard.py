"""Boards: who has most points in a community, in a period, in a topic; and where one stands oneself."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from bot.bank.bank import Bank
from bot.learners.scoring import buckets
from bot.learners.zones import Zones
from bot.messages import Button, Card, Press, Refusal, Reply, Request, escape
from bot.store.boards import Community, Standing
from bot.store.store import Learner, Store
from bot.wording import count, say

PERIODS = ("week", "today", "month", "all")
PAGE = 10
WINNERS = 3
COMMUNITIES = 10

_PLACES = {"all": 0, "month": 1, "week": 2, "today": 3}  # in `buckets`
_MEDALS = ("🥇", "🥈", "🥉")


class Leaderboard:
    def __init__(self, bank: Bank, store: Store, zones: Zones, now: Callable[[], datetime]) -> None:
        self._bank = bank
        self._boards = store.boards
        self._zones = zones
        self._now = now

    async def leaderboard(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        topic = self._topic(options.get("topic", ""))
        period = options.get("period", PERIODS[0])
        if request.where.private:
            return Reply(new=await self._everywhere(learner, period, topic))
        community = Community(request.where.platform, request.where.community)
        if not community.id:
            raise Refusal(say("There is no board here"), say("Boards are for servers and groups."))
        return Reply(new=await self._board(community, learner, period, topic, 0))

    async def turned(self, request: Request, learner: Learner, press: Press) -> Reply:
        """Another page, or another period, of the board that was pressed."""
        period, _, rest = press.value.partition(".")
        page, _, topic = rest.partition(".")
        known = topic in ("", *(one.id for one in self._bank.topics))
        if period not in PERIODS or not page.isdecimal() or len(page) > 4 or not known or not request.where.community:
            raise Refusal(say("That button is too old, or not one of mine"), say("`/leaderboard` shows the board."))
        community = Community(request.where.platform, request.where.community)
        return Reply(edit=await self._board(community, learner, period, topic, int(page)))

    def _topic(self, words: str) -> str:
        place = self._bank.place(words) if words else None
        if words and (not place or place.section):
            names = ", ".join(f"`{topic.id}`" for topic in self._bank.topics)
            raise Refusal(say("There are boards for topics"), say("Such as {names}.", names=names))
        return place.topic if place else ""

    async def _board(self, community: Community, learner: Learner, period: str, topic: str, page: int) -> Card:
        today = self._zones.default_day(self._now())
        bucket = _bucket(today, period, topic)
        number = await self._boards.size(community, bucket)
        last = max(0, (number - 1) // PAGE)
        page = min(page, last)
        standings = await self._boards.standings(community, bucket, page * PAGE, PAGE)
        parts = [
            "  \n".join(board_line(one, learner.id) for one in standings) or say("Nobody has points yet. Be the first.")
        ]
        parts += await self._own(community, bucket, learner, number)
        if winners := await self._winners(community, _before(today, period), period, topic):
            parts.append(winners)
        if number > 1:
            parts.append(say("*Of equal points, who had them first stands first.*"))
        turns = [(say("Previous page"), page - 1)] if page else []
        turns += [(say("Next page"), page + 1)] if page < last else []
        rows = [tuple(Button(label, _press(period, to, topic)) for label, to in turns)] if turns else []
        titles = _titles()
        rows.append(tuple(Button(titles[one], _press(one, 0, topic)) for one in PERIODS if one != period))
        fields = ((say("Page"), f"{page + 1}/{last + 1}"),) if last else ()
        return Card(_heading(period, self._title(topic)), "\n\n".join(parts), fields, tuple(rows))

    async def _own(self, community: Community, bucket: str, learner: Learner, number: int) -> list[str]:
        """Where the one who asked stands, for all to read, so by name; nothing of who hides."""
        if learner.hidden:
            return []
        mine = await self._boards.mine(community, bucket, learner.id)
        if not mine:
            return [say("You have no points here yet. `/quiz` deals a question.")]
        rank = _ordinal(mine.rank)
        if mine.name:
            return [say("{name}: **You are {rank} of {number}.**", name=_name(mine), rank=rank, number=number)]
        return [say("**You are {rank} of {number}.**", rank=rank, number=number)]

    async def _winners(self, community: Community, day: date | None, period: str, topic: str) -> str:
        """Who won the period before."""
        if not day:
            return ""
        found = await self._boards.standings(community, _bucket(day, period, topic), 0, WINNERS)
        names = ", ".join(f"{medal} {_name(one)} ({one.points})" for medal, one in zip(_MEDALS, found, strict=False))
        titles = {"today": say("Yesterday"), "week": say("Last week"), "month": say("Last month")}
        return f"{titles[period]}: {names}" if names else ""

    async def _everywhere(self, learner: Learner, period: str, topic: str) -> Card:
        """Where a learner stands in each community."""
        bucket = _bucket(self._zones.default_day(self._now()), period, topic)
        lines = []
        for community in await self._boards.communities(learner.id, COMMUNITIES):
            mine = await self._boards.mine(community, bucket, learner.id)
            name = escape(community.title) or say("A community on {platform}", platform=community.platform.title())
            if mine:
                number = await self._boards.size(community, bucket)
                rank = say("{rank} of {number}", rank=_ordinal(mine.rank), number=number)
                lines.append(f"- **{name}**: {rank}, {_points(mine.points)}")
            else:
                lines.append(say("- **{name}**: no points in this period", name=name))
        body = "\n".join(lines) or say("You have no points in a server or group yet. Answer a question in one.")
        return Card(_heading(period, self._title(topic)), body)

    def _title(self, topic: str) -> str:
        return next((one.title for one in self._bank.topics if one.id == topic), "")


def _bucket(day: date, period: str, topic: str) -> str:
    bucket = buckets(day)[_PLACES[period]]
    return f"{topic}/{bucket}" if topic else bucket


def _before(today: date, period: str) -> date | None:
    """A day in the period before this one."""
    match period:
        case "today":
            return today - timedelta(1)
        case "week":
            return today - timedelta(7)
        case "month":
            return today.replace(day=1) - timedelta(1)
    return None


def _titles() -> dict[str, str]:
    return {"today": say("Today"), "week": say("This week"), "month": say("This month"), "all": say("All time")}


def _heading(period: str, topic: str) -> str:
    titles = _titles()
    return f"{titles[period]} · {topic}" if topic else titles[period]


def _press(period: str, page: int, topic: str) -> Press:
    return Press("board", value=f"{period}.{page}.{topic}")


def board_line(one: Standing, learner: str = "") -> str:
    """A place on a board, in bold for this learner."""
    mark = _MEDALS[one.rank - 1] if one.rank <= len(_MEDALS) else f"{one.rank}."
    line = f"{mark} {_name(one)}: {_points(one.points)}"
    return f"**{line}**" if one.learner == learner else line


def _name(one: Standing) -> str:
    return escape(one.name[:40]) or say("somebody")


def _points(points: int) -> str:
    return count("{number} point", "{number} points", points)


def _ordinal(rank: int) -> str:
    """14th, as English says it; another language's catalogue gives the number its own form."""
    ending = "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return say("{rank}" + ending, rank=rank)
