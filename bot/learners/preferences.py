"""What a learner has chosen: for now, the time zone."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.learners.zones import Zones, find_zone, nearest_zones
from bot.messages import Card, Refusal, Reply, Request, Tone, escape
from bot.store.store import Learner, Store
from bot.wording import say


class Preferences:
    def __init__(self, store: Store, zones: Zones, now: Callable[[], datetime]) -> None:
        self._store = store
        self._zones = zones
        self._now = now

    async def settings(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        if "timezone" in options:
            return Reply(aside=await self._move(learner, options["timezone"]))
        zone = self._zones.of(learner)
        body = say(
            "Your days begin at midnight in **{zone}**, where it is {time} now. "
            "Change it with `/settings timezone:Europe/Berlin`.",
            zone=zone.key,
            time=f"{self._now().astimezone(zone):%H:%M}",
        )
        return Reply(aside=Card(say("Your settings"), body))

    async def _move(self, learner: Learner, words: str) -> Card:
        found = find_zone(words)
        if not found:
            near = ", ".join(f"`{name}`" for name in nearest_zones(words))
            body = say("Did you mean {names}?", names=near) if near else say("A name looks like `Europe/Berlin`.")
            raise Refusal(say("I know no time zone “{words}”", words=escape(words[:40])), body)
        before, now = self._zones.of(learner).key, self._now()
        await self._store.set_timezone(learner, found, now)
        zone = self._zones.of(Learner(learner.id, found))
        body = say(
            "Before, it was {before}. It is {time} there now. The days that you have practised stay as they were.",
            before=before,
            time=f"{now.astimezone(zone):%H:%M}",
        )
        return Card(say("Your time zone is {zone}", zone=found), body, tone=Tone.GOOD)
