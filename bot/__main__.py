"""The command line, and the one place where everything is put together."""

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from bot import authoring, backup, operating
from bot.bank.bank import Bank
from bot.bank.loading import BankError, load, most_of
from bot.bank.search import Index, SearchError
from bot.commands import Commands, commands
from bot.config import Config, ConfigError, read_config
from bot.dispatch import Dispatch, Now
from bot.groups.battle import Battling
from bot.groups.daily import Daily
from bot.groups.digest import Digests
from bot.groups.leaderboard import Leaderboard
from bot.groups.losing import Losses
from bot.groups.posting import Posts
from bot.groups.refereeing import Referee
from bot.groups.reveals import Reveals
from bot.lane import Lane
from bot.learners.linking import Linking
from bot.learners.preferences import Preferences
from bot.learners.preparing import Preparation
from bot.learners.privacy import Privacy
from bot.learners.progress import Progress
from bot.learners.reminders import Reminders
from bot.learners.stats import Stats
from bot.learners.topics import Topics
from bot.learners.zones import Zones
from bot.limits import Limits
from bot.logs import write_logs
from bot.platforms import Answer, Platform, PlatformError
from bot.practice.answering import Answering
from bot.practice.dealing import Dealer
from bot.practice.finding import Finding
from bot.practice.mock import KIND as MOCK
from bot.practice.mock import Mock
from bot.practice.own_words import OwnWords
from bot.practice.quiz import Quiz
from bot.practice.remembering import replayed
from bot.practice.review import KIND as REVIEW
from bot.practice.review import Reviewing
from bot.practice.verdicts import Verdicts
from bot.retention import Retention
from bot.store.database import Database, StoreError
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Store

if TYPE_CHECKING:
    from bot.listening import Listener

logger = logging.getLogger("bot")

DEFAULT_CONFIG = Path("bot.toml")
SOONER = {"battle_due": 0.2}  # seconds between two looks for what people sit and wait for; else it is one
FINISH_TIME = 5.0  # seconds that posts on their way get at the end


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        named = getattr(options, "config", None)  # given before or after the verb, or not at all
        config = read_config(named or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None), os.environ)
        write_logs(config)
        return int(options.run(config, options))
    except (ConfigError, BankError, SearchError, StoreError) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read our output has left, which is no reason to complain
        _silence()
        return 0
    except OSError as error:
        print(f"The output can't be written: {error.strerror}.", file=sys.stderr)
        _silence()
        return 1


def _silence() -> None:
    """Write nothing more to an output that takes nothing, not even what is left at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="default: bot.toml")
    parser = argparse.ArgumentParser(prog="python -m bot", description="Interview practice.", parents=[shared])
    parser.set_defaults(run=_run)
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, function, summary in (
        ("run", _run, "serve every platform that has a token; without one, the terminal (the default)"),
        ("console", _console, "practise in the terminal"),
        ("check", _check, "check configuration, questions and database"),
        ("migrate", _migrate, "bring the database up to date"),
    ):
        verbs.add_parser(name, help=summary, description=summary, parents=[shared]).set_defaults(run=function)
    authoring.add_verbs(verbs, shared)
    operating.add_verbs(verbs, shared)
    backup.add_verbs(verbs, shared)
    return parser


# Serving


def _run(config: Config, options: argparse.Namespace) -> int:
    return asyncio.run(_serve(config, served(config) or ["console"]))


def served(config: Config) -> list[str]:
    """The platforms that have a token. Raises ConfigError for one that can't be served."""
    if config.telegram.webhook_url and not config.monitor.listen:
        raise ConfigError("telegram.webhook_url is set, but not where to listen for it; set monitor.listen")
    tokens = {"discord": config.discord.token, "telegram": config.telegram.token}
    return [name for name, token in tokens.items() if token.get_secret_value()]


def _console(config: Config, options: argparse.Namespace) -> int:
    return asyncio.run(_serve(config, ["console"]))


