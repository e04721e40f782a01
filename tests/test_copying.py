"""Everything goes from SQLite to PostgreSQL and back, and whatever happens on the way, no half of it is ever used."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store import copying
from bot.store.copying import Table, copy, tables
from bot.store.database import Database, Statement, StoreError
from bot.store.drivers import connect
from bot.store.schema import UNFINISHED, migrate, version
from bot.store.store import Store
from tests.answering_together import answer_all

ROOT = Path(__file__).parent.parent
TABLES = {table.name: table for table in tables()}

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "TEXT": TEXTS,
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "BOOLEAN": st.booleans(),
    "DOUBLE PRECISION": st.floats(allow_nan=False),
}


@st.composite
def contents(draw: st.DrawFn) -> list[tuple[Table, dict[str, Any]]]:
    """Rows of any tables, with any values; what refers to a row refers to one that may be there."""
    keys = st.sampled_from(["", "a", "ä", "Z", "🂡"])
    rows = []
    for table in draw(st.lists(st.sampled_from(tables()), max_size=25)):
        row = {
            column: draw(keys if column in table.key and kind == "TEXT" else VALUES[kind])
            for column, kind in table.columns.items()
        }
        for column in nullable(table):
            if draw(st.booleans()):
                row[column] = None
        for column in references(table):
            row[column] = draw(keys)
        rows.append((table, row))
    return sorted(rows, key=lambda one: list(TABLES).index(one[0].name))


def about(table: Table, what: str) -> list[Any]:
    with closing(sqlite3.connect(":memory:")) as fresh:
        for step in copying.migrations():
            for statement in step.statements:
                fresh.execute(statement)
        return fresh.execute(f"PRAGMA {what}({table.name})").fetchall()


REFERENCES = {name: [row[3] for row in about(table, "foreign_key_list")] for name, table in TABLES.items()}
NULLABLE = {
    name: [row[1] for row in about(table, "table_info") if not row[3] and not row[5]] for name, table in TABLES.items()
}


def references(table: Table) -> list[str]:
    return REFERENCES[table.name]


def nullable(table: Table) -> list[str]:
    return [column for column in NULLABLE[table.name] if column not in REFERENCES[table.name]]


def filled(path: Path, rows: list[tuple[Table, dict[str, Any]]]) -> None:
    """Keep those rows that break no constraint."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA foreign_keys = ON")
        file.execute("BEGIN")
        for table, row in rows:
            columns = ", ".join(f":{column}" for column in row)
            try:
                file.execute(f"INSERT INTO {table.name} ({', '.join(row)}) VALUES ({columns})", row)
            except sqlite3.IntegrityError:
                continue
        file.execute("COMMIT")


