"""The real thing, nearby: every test of the store runs on SQLite and on PostgreSQL."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import discord
import pytest
from hypothesis import settings

from adapters.telegram import delivery, pacing, serving
from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.store.database import Database
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Store
from tests.loopback_discord import LoopbackDiscord
from tests.loopback_telegram import LoopbackTelegram
from tests.people import Clock, Conversation
from tests.samples import bank_of, question

settings.register_profile("prepdeck", deadline=None)  # how fast a machine is decides no test
settings.load_profile("prepdeck")

POSTGRES = os.environ.get("PREPDECK_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
LONG = (
    "test_adapter_contract",
    "test_battle",
    "test_daily",
    "test_digest",
    "test_linking",
    "test_mock",
    "test_privacy",
    "test_retention",
    "test_review",
)
HOW = "set PREPDECK_TEST_POSTGRES=postgresql://user@host/database to a server on which schemas may be made"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long conversations are held on SQLite every time, and on PostgreSQL too where there is time for it."""
    for item in items:
        if item.path.stem in LONG and "postgres" in item.name:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of a PostgreSQL server, found once."""
    import asyncio

    import asyncpg

    async def reach() -> None:
        await (await asyncpg.connect(POSTGRES, timeout=5)).close()

    try:
        asyncio.run(reach())
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        if os.environ.get("PREPDECK_REQUIRE_POSTGRES"):
            pytest.fail(f"no PostgreSQL at {POSTGRES}: {error}")
        pytest.skip(f"no PostgreSQL at {POSTGRES}; {HOW}")
    return POSTGRES


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """A PostgreSQL database with nothing in it: a schema of its own."""
    import asyncpg

    schema = f"test_{Random().randrange(10**12)}"
    connection = await asyncpg.connect(postgres_server)
    await connection.execute(f"CREATE SCHEMA {schema}")
    yield f"{postgres_server}?search_path={schema}&synchronous_commit=off"  # no server dies here
    await connection.execute("SET client_min_messages TO warning")
    await connection.execute(f"DROP SCHEMA {schema} CASCADE")
    await connection.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'prepdeck.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


async def opened(url: str) -> AsyncIterator[Database]:
    database = await connect(url)
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async for database in opened(url):
        yield database


@pytest.fixture
async def store(database: Database) -> Store:
    return Store(database)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bank() -> Bank:
    """Five questions: three with choices and priority, two flash cards; two sections."""
    return bank_of(
        question("one", priority=True, section="basics", level="junior"),
        question("two", priority=True, section="basics", level="mid"),
        question("three", priority=True, section="contexts", level="senior"),
        question("four", choices=0, section="contexts"),
        question("five", choices=0, section="contexts"),
    )


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncIterator[Store]:
    async for database in opened(sqlite_url):
        yield Store(database)


@pytest.fixture
def conversation(bank: Bank, sqlite_store: Store, clock: Clock) -> Conversation:
    """The whole core over a real database: requests in, replies out."""
    table, dispatch, _ = core(Config(), bank, sqlite_store, clock, Random(1))
    return Conversation(dispatch.answer, table)


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoopbackTelegram]:
    """A Bot API on loopback, and nobody who waits until the next message may be sent to it."""
    for name in ("SECOND", "MINUTE", "POST_INTERVAL"):
        monkeypatch.setattr(pacing, name, 0.0)
    monkeypatch.setattr(delivery, "RETRY_WAIT", 0.0)
    monkeypatch.setattr(serving, "WELCOME_AFTER", 0.0)
    running = LoopbackTelegram()
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoopbackDiscord]:
    """A Discord on loopback. What `connect` changes for the whole process is put back."""
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    gateway = discord.gateway.DiscordWebSocket
    monkeypatch.setattr(gateway, "DEFAULT_GATEWAY", gateway.DEFAULT_GATEWAY)
    running = LoopbackDiscord()
    await running.start()
    yield running
    await running.stop()