async def _serve(config: Config, names: Sequence[str]) -> int:
    """Platforms over one store, until all have ended or a signal ends them."""
    bank = usable_bank(config.questions)
    database = await open_database(config)
    try:
        store = Store(database)
        made = core(config, bank, store, utc_now, SystemRandom())
        limits = Limits(made.dispatch.answer, made.commands, made.lane.tally)
        answer: Answer = (
            made.dispatch.answer if names == ["console"] else limits.answer
        )  # who is alone there hinders nobody
        async with _monitored(config, database, store, made, answer) as (answer, listener):
            for name in names:
                adapter = import_module(f"adapters.{name}")
                made.lane.platforms[name] = adapter.connect(config, answer, made.commands, store.memory, listener)
            return await _serve_all(config, store, made.lane)
    finally:
        await database.close()


@asynccontextmanager
async def _monitored(
    config: Config, database: Database, store: Store, made: "Core", answer: Answer
) -> AsyncIterator[tuple[Answer, "Listener | None"]]:
    """What answers, watched, and where platforms may listen: there, if it is configured, we tell how we are doing."""
    if not config.monitor.listen:
        yield answer, None
        return
    from bot.listening import Listener  # an HTTP server, which the terminal need not wait for
    from bot.monitor import Monitor

    listener = Listener(config.monitor.listen)
    monitor = Monitor(database, store.schedules, made.lane.platforms, made.lane.tally, utc_now)
    async with monitor.watching(listener):
        yield monitor.watched(answer), listener


async def _serve_all(config: Config, store: Store, lane: Lane) -> int:
    """The platforms of a lane, until all have ended or a signal ends them."""
    gc.freeze()  # the bank and the libraries stay; looking through them again and again costs a tenth of a press
    gc.set_threshold(20_000, 20, 100)
    serving = asyncio.gather(*(_served(platform) for platform in lane.platforms.values()))
    ended = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(ending, ended.set)
    told = asyncio.ensure_future(ended.wait())
    retention = Retention(store, ZoneInfo(config.timezone), config.privacy.keep_days, utc_now)
    ticking = _tick(lane, retention.tidy)
    try:
        either: set[asyncio.Future[Any]] = {serving, told}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        ticking.shutdown(wait=False)
        with suppress(TimeoutError):  # posts on their way need their platform
            await asyncio.wait_for(lane.finish(), FINISH_TIME)
        serving.cancel()
        await asyncio.wait({serving})
    try:
        return max(serving.result())
    except asyncio.CancelledError:
        return 0


def _tick(lane: Lane, tidy: Callable[[], Awaitable[None]]) -> Any:
    """Look every second for what is due, and every minute for what is old.

    Rows say what that is: a tick that comes late, or never, loses nothing.
    """
    from apscheduler.schedulers.asyncio import AsyncIOScheduler  # a tenth of a second, which other verbs need not wait

    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # that a tick still runs is nothing to warn of

    away = False

    async def looked(look: Callable[..., Awaitable[None]], *platform: str) -> None:
        nonlocal away
        try:
            await look(*platform)
            away = False
        except asyncio.CancelledError:  # at the end; the scheduler would log it as a failure
            pass
        except StoreError as error:  # told once, not every second
            if not away:
                logger.error("%s What is due waits for it.", error)
            away = True

    scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    for name in lane.platforms:
        for look in lane.due:
            scheduler.add_job(looked, "interval", (look, name), seconds=SOONER.get(look.__name__, 1.0))
    scheduler.add_job(looked, "interval", (tidy,), minutes=1)
    scheduler.start()
    return scheduler


async def _served(platform: Platform) -> int:
    """One platform's exit code. One that fails says why, and the others go on."""
    try:
        return await platform.run()
    except PlatformError as error:
        logger.error("%s", error)
        return 1
    except OSError:  # the terminal can't be written; see `main`
        raise
    except Exception:
        logger.exception("%s failed", type(platform).__name__)
        return 1


def utc_now() -> datetime:
    return datetime.now(UTC)


class Core(NamedTuple):
    commands: Commands
    dispatch: Dispatch
    lane: Lane


