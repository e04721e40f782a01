"""What is old is counted and let go, at night, a little at a time: nobody has to wait for it."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.learners.linking import UNDO_WITHIN
from bot.store.database import StoreError
from bot.store.store import Store

logger = logging.getLogger(__name__)

BEGINS = 3  # the hour of the night
BUSY = 30.0  # seconds of every minute, until all is done
REST = 3  # times as long as a step took, before the next one


class Retention:
    def __init__(self, store: Store, zone: ZoneInfo, keep_days: int, now: Callable[[], datetime]) -> None:
        self._tidying = store.tidying
        self._zone = zone
        self._keep = timedelta(days=keep_days)
        self._now = now

    async def tidy(self) -> None:
        """Some steps of tonight's pass, if it has not come to its end."""
        clock = asyncio.get_running_loop().time
        until = clock() + BUSY
        try:
            begun = clock()
            while await self._step() and clock() < until:
                await asyncio.sleep(REST * (clock() - begun))
                begun = clock()
        except StoreError as error:
            logger.warning("%s It is tidied up later.", error)

    async def _step(self) -> bool:
        """One step; whether there may be more to do tonight."""
        now = self._now()
        local = now.astimezone(self._zone)
        state = await self._tidying.state()
        if local.hour < BEGINS or state.night >= local.date().isoformat():
            return False
        if await self._tidying.step(state, now - self._keep, now - UNDO_WITHIN, now):
            return True
        await self._tidying.end(state, local.date())
        return False
