"""What an operator can see from outside: whether the bot is alive, whether it is ready, and how it is doing.

What is counted elsewhere is read when somebody asks: nothing here stands in the way of an answer but one measurement of
its time. No label is a name, an id or a text, so that there are never more than a few hundred series.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from math import isfinite

import orjson
from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client import Counter as Counted
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from bot.lane import PAGE
from bot.listening import Listener
from bot.messages import Reply, Request, Tone
from bot.platforms import Answer, Platform
from bot.store.database import Commits, Database, StoreError
from bot.store.schedules import Schedules
from bot.tally import Tally

READY_TIME = 1.0  # seconds that the database has to answer
LAG_EVERY = 0.5  # seconds between two looks at how late the loop comes
OVERDUE = timedelta(minutes=2)  # of a post that nobody has claimed: a tick comes every second

_HANDLING = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_LAG = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)

# What is told to a `Tally`: its metric, what that is, and its labels.
COUNTED = {
    "answers": ("prepdeck_answers", "Answers that were kept", ("platform", "verdict")),
    "sent": ("prepdeck_posts", "Messages that left by themselves, by what became of them", ("platform", "outcome")),
    "late": ("prepdeck_posts_late", "Daily questions that left over a minute after they were due", ("platform",)),
    "hasty": ("prepdeck_hasty", "Requests that were refused because they came too fast", ("platform",)),
    "skipped": ("prepdeck_posts_skipped", "Daily questions that were left out, since we were away", ("platform",)),
}


class Monitor:
    """Health and metrics of one process."""

    def __init__(
        self,
        database: Database,
        schedules: Schedules,
        platforms: Mapping[str, Platform],
        tally: Tally,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._schedules = schedules
        self._platforms = platforms
        self._now = now
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(_Read(database, platforms, tally))
        self._requests = Histogram(
            "prepdeck_request_seconds",
            "How long it took to say what to answer",
            ("platform", "kind", "outcome"),
            buckets=_HANDLING,
            registry=self.registry,
        )
        self._lag = Histogram(
            "prepdeck_loop_lag_seconds", "How late the event loop comes", buckets=_LAG, registry=self.registry
        )
        self._overdue = Gauge(
            "prepdeck_posts_overdue",
            f"Daily questions that nobody has begun two minutes after they were due, {PAGE} at most",
            ("platform",),
            registry=self.registry,
        )
        self._errors = Counted(
            "prepdeck_errors",
            "Lines in the log that warn, or tell of an error, by the module",
            ("place", "level"),
            registry=self.registry,
        )

    def watched(self, answer: Answer) -> Answer:
        """The same answers, and how long they took."""
        clock = asyncio.get_running_loop().time

        async def watched(request: Request) -> Reply:
            begun = clock()
            reply = await answer(request)
            kind = type(request.what).__name__.lower()
            self._requests.labels(request.who.platform, kind, _outcome(reply)).observe(clock() - begun)
            return reply

        return watched

    @asynccontextmanager
    async def watching(self, listener: Listener) -> AsyncIterator[None]:
        """Measure, and answer whoever asks, for a while. Raises ConfigError when the listener can't listen."""
        routes = {("GET", "/healthz"): self._health, ("GET", "/readyz"): self._ready, ("GET", "/metrics"): self._show}
        errors = _Errors(self._errors)
        async with listener.hearing(routes):
            logging.getLogger().addHandler(errors)
            measuring = asyncio.ensure_future(self._measure())
            try:
                yield
            finally:
                measuring.cancel()
                logging.getLogger().removeHandler(errors)

    async def missing(self) -> dict[str, str]:
        """What keeps us from serving people, by what it is; nothing, if all is there."""
        found = {name: "not connected" for name, one in self._platforms.items() if not one.health().connected}
        try:
            async with asyncio.timeout(READY_TIME):
                await self._database.fetch("SELECT 1 AS one")
        except TimeoutError:
            found["database"] = f"no answer within {READY_TIME:g} s"
        except StoreError:  # its sentence names files and hosts, which are nobody's business
            found["database"] = "can't be used"
        return found

    async def _health(self, request: web.BaseRequest) -> web.Response:
        """Whoever gets an answer at all knows that the loop turns."""
        return web.Response(text="alive\n")

    async def _ready(self, request: web.BaseRequest) -> web.Response:
        missing = await self.missing()
        told = orjson.dumps({"ready": not missing, "missing": missing})
        return web.Response(status=503 if missing else 200, body=told, content_type="application/json")

    async def _show(self, request: web.BaseRequest) -> web.Response:
        await self._count_overdue()
        shown = generate_latest(self.registry)
        return web.Response(body=shown, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def _count_overdue(self) -> None:
        """Without an answer of the database, what was known before stays; that it fails is told by `missing`."""
        try:
            async with asyncio.timeout(READY_TIME):
                for platform in self._platforms:
                    due = await self._schedules.due(platform, self._now() - OVERDUE, PAGE)
                    self._overdue.labels(platform).set(len(due))
        except (StoreError, TimeoutError):
            return

    async def _measure(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + LAG_EVERY
            await asyncio.sleep(LAG_EVERY)
            self._lag.observe(max(clock() - due, 0))


def _outcome(reply: Reply) -> str:
    tone = reply.aside.tone if reply.aside else None
    return "refused" if tone is Tone.ADVICE else "failed" if tone is Tone.TROUBLE else "answered"


class _Errors(logging.Handler):
    """Counts what is logged as a warning or worse, where it comes from."""

    def __init__(self, errors: Counted) -> None:
        super().__init__(logging.WARNING)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        self._errors.labels(record.name, level).inc()


class _Read(Collector):
    """What others count or know, read at the moment when somebody asks."""

    def __init__(self, database: Database, platforms: Mapping[str, Platform], tally: Tally) -> None:
        self._database = database
        self._platforms = platforms
        self._tally = tally

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        families = {what: CounterMetricFamily(name, text, labels=of) for what, (name, text, of) in COUNTED.items()}
        for (what, *labels), number in self._tally.numbers.items():
            families[what].add_metric(labels, number)
        yield from families.values()
        yield from self._platform_families()
        commits: Commits = self._database.commits
        yield GaugeMetricFamily("prepdeck_commit_waiting", "Batches that wait for a commit", commits.waiting)
        yield CounterMetricFamily("prepdeck_commits", "Commits, each of all batches that waited", commits.groups)
        yield CounterMetricFamily("prepdeck_commit_batches", "Batches that were committed", commits.batches)

    def _platform_families(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        connected = GaugeMetricFamily("prepdeck_connected", "Whether the platform is connected", labels=["platform"])
        latency = GaugeMetricFamily("prepdeck_gateway_latency_seconds", "To the gateway and back", labels=["platform"])
        waits = CounterMetricFamily(
            "prepdeck_rate_limit_waits", "Messages that waited for the platform's limits", labels=["platform"]
        )
        waited = CounterMetricFamily(
            "prepdeck_rate_limit_wait_seconds", "For how long they waited, all together", labels=["platform"]
        )
        for name, platform in self._platforms.items():
            health = platform.health()
            connected.add_metric([name], health.connected)
            if isfinite(health.latency):
                latency.add_metric([name], health.latency)
            waits.add_metric([name], health.waits)
            waited.add_metric([name], health.waited)
        yield from (connected, latency, waits, waited)
