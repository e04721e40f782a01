"""What can happen to a file: locked, read-only, full, damaged, and a process killed in the middle of writing."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bot.store.database import Statement, StoreError
from bot.store.drivers import connect
from bot.store.schema import migrate, migrations
from bot.store.sqlite import SqliteDatabase

ROOT = Path(__file__).parent.parent
NOBODY = 65534


def console(folder: Path, lines: str = "") -> subprocess.CompletedProcess[str]:
    """The program as a newcomer starts it, in a folder with a small bank."""
    (folder / "questions").mkdir(exist_ok=True)
    (folder / "questions" / "flask.yaml").write_text("questions: [{id: one, question: q, answer: a}]")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "bot", "console"],
        cwd=folder,
        env=environment,
        input=lines,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert all(word in done.stderr for word in words)


def test_a_locked_database_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    assert console(tmp_path).returncode == 0
    other = sqlite3.connect(tmp_path / "data" / "prepdeck.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    one_sentence(console(tmp_path), "is locked by another program", "try again")
    other.close()
    assert console(tmp_path).returncode == 0


def test_a_damaged_database_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "prepdeck.db").write_bytes(b"not a database" * 1000)
    one_sentence(console(tmp_path), "damaged or not a SQLite database")


def test_a_newer_database_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    assert console(tmp_path).returncode == 0
    with sqlite3.connect(tmp_path / "data" / "prepdeck.db") as other:
        other.execute("INSERT INTO migration (number, name) VALUES (99, 'future')")
    other.close()
    one_sentence(console(tmp_path), "newer version of Prepdeck", "update Prepdeck")


def test_a_folder_that_is_a_file_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    one_sentence(console(tmp_path), "can't be opened")


_READ_ONLY = """
import os, sys
from bot.__main__ import main
import bot.store.sqlite
if os.getuid() == 0:
    os.setuid({nobody})
sys.exit(main(["migrate"]))
"""


def test_a_read_only_database_is_one_sentence_and_exit_code_1() -> None:
    with tempfile.TemporaryDirectory() as name:  # not under tmp_path, which nobody else may enter
        folder = Path(name)
        done = asyncio.run(_migrated(f"sqlite:///{folder / 'x.db'}"))
        assert done == len(migrations())
        (folder / "x.db").chmod(0o444)
        folder.chmod(0o555)
        run = subprocess.run(
            [sys.executable, "-c", _READ_ONLY.format(nobody=NOBODY)],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": f"sqlite:///{folder / 'x.db'}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        folder.chmod(0o755)
        one_sentence(run, "x.db")
        assert "read-only" in run.stderr or "can't be opened" in run.stderr


async def _migrated(url: str) -> int:
    database = await connect(url)
    try:
        return await migrate(database)
    finally:
        await database.close()


async def test_a_full_disk_is_one_sentence_and_nothing_is_half_written(tmp_path: Path) -> None:
    database = await SqliteDatabase.open(str(tmp_path / "x.db"))
    await database.write([Statement("CREATE TABLE t (x TEXT)")])
    # What SQLite says to a full disk, it says to a full quota of pages too.
    await database._writes._connection.execute_fetchall("PRAGMA max_page_count = 20")
    small = Statement("INSERT INTO t VALUES (:x)", {"x": "small"})
    large = Statement("INSERT INTO t VALUES (:x)", {"x": "x" * 100_000})
    with pytest.raises(StoreError, match=r"disk of the database .*x\.db is full"):
        await database.write([small, large])
    results = await asyncio.gather(
        database.write([small]), database.write([large]), database.write([small]), return_exceptions=True
    )
    assert isinstance(results[1], StoreError)
    kept = await database.fetch("SELECT count(*) AS n FROM t")
    assert kept[0]["n"] == sum(isinstance(result, list) for result in results)
    await database.write([small])
    await database.close()


async def test_two_processes_share_a_file_and_no_write_of_either_is_lost(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    one, two = await connect(url), await connect(url)
    await one.write([Statement("CREATE TABLE t (x BIGINT PRIMARY KEY)")])
    await asyncio.gather(
        *((one, two)[n % 2].write([Statement("INSERT INTO t VALUES (:n)", {"n": n})]) for n in range(500))
    )
    assert (await one.fetch("SELECT count(*) AS n FROM t"))[0]["n"] == 500
    await one.close()
    await two.close()


async def test_closing_finishes_what_was_handed_over_even_if_nobody_waits_any_more(tmp_path: Path) -> None:
    database = await connect(f"sqlite:///{tmp_path / 'x.db'}")
    await database.write([Statement("CREATE TABLE t (x BIGINT)")])
    writing = [
        asyncio.ensure_future(database.write([Statement("INSERT INTO t VALUES (:n)", {"n": n})])) for n in range(50)
    ]
    await asyncio.sleep(0)  # each is handed over now, and none is committed
    for one in writing[:25]:
        one.cancel()
    await database.close()
    await asyncio.gather(*writing, return_exceptions=True)
    with pytest.raises(StoreError, match="is closed"):
        await database.write([Statement("SELECT 1")])
    again = await connect(f"sqlite:///{tmp_path / 'x.db'}")
    assert (await again.fetch("SELECT count(*) AS n FROM t"))[0]["n"] == 50
    await again.close()


@pytest.mark.parametrize("after", [1, 700, 1500])
def test_a_kill_in_the_middle_of_2000_answers_loses_none_that_was_acknowledged_and_doubles_none(
    tmp_path: Path, after: int
) -> None:
    path = tmp_path / "x.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.answering", f"sqlite:///{path}"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    acknowledged = []
    for line in process.stdout:
        acknowledged.append(line.strip())
        if len(acknowledged) == after:
            process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    whole = {line for line in acknowledged if len(line) == 11}
    with sqlite3.connect(path) as database:
        kept = [row[0] for row in database.execute("SELECT deal FROM answer")]
        (counted,) = database.execute("SELECT sum(points) FROM score WHERE bucket = 'all'").fetchone()
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    assert whole <= set(kept)
    assert len(kept) == len(set(kept)) == counted
    assert after <= len(kept) < 2000
