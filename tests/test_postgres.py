"""What can happen on the way to PostgreSQL: cut, terminated, refused, locked; and many writes in one transaction."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.messages import Person
from bot.store import postgres
from bot.store.copying import tables
from bot.store.database import ConflictError, Database, Statement, StoreError
from bot.store.drivers import connect
from bot.store.postgres import PostgresDatabase
from bot.store.schema import migrate, migrations
from bot.store.store import Answer, Deal, Review, Store, new_id
from tests.loopback_postgres import CUT, HOLD, LOSE, PASS, Refusing, Wire
from tests.people import GROUP, Clock
from tests.samples import ledger

ROOT = Path(__file__).parent.parent
CREATE = "CREATE TABLE t (k TEXT PRIMARY KEY, n BIGINT NOT NULL)"
ADD = Statement("UPDATE t SET n = n + 1 WHERE k = 'a' RETURNING n")
TOTAL = "SELECT n FROM t WHERE k = 'a'"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """A database without any tables, on which those of a test may be made."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def wire(postgres_url: str) -> AsyncIterator[Wire]:
    wire = Wire(postgres_url)
    yield wire
    await wire.stop()


@pytest.fixture
async def counting(wire: Wire) -> AsyncIterator[Database]:
    """A database behind the wire, with a row that counts."""
    database = await connect(await wire.start())
    await database.write([Statement(CREATE)])
    await database.write([Statement("INSERT INTO t (k, n) VALUES ('a', 0)")])
    yield database
    await database.close()


def first(word: bytes, fate: str) -> Callable[[bytes], str]:
    """This fate for the first piece with the word."""
    left = [fate]
    return lambda piece: left.pop() if left and word in piece else PASS


# Cut connections


@pytest.mark.parametrize("word", [b"BEGIN", b"SET n = n + 1", b"last_write", b"COMMIT\0"])
@pytest.mark.parametrize("fate", [CUT, LOSE])
async def test_a_write_whose_connection_is_cut_at_any_moment_is_done_once(
    counting: Database, wire: Wire, word: bytes, fate: str
) -> None:
    wire.fate = first(word, fate)
    (rows,) = await counting.write([ADD])
    assert [row["n"] for row in rows] == [1]
    assert [row["n"] for row in await counting.fetch(TOTAL)] == [1]


async def test_a_commit_that_arrives_after_its_client_has_asked_what_became_of_it_is_not_done_again(
    counting: Database, wire: Wire, postgres_url: str
) -> None:
    wire.fate = first(b"COMMIT\0", HOLD)
    watching = await asyncpg.connect(postgres_url)
    writing = asyncio.ensure_future(counting.write([ADD]))
    waiting = """
        SELECT 1 FROM pg_locks AS one JOIN pg_locks AS wanted USING (pid)
        WHERE NOT one.granted AND wanted.relation = 'last_write'::regclass
    """
    while not await watching.fetch(waiting):
        assert not writing.done()
    await wire.release()
    (rows,) = await writing
    assert [row["n"] for row in rows] == [1]
    assert [row["n"] for row in await counting.fetch(TOTAL)] == [1]
    await watching.close()


async def test_a_read_whose_connection_is_cut_is_done_again(counting: Database, wire: Wire) -> None:
    for fate in (CUT, LOSE):
        wire.fate = first(b"SELECT n FROM t", fate)
        assert [row["n"] for row in await counting.fetch(TOTAL)] == [0]
        await counting.fetch("SELECT 1 AS other")


