"""What is old is counted and let go, at night, a little every minute: nobody has to wait for it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.learners.linking import UNDO_WITHIN
from bot.store.database import StoreError
from bot.store.store import Store

logger = logging.getLogger(__name__)

BEGINS = 3  # the hour of the night


class Retention:
    def __init__(self, store: Store, zone: ZoneInfo, keep_days: int, now: Callable[[], datetime]) -> None:
        self._tidying = store.tidying
        self._zone = zone
        self._keep = timedelta(days=keep_days)
        self._now = now

    async def tidy(self) -> None:
        """One step of tonight's pass, if it has not come to its end."""
        now = self._now()
        local = now.astimezone(self._zone)
        try:
            state = await self._tidying.state()
            if local.hour < BEGINS or state.night >= local.date().isoformat():
                return
            if not await self._tidying.step(state, now - self._keep, now - UNDO_WITHIN, now):
                await self._tidying.end(state, local.date())
        except StoreError as error:
            logger.warning("%s It is tidied up later.", error)