def core(config: Config, bank: Bank, store: Store, now: Now, random: Random) -> Core:
    """The table of commands over a bank and a store, what answers requests with it, and what happens by itself."""
    zones = Zones(ZoneInfo(config.timezone))
    dealer = Dealer(bank, store, random)
    lane = Lane()
    losses = Losses(store, lane)
    posts = Posts(store, dealer, lane, losses, now)
    reveals, reminders = Reveals(store, dealer, lane, now), Reminders(store, zones, lane, now)
    digests = Digests(bank, store, zones, lane, losses, now)
    lane.due = (
        posts.post_due,
        reveals.reveal_due,
        reveals.count_answers,
        digests.digest_due,
        reminders.remind_due,
    )
    daily = Daily(bank, store, dealer, zones, lane, posts, now)
    answering = Answering(store, dealer, zones, now, reveals.answered, lane.tally)
    verdicts = Verdicts(bank)
    quiz, own_words = Quiz(bank, store, dealer, answering, verdicts), OwnWords(store, answering, verdicts)
    finding = Finding(bank, Index(bank.entries), dealer, now)
    preparation = Preparation(bank, store, zones, now)
    reviewing = Reviewing(bank, store, dealer, zones, preparation, now)
    mock = Mock(bank, store, dealer, zones, lane, answering, verdicts, random)
    quiz.follow[REVIEW], quiz.follow[MOCK] = reviewing.follow, mock.follow
    lane.due = (*lane.due, mock.nudge_due)
    referee = Referee(bank, store, dealer, zones, lane, now, random)
    battling = Battling(bank, store, lane, referee, now)
    lane.due = (*lane.due, referee.battle_due, referee.battle_counts, referee.battle_answers)
    leaderboard = Leaderboard(bank, store, zones, now)
    progress, preferences = Progress(bank, store, zones, now), Preferences(store, zones, preparation, now)
    topics = Topics(bank, store, now)
    stats = Stats(bank, store, zones, preparation, now)
    linking = Linking(store, zones, lane, replayed, now)
    privacy = Privacy(store, config.privacy.keep_days, config.privacy.backup_days, now)
    table = commands(
        bank,
        quiz,
        finding,
        own_words,
        reviewing,
        mock,
        daily,
        battling,
        leaderboard,
        progress,
        topics,
        stats,
        preferences,
        linking,
        privacy,
    )
    return Core(table, Dispatch(store, table, now), lane)


def usable_bank(places: Sequence[str]) -> Bank:
    """The questions, if all of them are in order. Raises BankError."""
    loaded = load(places)
    if loaded.findings:
        raise BankError(loaded.findings)
    return Bank(loaded.topics)


async def open_store(config: Config) -> Store:
    """What is kept in the database, which is brought up to date. Raises StoreError."""
    return Store(await open_database(config))


async def open_database(config: Config) -> Database:
    """The database, brought up to date. Raises StoreError."""
    database = await connect(config.database)
    try:
        await migrate(database)
    except BaseException:
        await database.close()
        raise
    return database


# Looking after it


def _migrate(config: Config, options: argparse.Namespace) -> int:
    async def migrated() -> int:
        database = await connect(config.database)
        try:
            return await migrate(database)
        finally:
            await database.close()

    done = asyncio.run(migrated())
    print(f"{done} migrations carried out." if done else "The database is up to date.")
    return 0


def _check(config: Config, options: argparse.Namespace) -> int:
    findings: list[tuple[str, str]] = []
    try:
        served(config)
        findings.append(("configuration", ""))
    except ConfigError as error:
        findings.append(("configuration", str(error)))
    loaded = load(config.questions)
    findings.extend(("questions", str(finding)) for finding in most_of(loaded.findings))
    if not loaded.findings:
        findings.append(("questions", ""))
    try:
        asyncio.run(_opened_and_closed(config))
        findings.append(("database", ""))
    except StoreError as error:
        findings.append(("database", str(error)))
    for what, trouble in findings:
        print(f"{what:15} {trouble or 'in order'}")
    return int(any(trouble for _, trouble in findings))


async def _opened_and_closed(config: Config) -> None:
    await (await open_store(config)).close()


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if stream:  # a closed one is None
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(main())