def dump(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows with the types that SQLite has for them."""
    with closing(sqlite3.connect(path)) as file:
        return {
            name: sorted(
                (
                    tuple((type(value).__name__, repr(value)) for value in row)
                    for row in file.execute(f"SELECT {', '.join(table.columns)} FROM {name}")
                ),
            )
            for name, table in TABLES.items()
        }


async def moved(source: str, target: str, tell: Callable[[str], None] = lambda line: None) -> int:
    one, other = await connect(source), await connect(target)
    try:
        return await copy(one, other, tell)
    finally:
        await one.close()
        await other.close()


async def migrated(url: str) -> None:
    database = await connect(url)
    await migrate(database)
    await database.close()


async def left_unfinished(url: str) -> None:
    """As a copy leaves it that was killed, with whatever is in it."""
    database = await connect(url)
    if await version(database) != UNFINISHED:
        await migrate(database)
        await database.write([Statement(f"INSERT INTO migration (number, name) VALUES ({UNFINISHED}, 'left')")])
    await database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """A database without any tables, on which those of a test may be made."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def lived_in(tmp_path: Path) -> str:
    """A file in which ten learners have answered."""
    url = f"sqlite:///{tmp_path / 'lived_in.db'}"
    database = await connect(url)
    await migrate(database)
    await answer_all(Store(database), 120, lambda deal: None)
    await database.close()
    return url


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(contents())
async def test_there_and_back_again_every_value_is_what_it_was(
    tmp_path: Path, postgres_url: str, rows: list[tuple[Table, dict[str, Any]]]
) -> None:
    fresh, one, other = (tmp_path / f"{name}.db" for name in ("fresh", "one", "other"))
    await migrated(f"sqlite:///{fresh}")
    for path in (one, other):
        shutil.copy(fresh, path)
    filled(one, rows)
    before = dump(one)
    number = sum(map(len, before.values()))
    await left_unfinished(postgres_url)  # with the rows of the example before
    assert await moved(f"sqlite:///{one}", postgres_url) == number
    assert await moved(postgres_url, f"sqlite:///{other}") == number
    assert dump(other) == before == dump(one)


async def test_many_rows_go_in_many_chunks(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "VALUES", 30)
    monkeypatch.setattr(copying, "TOLD_EVERY", 40)
    one, other = tmp_path / "one.db", tmp_path / "other.db"
    await migrated(f"sqlite:///{one}")
    seen = TABLES["seen"]
    filled(
        one,
        [(seen, {"audience": f"a{n % 7}", "question": f"Q{n}" if n % 2 else f"q{n}", "number": n}) for n in range(100)],
    )
    told: list[str] = []
    await moved(f"sqlite:///{one}", postgres_url, told.append)
    assert [line for line in told if line.startswith("seen")] == [
        "seen: 40 rows so far",
        "seen: 80 rows so far",
        "seen: 100 rows are the same",
    ]
    await moved(postgres_url, f"sqlite:///{other}")
    assert dump(other) == dump(one)


async def test_what_was_copied_goes_on_working(lived_in: str, postgres_url: str) -> None:
    await moved(lived_in, postgres_url)
    database = await connect(postgres_url)
    assert await migrate(database) == 0
    await answer_all(Store(database), 30, lambda deal: None)
    (facts,) = await database.fetch("SELECT count(*) AS answers, sum(points) AS points FROM answer")
    (score,) = await database.fetch("SELECT sum(points) AS points FROM score WHERE bucket = 'all'")
    assert facts["answers"] == 150
    assert facts["points"] == score["points"]
    await database.close()


@pytest.mark.parametrize("backwards", [False, True])
async def test_a_copy_that_is_killed_anywhere_leaves_a_target_that_nobody_uses_and_can_be_begun_anew(
    lived_in: str, tmp_path: Path, postgres_url: str, backwards: bool
) -> None:
    source, target = lived_in, postgres_url
    if backwards:
        await moved(lived_in, postgres_url)
        source, target = postgres_url, f"sqlite:///{tmp_path / 'back.db'}"

    def dies_before(batch: int) -> int:
        command = [sys.executable, "-m", "tests.copying", source, target, str(batch)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False).returncode

    for batch in (3, 20, 40, 60, 90, 120):
        assert await asyncio.to_thread(dies_before, batch) == -signal.SIGKILL
        database = await connect(target)
        if batch == 3:  # before the target was marked
            await migrate(database)
            assert (await database.fetch("SELECT count(*) AS n FROM learner"))[0]["n"] == 0
        else:
            with pytest.raises(StoreError, match="is the target of a copy that has not come to its end"):
                await migrate(database)
        await database.close()
    await moved(source, target)
    database = await connect(target)
    assert await migrate(database) == 0
    assert (await database.fetch("SELECT count(*) AS n FROM answer"))[0]["n"] == 120
    await database.close()


async def test_a_target_with_anything_in_it_is_refused_and_left_as_it_is(lived_in: str, url: str) -> None:
    await migrated(url)
    database = await connect(url)
    await Store(database).memory.keep("commands", "one")
    await database.close()
    with pytest.raises(StoreError, match="The target is not empty: there are rows in note"):
        await moved(lived_in, url)
    database = await connect(url)
    assert await migrate(database) == 0
    assert await Store(database).memory.note("commands") == "one"
    await database.close()


async def test_a_source_that_is_none_or_old_or_unfinished_is_refused(
    lived_in: str, tmp_path: Path, postgres_url: str
) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    with pytest.raises(StoreError, match="nothing to copy"):
        await moved(postgres_url, target)
    database = await connect(lived_in)
    await database.write([Statement("DELETE FROM migration WHERE number > 2")])
    with pytest.raises(StoreError, match=r"The source has schema 2, this version has .*`migrate`"):
        await moved(lived_in, target)
    await database.write([Statement("INSERT INTO migration (number, name) VALUES (1000000, 'left')")])
    with pytest.raises(StoreError, match="itself the target of a copy"):
        await moved(lived_in, target)
    await database.close()


async def test_a_target_that_another_version_has_begun_is_refused(lived_in: str, url: str) -> None:
    await migrated(url)
    database = await connect(url)
    await database.write([Statement("DELETE FROM migration WHERE number > 2")])
    await database.write([Statement("INSERT INTO migration (number, name) VALUES (1000000, 'left')")])
    await database.close()
    with pytest.raises(StoreError, match="begun by another version"):
        await moved(lived_in, url)


class Disturbed:
    """A database; before the batch that a table's rows are in, something happens."""

    def __init__(self, database: Database, table: str, happening: Callable[[], Any]) -> None:
        self._database = database
        self._table, self._happening = table, happening
        self.fetch = database.fetch
        self.scrub = database.scrub
        self.close = database.close

    async def write(self, batch: Any) -> Any:
        if any(statement.sql.startswith(f"INSERT INTO {self._table} ") for statement in batch):
            await self._happening()
        return await self._database.write(batch)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE note SET value = 'changed'",
        "UPDATE learner SET hidden = TRUE",
        "DELETE FROM review",
        "INSERT INTO note (name, value) VALUES ('later', '')",
        "UPDATE review SET stability = stability + 1e-9",
    ],
)
async def test_a_source_that_changes_meanwhile_is_noticed(lived_in: str, postgres_url: str, change: str) -> None:
    source, target = await connect(lived_in), await connect(postgres_url)
    await Store(source).memory.keep("commands", "one")
    disturbed = Disturbed(target, "answer", lambda: source.write([Statement(change)]))
    with pytest.raises(StoreError, match="source was changed by somebody meanwhile; stop the bot"):
        await copy(source, disturbed)
    with pytest.raises(StoreError, match="has not come to its end"):
        await migrate(target)
    await source.close()
    await target.close()


