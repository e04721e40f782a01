"""A room that is lost: who set its daily question is told, once, and all goes on when the room is there again."""

import logging
from contextlib import suppress

from bot.lane import Lane
from bot.messages import Card, Person, escape
from bot.platforms import Gone, Unknown
from bot.store.database import StoreError
from bot.store.schedules import Schedule
from bot.store.store import Store
from bot.wording import say

logger = logging.getLogger(__name__)


class Losses:
    def __init__(self, store: Store, lane: Lane) -> None:
        self._store = store
        self._lane = lane

    async def lost(self, schedule: Schedule, why: str) -> None:
        """The room does not want us any more, as a post has found out."""
        await self._store.memory.room_gone(schedule.room)
        if schedule.told or not schedule.person:  # who set it has deleted their data
            return
        await self._store.schedules.told(schedule.id, told=True)
        body = say("{why}. I go on by myself when I may post there again.", why=escape(why.rstrip(".")))
        who = Person(schedule.room.platform, schedule.person)
        try:
            await self._lane.tell(who, Card(say("I can't post the daily question"), body))
        except (Gone, Unknown, TimeoutError) as error:
            logger.info("nobody could be told of a lost room: %s", error)
        except Exception:
            logger.exception("nobody could be told of a lost room")

    async def still(self, schedule: Schedule) -> str:
        """Why a room that was lost still is; empty, once it is there again."""
        why = await self._lane.missing(schedule.room)
        if not why:
            await self._store.memory.room_back(schedule.room)
        return why

    async def arrived(self, schedule: Schedule) -> None:
        """A post has arrived: the next loss is to be told again."""
        if schedule.told:
            with suppress(StoreError):
                await self._store.schedules.told(schedule.id, told=False)
