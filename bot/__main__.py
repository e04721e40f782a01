"""The command line, and the one place where everything is put together."""

import argparse
import asyncio
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from random import Random, SystemRandom
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.bank.bank import Bank
from bot.bank.linting import lint
from bot.bank.loading import BankError, load
from bot.bank.model import SectionFile
from bot.commands import Commands, commands
from bot.config import Config, ConfigError, read_config
from bot.dispatch import Dispatch, Now
from bot.groups.daily import Daily
from bot.groups.leaderboard import Leaderboard
from bot.learners.preferences import Preferences
from bot.learners.progress import Progress
from bot.learners.stats import Stats
from bot.learners.zones import Zones
from bot.platforms import Platform, PlatformError
from bot.practice.dealing import Dealer
from bot.practice.quiz import Quiz
from bot.store.database import StoreError
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Store

logger = logging.getLogger("bot")

DEFAULT_CONFIG = Path("bot.toml")
FINISH_TIME = 5.0  # seconds that posts on their way get at the end


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        named = getattr(options, "config", None)  # given before or after the verb, or not at all
        config = read_config(named or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None), os.environ)
        logging.basicConfig(level=config.monitor.log.upper())
        for handler in logging.getLogger().handlers:
            handler.setFormatter(_Formatter(config))
        return int(options.run(config, options))
    except (ConfigError, BankError, StoreError) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read our output has left, which is no reason to complain
        _silence()
        return 0
    except OSError as error:
        print(f"The output can't be written: {error.strerror}.", file=sys.stderr)
        _silence()
        return 1


class _Formatter(logging.Formatter):
    """Log lines, tracebacks too, without a token in them: Telegram's is part of every address that is asked."""

    def __init__(self, config: Config) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        tokens = (config.discord.token, config.telegram.token)
        self._secrets = [token.get_secret_value() for token in tokens if token.get_secret_value()]

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, "[token]")
        return line


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
    bank = verbs.add_parser("bank", help="work on question banks", parents=[shared])
    works = bank.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, function, summary in (
        ("lint", _lint, "say by file and line what is wrong with the questions"),
        ("list", _list, "list topics, sections and questions"),
        ("schema", _schema, "print the JSON Schema of a questions file, for editors"),
    ):
        work = works.add_parser(name, help=summary, description=summary, parents=[shared])
        work.set_defaults(run=function)
        if function is not _schema:
            work.add_argument("places", nargs="*", metavar="PLACE", help="files or folders; default: the configured")
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
    store = await open_store(config)
    try:
        made = core(config, bank, store, utc_now, SystemRandom())
        for name in names:
            adapter = import_module(f"adapters.{name}")
            made.daily.platforms[name] = adapter.connect(config, made.dispatch.answer, made.commands, store)
        gc.freeze()  # the bank and the libraries stay; looking through them again and again costs a tenth of a press
        gc.set_threshold(20_000, 20, 100)
        serving = asyncio.gather(*(_served(platform) for platform in made.daily.platforms.values()))
        ended = asyncio.Event()
        for ending in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):  # Windows
                asyncio.get_running_loop().add_signal_handler(ending, ended.set)
        told = asyncio.ensure_future(ended.wait())
        ticking = _tick(made.daily)
        try:
            either: set[asyncio.Future[Any]] = {serving, told}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
            ticking.shutdown(wait=False)
            with suppress(TimeoutError):  # posts on their way need their platform
                await asyncio.wait_for(made.daily.finish(), FINISH_TIME)
            serving.cancel()
            await asyncio.wait({serving})
        try:
            return max(serving.result())
        except asyncio.CancelledError:
            return 0
    finally:
        await store.close()


def _tick(daily: Daily) -> Any:
    """Look every second for what is due. Rows say what that is: a tick that comes late, or never, loses nothing."""
    from apscheduler.schedulers.asyncio import AsyncIOScheduler  # a tenth of a second, which other verbs need not wait

    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # that a tick still runs is nothing to warn of
    scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    for name in daily.platforms:
        for due in (daily.post_due, daily.reveal_due, daily.count_answers, daily.remind_due):
            scheduler.add_job(due, "interval", (name,), seconds=1)
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
    daily: Daily


def core(config: Config, bank: Bank, store: Store, now: Now, random: Random) -> Core:
    """The table of commands over a bank and a store, what answers requests with it, and what happens by itself."""
    zones = Zones(ZoneInfo(config.timezone))
    dealer = Dealer(bank, store, random)
    daily = Daily(bank, store, dealer, zones, now)
    quiz = Quiz(bank, store, dealer, zones, now, daily.answered)
    leaderboard = Leaderboard(bank, store, zones, now)
    progress, preferences = Progress(bank, store, zones, now), Preferences(store, zones, now)
    stats = Stats(bank, store, zones, now)
    table = commands(bank, quiz, daily, leaderboard, progress, stats, preferences)
    return Core(table, Dispatch(store, table, now), daily)


def usable_bank(places: Sequence[str]) -> Bank:
    """The questions, if all of them are in order. Raises BankError."""
    loaded = load(places)
    if loaded.findings:
        raise BankError(loaded.findings)
    return Bank(loaded.topics)


async def open_store(config: Config) -> Store:
    """The database, brought up to date. Raises StoreError."""
    database = await connect(config.database)
    try:
        await migrate(database)
    except BaseException:
        await database.close()
        raise
    return Store(database)


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
    findings.extend(("questions", str(finding)) for finding in loaded.findings)
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


def _lint(config: Config, options: argparse.Namespace) -> int:
    """What is wrong with all questions; of those, what stands in the places that were named."""
    configured = [Path(place).resolve() for place in config.questions]
    named = [Path(place).resolve() for place in options.places]
    inside = named and all(any(place.is_relative_to(root) for root in configured) for place in named)
    findings = lint(load(config.questions if inside or not named else options.places))
    shown = [one for one in findings if not inside or any(Path(one.file).resolve().is_relative_to(p) for p in named)]
    for finding in shown:
        print(finding)
    return int(bool(shown))


def _list(config: Config, options: argparse.Namespace) -> int:
    loaded = load(options.places or config.questions)
    for topic in loaded.topics:
        print(f"{topic.id}: {topic.title}, {sum(1 for _ in topic.questions)} questions")
        for section in topic.sections:
            print(f"  {section.id}: {section.title}, {len(section.questions)} questions")
            for question in section.questions:
                marks = f"{question.level}{', priority' if question.priority else ''}"
                print(f"    {question.id} ({marks}): {question.question}")
    for finding in loaded.findings:
        print(finding, file=sys.stderr)
    return int(bool(loaded.findings))


def _schema(config: Config, options: argparse.Namespace) -> int:
    print(schema_text(), end="")
    return 0


def schema_text() -> str:
    """The JSON Schema of a questions file. Topic, section and title are optional there: its place names them."""
    schema = SectionFile.model_json_schema()
    schema["required"] = ["questions"]
    points = schema["$defs"]["Question"]["properties"]["key_points"]
    points["items"] = {"anyOf": [{"type": "string"}, points["items"]]}  # a bare string is a point too
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if stream:  # a closed one is None
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(main())