async def test_of_two_copies_to_one_target_the_later_one_wins(lived_in: str, url: str) -> None:
    source, target = await connect(lived_in), await connect(url)
    disturbed = Disturbed(target, "answer", lambda: copy(source, target))
    with pytest.raises(StoreError, match="Another copy to this target has begun"):
        await copy(source, disturbed)
    assert await migrate(target) == 0
    assert (await target.fetch("SELECT count(*) AS n FROM answer"))[0]["n"] == 120
    await source.close()
    await target.close()


async def test_a_copy_goes_no_further_when_another_to_its_target_begins(lived_in: str, url: str) -> None:
    source, target = await connect(lived_in), await connect(url)
    await Store(source).memory.keep("commands", "one")
    later = Statement(copying._MARK, {"mark": UNFINISHED, "receipt": "later"})
    with pytest.raises(StoreError, match="Another copy to this target has begun"):
        await copy(source, Disturbed(target, "note", lambda: target.write([later])))
    assert not await target.fetch("SELECT name FROM note")
    await source.close()
    await target.close()


async def test_a_value_that_postgresql_can_not_hold_is_named(lived_in: str, postgres_url: str) -> None:
    source = await connect(lived_in)
    await source.write([Statement("INSERT INTO note (name, value) VALUES ('odd', 'a' || char(0))")])
    await source.close()
    with pytest.raises(StoreError, match="In note, the value of 'odd' is nothing that every database holds"):
        await moved(lived_in, postgres_url)


def command_line(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "bot", "copy", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_the_verb_copy_tells_how_far_it_is_and_what_to_do_next(
    lived_in: str, tmp_path: Path, postgres_url: str
) -> None:
    done = await asyncio.to_thread(command_line, tmp_path, lived_in, postgres_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "answer: 120 rows are the same" in done.stdout
    assert "rows were copied and compared. Set the database to the target" in done.stdout
    again = await asyncio.to_thread(command_line, tmp_path, lived_in, postgres_url)
    assert (again.returncode, again.stdout) == (1, "")
    assert "The target is not empty" in again.stderr


async def test_the_verb_copy_makes_no_file_of_a_mistyped_source(tmp_path: Path, postgres_url: str) -> None:
    done = await asyncio.to_thread(command_line, tmp_path, "sqlite:///no.db", postgres_url)
    assert (done.returncode, done.stderr.strip()) == (1, "There is no database no.db.")
    assert not os.listdir(tmp_path)
    same = await asyncio.to_thread(command_line, tmp_path, postgres_url, postgres_url)
    assert "are the same database" in same.stderr