async def test_whoever_is_cancelled_while_a_connection_is_made_leaves_none_open(
    counting: Database, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()
    connect, made = asyncpg.connect, []

    def seen(piece: bytes) -> str:
        if b"SET statement_timeout" in piece:
            asked.set()
        return PASS

    async def kept(*where: Any, **how: Any) -> Any:
        made.append(await connect(*where, **how))
        return made[-1]

    monkeypatch.setattr(asyncpg, "connect", kept)
    wire.fate = seen
    wire.cut()
    reading = asyncio.create_task(counting.fetch(TOTAL))
    await asked.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert made
    assert all(connection.is_closed() for connection in made)


async def test_a_server_that_comes_back_in_time_was_never_away(counting: Database, wire: Wire) -> None:
    await counting.fetch(TOTAL)
    wire.refuse = 3
    wire.cut()
    await asyncio.gather(*(counting.write([ADD]) for _ in range(10)))
    wire.refuse = 2
    wire.cut()
    assert [row["n"] for row in await counting.fetch(TOTAL)] == [10]


async def test_a_server_that_stays_away_is_told_in_a_sentence_and_works_again_when_it_is_back(
    counting: Database, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "PATIENCE", 0.1)
    wire.refuse = 1000
    wire.cut()
    results = await asyncio.gather(counting.fetch(TOTAL), counting.write([ADD]), return_exceptions=True)
    assert ["can't be reached" in str(result) for result in results] == [True, True]
    assert all(isinstance(result, StoreError) for result in results)
    wire.refuse = 0
    (rows,) = await counting.write([ADD])
    assert [row["n"] for row in rows] == [1]


async def test_what_nobody_can_know_is_said_to_be_unknown(
    counting: Database, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "PATIENCE", 0.1)

    def fate(piece: bytes) -> str:
        if b"COMMIT\0" not in piece:
            return PASS
        wire.refuse = 1000
        asyncio.get_running_loop().call_soon(wire.cut)
        return CUT

    wire.fate = fate
    with pytest.raises(StoreError, match="whether the last changes were kept is not known"):
        await counting.write([ADD])


async def answered_once(store: Store, clock: Clock, number: int, each: Callable[[], None]) -> None:
    """Many answers of a few learners, many at once: none fails, and each is there once with what follows from it."""
    learners = [await store.learner(Person("test", str(n)), clock()) for n in range(5)]
    room = await store.room(GROUP, clock())
    review = Review(2, None, 3.5, 5.25, clock() + timedelta(1), clock())
    waiting = asyncio.Semaphore(20)
    day = clock().date()

    async def answer(n: int) -> None:
        async with waiting:
            learner = learners[n % 5]
            deal = Deal(new_id(11), learner.id, n, room, f"flask/q{n}", "choice", "01", "////", clock())
            assert await store.deal(deal)
            one = await store.dealt(deal.id, learner)
            assert one
            given, books = Answer("0", "right"), ledger(day, "server")
            kept, _ = await store.answer(one, learner, given, review, day, books, clock(), worth=lambda before: 1)
            assert kept
            each()

    await asyncio.gather(*(answer(n) for n in range(number)))
    for learner in learners:
        assert await store.points(learner) == number / 5
        assert len(await store.reviewed(learner)) == number / 5


@pytest.mark.parametrize("seed", range(2))
async def test_connections_that_are_cut_all_the_time_lose_no_answer_and_double_none(
    wire: Wire, clock: Clock, seed: int
) -> None:
    url = await wire.start()
    database = await connect(url)
    await migrate(database)
    random, cuts = Random(seed), []

    def fate(piece: bytes) -> str:
        fate = random.choice((CUT, LOSE)) if random.random() < 0.01 else PASS
        cuts.extend([fate] * (fate != PASS))
        return fate

    wire.fate = fate
    await answered_once(Store(database), clock, 200, lambda: None)
    (facts,) = await database.fetch("SELECT count(*) AS answers FROM answer")
    assert facts["answers"] == 200
    assert cuts
    wire.fate = lambda piece: PASS
    await database.close()


async def test_backends_that_are_terminated_all_the_time_lose_no_answer_and_double_none(
    postgres_url: str, clock: Clock
) -> None:
    name = f"prepdeck_{Random().randrange(10**9)}"
    database = await connect(f"{postgres_url}&application_name={name}")
    await migrate(database)
    executioner = await asyncpg.connect(postgres_url)
    kept, killing, killed = [0], set(), []

    async def kill() -> None:
        sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"
        killed.extend(await executioner.fetch(sql, name))

    def each() -> None:
        kept[0] += 1
        if kept[0] % 40 == 0 and not any(not one.done() for one in killing):
            killing.add(asyncio.ensure_future(kill()))

    await answered_once(Store(database), clock, 200, each)
    await asyncio.gather(*killing)
    (facts,) = await database.fetch("SELECT count(*) AS answers FROM answer")
    assert facts["answers"] == 200
    assert len(killed) > 3
    await database.close()
    await executioner.close()


# Transactions that the server undoes


async def test_a_serialisation_failure_is_tried_again(postgres_url: str) -> None:
    database = await connect(postgres_url)
    await database.write([Statement(CREATE)])
    await database.write([Statement("INSERT INTO t (k, n) VALUES ('a', 0)")])
    for statement in (
        "CREATE SEQUENCE tries",
        """
        CREATE FUNCTION unlucky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('tries') < 4 THEN RAISE EXCEPTION USING ERRCODE = '40001'; END IF;
            RETURN NEW;
        END $$
        """,
        "CREATE TRIGGER unlucky BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION unlucky()",
    ):
        await database.write([Statement(statement)])
    (rows,) = await database.write([ADD])
    assert [row["n"] for row in rows] == [1]
    await database.close()


async def test_the_victim_of_a_deadlock_is_tried_again(postgres_url: str) -> None:
    database, other = await connect(postgres_url), await asyncpg.connect(postgres_url)
    await database.write([Statement(CREATE)])
    await database.write([Statement("INSERT INTO t (k, n) VALUES ('a', 0), ('b', 0)")])
    await other.execute("SET deadlock_timeout = '1min'")  # the victim is not this one
    await other.execute("BEGIN; UPDATE t SET n = n + 10 WHERE k = 'b'")
    writing = asyncio.ensure_future(database.write([ADD, Statement("UPDATE t SET n = n + 1 WHERE k = 'b'")]))
    # Whether it holds the first row is seen by whoever does not wait for it.
    while await other.fetch("SELECT 1 FROM t WHERE k = 'a' FOR UPDATE SKIP LOCKED"):
        await other.execute("ROLLBACK; BEGIN; UPDATE t SET n = n + 10 WHERE k = 'b'")
    await other.execute("UPDATE t SET n = n + 10 WHERE k = 'a'")
    await other.execute("COMMIT")
    await writing
    assert [row["n"] for row in await database.fetch("SELECT n FROM t ORDER BY k")] == [11, 11]
    await other.close()
    await database.close()


async def test_a_row_that_another_program_locks_fails_only_those_who_need_it(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_BEGIN", postgres._BEGIN.replace(f"'{postgres.ROW_TIMEOUT}s'", "'100ms'"))
    database, other = await connect(postgres_url), await asyncpg.connect(postgres_url)
    await database.write([Statement(CREATE)])
    await database.write([Statement("INSERT INTO t (k, n) VALUES ('a', 0), ('b', 0)")])
    await other.execute("BEGIN; UPDATE t SET n = n + 10 WHERE k = 'a'")
    free = Statement("UPDATE t SET n = n + 1 WHERE k = 'b'")
    results = await asyncio.gather(
        database.write([free]), database.write([ADD]), database.write([free]), return_exceptions=True
    )
    assert [isinstance(result, StoreError) for result in results] == [False, True, False]
    assert "is locked by another program" in str(results[1])
    await other.execute("ROLLBACK")
    assert [row["n"] for row in await database.fetch("SELECT n FROM t ORDER BY k")] == [0, 2]
    await other.close()
    await database.close()


# Many writes in one transaction: on both databases


BATCHES = st.lists(
    st.lists(st.tuples(st.just("add"), st.just("")) | st.tuples(st.just("take"), st.sampled_from("bcdef")), max_size=4),
    min_size=1,
    max_size=12,
)


def batch_of(steps: list[tuple[str, str]]) -> list[Statement]:
    take = "INSERT INTO t (k, n) VALUES (:k, 1) RETURNING k, n"
    return [ADD if step == "add" else Statement(take, {"k": key}) for step, key in steps]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BATCHES)
async def test_batches_that_come_at_once_do_all_or_nothing_each_for_itself(
    database: Database, batches: list[list[tuple[str, str]]]
) -> None:
    await database.write([Statement("CREATE TABLE IF NOT EXISTS t (k TEXT PRIMARY KEY, n BIGINT NOT NULL)")])
    await database.write([Statement("DELETE FROM t"), Statement("INSERT INTO t (k, n) VALUES ('a', 0)")])
    results = await asyncio.gather(*(database.write(batch_of(one)) for one in batches), return_exceptions=True)
    done = [(one, result) for one, result in zip(batches, results, strict=True) if isinstance(result, list)]
    assert all(isinstance(result, list | ConflictError) for result in results)
    assert all(len(one) == len(result) for one, result in done)
    adds = sorted(
        rows[0]["n"] for one, result in done for (step, _), rows in zip(one, result, strict=True) if step == "add"
    )
    assert adds == list(range(1, len(adds) + 1))
    taken = sorted(key for one, _ in done for step, key in one if step == "take")
    rows = await database.fetch("SELECT k, n FROM t ORDER BY k")
    assert [(row["k"], row["n"]) for row in rows] == [("a", len(adds)), *((key, 1) for key in taken)]
    refused = [
        {key for step, key in one if step == "take"}
        for one, result in zip(batches, results, strict=True)
        if isinstance(result, Exception)
    ]
    assert all(keys for keys in refused)


async def test_a_batch_returns_the_same_rows_however_often_it_comes(database: Database) -> None:
    await database.write([Statement("CREATE TABLE v (id TEXT, big BIGINT, share DOUBLE PRECISION, yes BOOLEAN)")])
    values = {"id": 'naïve "quotes" \'\\ 🂡 $batch$', "big": 2**63 - 1, "share": 0.1 + 0.2, "yes": True}
    nothing = dict.fromkeys(values) | {"id": "none"}
    insert = "INSERT INTO v (id, big, share, yes) VALUES (:id, :big, :share, :yes) RETURNING id, big, share, yes"
    batch = [
        *(Statement(insert, one) for one in (values, nothing)),
        Statement("DELETE FROM v WHERE id = :id", nothing),
        Statement("DELETE FROM v WHERE id = :id RETURNING id", {"id": "nobody"}),
    ]
    for _ in range(4):
        first, second, *others = await database.write(batch)
        assert [dict(row) for row in first] == [values]
        assert [dict(row) for row in second] == [nothing]
        assert [list(rows) for rows in others] == [[], []]
    (row,) = await database.fetch("SELECT count(*) AS n FROM v")
    assert row["n"] == 4


async def test_a_batch_of_very_many_statements_or_values_comes_as_often_as_it_likes(database: Database) -> None:
    await database.write([Statement("CREATE TABLE v (x BIGINT)")])
    values = {f"x{n}": n for n in range(150)}
    wide = Statement(f"INSERT INTO v (x) VALUES {', '.join(f'(:{name})' for name in values)}", values)
    long = [Statement("INSERT INTO v (x) VALUES (1)")] * 150
    for _ in range(3):
        await database.write([wide])
        await database.write(long)
    assert (await database.fetch("SELECT count(*) AS n FROM v"))[0]["n"] == 900


async def test_several_processes_share_a_database_and_no_write_of_any_is_lost(postgres_url: str) -> None:
    databases = [await connect(postgres_url) for _ in range(3)]
    await databases[0].write([Statement(CREATE)])
    await databases[0].write([Statement("INSERT INTO t (k, n) VALUES ('a', 0)")])
    await asyncio.gather(*(databases[n % 3].write([ADD]) for n in range(300)))
    assert [row["n"] for row in await databases[1].fetch(TOTAL)] == [300]
    for database in databases:
        await database.close()


async def test_processes_that_change_the_same_rows_in_opposite_order_are_not_in_each_others_way(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "PATIENCE", 0)  # nothing is tried again: a deadlock would be told
    databases, other = [await connect(postgres_url) for _ in range(2)], await asyncpg.connect(postgres_url)
    await databases[0].write([Statement("CREATE TABLE t (k BIGINT PRIMARY KEY, n BIGINT NOT NULL)")])
    await databases[0].write([Statement("INSERT INTO t (k, n) VALUES (:k, 0)", {"k": k}) for k in range(3)])
    pids = [(await one.write([Statement("SELECT pg_backend_pid() AS pid")]))[0][0]["pid"] for one in databases]
    await other.execute("BEGIN; UPDATE t SET n = n + 1 WHERE k = 1")  # until both are in the middle
    add = "UPDATE t SET n = n + 1 WHERE k = :k"
    there = [databases[0].write([Statement(add, {"k": k})]) for k in (0, 1, 2)]
    back = [databases[1].write([Statement(add, {"k": k})]) for k in (2, 1, 0)]
    writing = asyncio.gather(*there, *back)
    waiting = "SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND pid = ANY($1)"
    while len(await other.fetch(waiting, pids)) < 2:
        assert not writing.done()
    await other.execute("COMMIT")
    await writing
    assert [row["n"] for row in await databases[0].fetch("SELECT n FROM t ORDER BY k")] == [2, 3, 2]
    await other.close()
    for database in databases:
        await database.close()


async def test_closing_finishes_what_was_handed_over_even_if_nobody_waits_any_more(postgres_url: str) -> None:
    database = await connect(postgres_url)
    await database.write([Statement("CREATE TABLE t (x BIGINT)")])
    writing = [
        asyncio.ensure_future(database.write([Statement("INSERT INTO t VALUES (:n)", {"n": n})])) for n in range(50)
    ]
    await asyncio.sleep(0)  # each is handed over now, and none is committed
    for one in writing[:25]:
        one.cancel()
    await database.close()
    await asyncio.gather(*writing, return_exceptions=True)
    for late in (database.write([Statement("SELECT 1")]), database.fetch("SELECT 1")):
        with pytest.raises(StoreError, match="is closed"):
            await late
    again = await connect(postgres_url)
    assert (await again.fetch("SELECT count(*) AS n FROM t"))[0]["n"] == 50
    await again.close()


@pytest.mark.parametrize("times", [1, postgres.ARGUMENTS + 1])
async def test_a_table_that_changes_under_a_running_process_does_not_trouble_it(postgres_url: str, times: int) -> None:
    database, newer = await connect(postgres_url), await connect(postgres_url)
    await database.write([Statement(CREATE)])
    await database.write([Statement("INSERT INTO t (k, n) VALUES ('a', 0)")])
    every = [Statement("UPDATE t SET n = n + 1 WHERE k = 'a' RETURNING *")] * times
    for _ in range(3):
        await database.write(every)
        await database.fetch("SELECT * FROM t")
    await newer.write([Statement("ALTER TABLE t ADD COLUMN more TEXT")])
    *_, rows = await database.write(every)
    assert rows[0]["n"] == 4 * times
    assert (await database.fetch("SELECT * FROM t"))[0]["more"] is None
    await newer.close()
    await database.close()


@pytest.mark.parametrize("after", [1, 300, 700])
async def test_a_kill_in_the_middle_of_1000_answers_loses_none_that_was_acknowledged_and_doubles_none(
    postgres_url: str, after: int
) -> None:
    def killed() -> list[str]:
        command = [sys.executable, "-m", "tests.answering_together", postgres_url, "1000"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        acknowledged = []
        for line in process.stdout:
            acknowledged.append(line.strip())
            if len(acknowledged) == after:
                process.send_signal(signal.SIGKILL)
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
        return acknowledged

    acknowledged = await asyncio.to_thread(killed)
    whole = {line for line in acknowledged if len(line) == 11}
    database = await connect(postgres_url)
    kept = [row["deal"] for row in await database.fetch("SELECT deal FROM answer")]
    (facts,) = await database.fetch("SELECT sum(points) AS points FROM answer")
    (score,) = await database.fetch("SELECT sum(points) AS points FROM score WHERE bucket = 'all'")
    await database.close()
    assert whole <= set(kept)
    assert len(kept) == len(set(kept))
    assert facts["points"] == score["points"]
    assert after <= len(kept) < 1000


# Migrations: on both databases


def migrating(url: str, die_after: int = 0) -> int:
    """Migrate in a process of its own, which kills itself after so many statements; its exit code, or how many
    migrations it carried out.
    """
    command = [sys.executable, "-m", "tests.migrating", url, str(die_after)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return int(done.stdout) if done.returncode == 0 else done.returncode


async def test_four_processes_that_start_at_once_migrate_once(url: str) -> None:
    done = await asyncio.gather(*(asyncio.to_thread(migrating, url) for _ in range(4)))
    assert sum(done) == len(migrations())
    assert all(one >= 0 for one in done)


async def test_a_migration_that_is_killed_anywhere_leaves_nothing_half_done(url: str) -> None:
    random, kills = Random(12), 0
    while await asyncio.to_thread(migrating, url, random.randrange(1, 40)) < 0:
        kills += 1
    assert kills
    database = await connect(url)
    assert await migrate(database) == 0
    rows = await database.fetch("SELECT number FROM migration ORDER BY number")
    assert [row["number"] for row in rows] == [one.number for one in migrations()]
    for table in tables():
        found = await database.fetch(f"SELECT {', '.join(table.columns)} FROM {table.name}")
        assert len(found) == len(table.rows)
    await database.close()


# Sentences


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("28P01", r"127\.0\.0\.1/prepdeck does not let us in: because; check user and password"),
        ("3D000", "/prepdeck does not exist; create it"),
        ("53300", "has no connection left; allow it more, or run fewer processes"),
        ("57P03", "can't be used: because"),
    ],
)
async def test_a_server_that_says_no_is_told_in_a_sentence_without_the_password(code: str, told: str) -> None:
    server = Refusing(code, "because")
    url = await server.start()
    with pytest.raises(StoreError, match=told) as caught:
        await connect(url)
    assert "secret" not in str(caught.value)
    await server.stop()


async def test_a_database_or_a_user_that_is_not_there_is_told_in_a_sentence(postgres_server: str) -> None:
    with pytest.raises(StoreError, match="/nowhere does not exist"):
        await connect(postgres_server.rpartition("/")[0] + "/nowhere")


async def test_a_read_only_server_is_refused_at_the_start(postgres_url: str) -> None:
    with pytest.raises(StoreError, match="is read-only; name the primary server"):
        await connect(f"{postgres_url}&default_transaction_read_only=on")


async def test_a_server_that_becomes_read_only_is_asked_again_and_then_told(
    counting: Database, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "PATIENCE", 0.1)
    writer = counting._writer  # type: ignore[attr-defined]
    monkeypatch.setattr(postgres, "_SESSION", "SET default_transaction_read_only = on")
    await writer.connection.execute("SET default_transaction_read_only = on")
    with pytest.raises(StoreError, match="is read-only; name the primary server"):
        await counting.write([ADD])
    monkeypatch.setattr(postgres, "_SESSION", "SET lock_timeout = '5s'")
    (rows,) = await counting.write([ADD])
    assert [row["n"] for row in rows] == [1]


async def test_tables_of_another_program_are_left_alone(postgres_url: str) -> None:
    database = await connect(postgres_url)
    await database.write([Statement("CREATE TABLE note (x TEXT)")])
    with pytest.raises(StoreError, match='has tables of something else: relation "note" already exists'):
        await migrate(database)
    await database.close()


async def test_a_missing_schema_is_told_in_a_sentence(postgres_server: str) -> None:
    with pytest.raises(StoreError, match="has no place for our tables"):
        await connect(f"{postgres_server}?search_path=nowhere_at_all")


async def test_a_statement_that_takes_too_long_is_stopped(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_SESSION", "SET statement_timeout = '50ms'")
    database = await connect(postgres_url)
    with pytest.raises(StoreError, match="is too busy: canceling statement due to statement timeout"):
        await database.fetch("SELECT pg_sleep(60)")
    await database.close()


async def test_both_names_of_the_protocol_mean_postgresql(postgres_url: str) -> None:
    database = await connect("postgres" + postgres_url.removeprefix("postgresql"))
    assert isinstance(database, PostgresDatabase)
    assert (await database.fetch("SELECT 1 AS one"))[0]["one"] == 1
    await database.close()
