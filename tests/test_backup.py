"""Copies of a database: made while it is written to, put back while nobody uses it, and what a kill leaves."""

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from bot.__main__ import main
from bot.backup import backup, restore
from bot.store.database import Statement, StoreError
from bot.store.drivers import connect
from bot.store.schema import migrate, migrations
from bot.store.sqlite import SqliteDatabase

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
WRITE = "INSERT INTO note (name, value) VALUES (:name, :value)"


async def _noted(path: Path, *names: str, size: int = 10) -> None:
    database = await connect(f"sqlite:///{path}")
    await migrate(database)
    await database.write([Statement(WRITE, {"name": name, "value": "x" * size}) for name in names])
    await database.close()


def made(path: Path, *names: str, size: int = 10) -> Path:
    """A database of this version with these notes, of so many characters each."""
    path.parent.mkdir(exist_ok=True)
    asyncio.run(_noted(path, *names, size=size))
    return path


def notes(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [name for (name,) in database.execute("SELECT name FROM note ORDER BY name")]


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a database of one note in `data`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return made(tmp_path / "data" / "prepdeck.db", "one")


# Backup


def test_a_backup_is_one_file_that_only_its_owner_reads(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", "copy.db"]) == 0
    assert re.fullmatch(r"copy\.db: [0-9.]+ MB, read back and in order\.\n", capsys.readouterr().out)
    assert notes(Path("copy.db")) == ["one"]
    assert files(Path()) == {"copy.db", "data"}
    assert Path("copy.db").stat().st_mode & 0o777 == 0o600


async def test_a_backup_is_one_moment_while_the_bot_writes(tmp_path: Path) -> None:
    path, copies = tmp_path / "x.db", [tmp_path / f"{number}.db" for number in range(8)]
    await _noted(path)
    database = await SqliteDatabase.open(str(path))
    written = 0

    async def writing() -> None:
        nonlocal written
        while True:  # each batch is two rows, so that half of one would show
            pair = [Statement(WRITE, {"name": f"{written:06}{half}", "value": "x" * 500}) for half in "ab"]
            await database.write(pair)
            written += 1

    task = asyncio.ensure_future(writing())
    sizes = []
    for copy in copies:
        before = written
        await asyncio.to_thread(backup, path, copy)
        found = notes(copy)
        assert before * 2 <= len(found) <= written * 2 + 2
        assert len(found) % 2 == 0
        sizes.append(len(found))
        await database.fetch("SELECT 1")  # the writer goes on meanwhile
    task.cancel()
    await asyncio.wait({task})
    await database.close()
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0]


def test_earlier_backups_are_kept_under_numbers(place: Path) -> None:
    for number in range(4):
        with closing(sqlite3.connect(place)) as database:
            database.execute("UPDATE note SET name = ?", (f"note {number}",))
            database.commit()
        assert main(["backup", "copy.db", "--keep", "2"]) == 0
    kept = {name: notes(Path(name)) for name in files(Path()) - {"data"}}
    assert kept == {"copy.db": ["note 3"], "copy.db.1": ["note 2"], "copy.db.2": ["note 1"]}


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("data/prepdeck.db", "is the database itself"),
        ("bot.toml", "is there already, and no backup"),
        ("none/copy.db", "none/copy.db.part can't be written: No such file or directory."),
    ],
)
def test_a_backup_overwrites_nothing_but_backups(
    place: Path, file: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bot.toml").write_text("timezone = 'UTC'")
    assert main(["backup", file]) == 1
    assert told in capsys.readouterr().err
    assert Path("bot.toml").read_text() == "timezone = 'UTC'"
    assert notes(place) == ["one"]


def test_a_damaged_database_is_told_and_replaces_no_backup(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", "copy.db", "--keep", "1"]) == 0
    damage(place)
    capsys.readouterr()
    assert main(["backup", "copy.db", "--keep", "1"]) == 1
    assert capsys.readouterr().err == "The database can't be copied: database disk image is malformed.\n"
    assert files(Path()) == {"copy.db", "data"}
    assert notes(Path("copy.db")) == ["one"]


def damage(path: Path) -> None:
    """Break pages in the middle, so that it can still be opened."""
    content = bytearray(path.read_bytes())
    content[8192 : len(content) - 4096] = b"\xff" * (len(content) - 12288)
    path.write_bytes(content)


def test_no_database_is_made_by_a_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["backup", "copy.db"]) == 1
    assert files(tmp_path) == set()


# Restore


def test_a_restore_needs_force_and_keeps_what_was_there(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(Path("copy.db"), "two")
    assert main(["restore", "copy.db"]) == 1
    assert "There is a database data/prepdeck.db already; --force replaces it" in capsys.readouterr().err
    assert notes(place) == ["one"]
    assert main(["restore", "copy.db", "--force"]) == 0
    kept = re.search(r"kept as (\S+);", capsys.readouterr().out)
    assert kept
    assert notes(place) == ["two"]
    assert notes(Path(kept[1])) == ["one"]
    assert notes(Path("copy.db")) == ["two"]
    assert files(place.parent) == {"prepdeck.db", Path(kept[1]).name}
    assert Path(kept[1]).stat().st_mode & 0o777 == 0o600


def test_what_is_restored_serves_as_before(place: Path) -> None:
    backup(place, Path("copy.db"))
    asyncio.run(_noted(place, "later"))
    restore(Path("copy.db"), place, force=True, now=NOW)
    asyncio.run(_noted(place, "new"))
    assert notes(place) == ["new", "one"]


def test_a_restore_where_nothing_is_needs_no_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made(tmp_path / "copy.db", "two")
    assert main(["restore", "copy.db"]) == 0
    assert notes(Path("data/prepdeck.db")) == ["two"]
    assert files(Path("data")) == {"prepdeck.db"}


def test_two_restores_in_one_second_keep_two_files(place: Path) -> None:
    first = restore(made(Path("a.db"), "a"), place, force=True, now=NOW)
    second = restore(made(Path("b.db"), "b"), place, force=True, now=NOW)
    assert first
    assert second
    assert [notes(first), notes(second), notes(place)] == [["one"], ["a"], ["b"]]


def _another(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE photos (id)")


def _newer(path: Path) -> None:
    made(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("INSERT INTO migration (number, name) VALUES (99, 'future')")
        database.commit()


def _half(path: Path) -> None:
    made(path)
    path.write_bytes(path.read_bytes()[:20_000])


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda path: path.write_text("notes"), "is not a SQLite database."),
        (lambda path: path.write_bytes(b""), "is not a SQLite database."),
        (_another, "is not a database of Prepdeck."),
        (_newer, f"newer version of Prepdeck (schema 99, this version knows {len(migrations())})"),
        (_half, "is damaged"),
        (lambda path: None, "There is no file copy.db to restore."),
    ],
)
def test_what_is_no_backup_of_ours_is_refused_even_by_force(
    place: Path, write: Callable[[Path], object], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path("copy.db"))
    assert main(["restore", "copy.db", "--force"]) == 1
    assert told in capsys.readouterr().err
    assert notes(place) == ["one"]
    assert files(place.parent) == {"prepdeck.db"}


async def test_a_restore_is_refused_while_a_bot_runs_idle_or_not(tmp_path: Path) -> None:
    path, copy = tmp_path / "x.db", tmp_path / "copy.db"
    await _noted(path, "one")
    await asyncio.to_thread(backup, path, copy)
    bot = await SqliteDatabase.open(str(path))
    with pytest.raises(StoreError, match=r"A bot, or another program, uses .*; stop it and try again"):
        await asyncio.to_thread(lambda: restore(copy, path, force=True, now=NOW))
    await bot.write([Statement(WRITE, {"name": "two", "value": ""})])  # it did not notice
    await bot.close()
    assert notes(path) == ["one", "two"]
    assert not any("before" in name for name in files(tmp_path))
    assert restore(copy, path, force=True, now=NOW)


def _killed_while_writing(path: Path) -> None:
    """A bot that is killed leaves what it wrote last in the log beside the database."""
    script = (
        "import asyncio, os, signal, sys\n"
        "from bot.store.drivers import connect\n"
        "from bot.store.database import Statement\n"
        "async def write():\n"
        "    database = await connect('sqlite:///' + sys.argv[1])\n"
        f"    await database.write([Statement({WRITE!r}, {{'name': 'last', 'value': ''}})])\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(write())"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.with_name(path.name + "-wal").stat().st_size


def test_the_log_of_a_bot_that_was_killed_goes_with_its_database(place: Path) -> None:
    _killed_while_writing(place)
    kept = restore(made(Path("copy.db"), "two"), place, force=True, now=NOW)
    assert kept
    assert notes(place) == ["two"]
    assert notes(kept) == ["last", "one"]


@pytest.mark.parametrize("broken", [b"\0" * 9_000, None])
def test_a_log_that_was_left_behind_is_not_read_into_what_is_restored(place: Path, broken: bytes | None) -> None:
    """Beside a database that was destroyed, or deleted."""
    _killed_while_writing(place)
    log = place.with_name(place.name + "-wal").read_bytes()
    place.write_bytes(broken) if broken else place.unlink()
    kept = restore(made(Path("copy.db"), "two"), place, force=True, now=NOW)
    assert notes(place) == ["two"]
    assert not place.with_name(place.name + "-wal").exists()
    if broken:
        assert kept
        assert kept.read_bytes() == broken
        assert kept.with_name(kept.name + "-wal").read_bytes() == log


def test_a_copy_that_was_made_by_hand_is_restored_with_its_log(place: Path) -> None:
    _killed_while_writing(place)
    for suffix in ("", "-wal"):
        Path(f"copy.db{suffix}").write_bytes(place.with_name(place.name + suffix).read_bytes())
    restore(Path("copy.db"), place, force=True, now=NOW)
    assert notes(place) == ["last", "one"]


def test_a_copy_with_pages_of_another_size_is_restored(place: Path) -> None:
    with closing(sqlite3.connect(made(Path("copy.db"), "two"))) as copy:
        for pragma in ("PRAGMA journal_mode = DELETE", "PRAGMA page_size = 8192", "VACUUM"):
            copy.execute(pragma)
    restore(Path("copy.db"), place, force=True, now=NOW)
    assert notes(place) == ["two"]


# PostgreSQL


def test_for_postgresql_both_tell_what_to_type_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql://ada%20b:secret@db.example.org:6543/prep?sslmode=require")
    names = "--host=db.example.org --port=6543 --username='ada b' --dbname=prep"
    assert main(["backup", "my copy.dump"]) == main(["restore", "my copy.dump"]) == 1
    shown = capsys.readouterr()
    assert f"    pg_dump --format=custom {names} --file='my copy.dump'\n" in shown.err
    assert f"    pg_restore --clean --if-exists {names} 'my copy.dump'\n" in shown.err
    assert "secret" not in shown.err
    assert shown.out == ""


# Kill


_OVER_AND_OVER = """
import sys
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from bot.backup import backup, restore

folder, what = Path(sys.argv[1]), sys.argv[2]
for name in cycle("ba"):
    if what == "backup":
        backup(folder / f"{name}.db", folder / "x.db", keep=2)
    else:
        restore(folder / f"{name}.db", folder / "x.db", force=True, now=datetime.now(UTC))
    print(flush=True)
"""


@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_kill_in_the_middle_leaves_one_copy_or_the_other(what: str, tmp_path: Path) -> None:
    wholes = {}
    for name in "ab":
        made(tmp_path / f"{name}.db", *(f"{name}{number:04}" for number in range(3_000)), size=2_000)
        wholes[name] = notes(tmp_path / f"{name}.db")
    backup(tmp_path / "a.db", tmp_path / "x.db")
    random, seen = Random(1), set()
    for _ in range(10):
        process = subprocess.Popen(
            [sys.executable, "-c", _OVER_AND_OVER, str(tmp_path), what], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout
        for _ in range(random.randint(1, 3)):
            assert process.stdout.readline() == b"\n"
        with suppress(subprocess.TimeoutExpired):  # where it is by then is what is tried
            process.wait(random.uniform(0, 0.1))
        process.kill()
        process.wait(60)
        process.stdout.close()
        assert process.returncode == -signal.SIGKILL
        files_there = [tmp_path / "x.db", *tmp_path.glob("x.db.before-*[0-9]"), *tmp_path.glob("x.db.[12]")]
        for file in files_there:
            if what == "restore" or file.exists():  # between two names, a backup is under the older one
                found = notes(file)
                assert found in wholes.values()
                seen.add((file == files_there[0], found[0]))
        assert os.path.exists(tmp_path / "x.db") or os.path.exists(tmp_path / "x.db.1")
        for file in tmp_path.glob("x.db.before-*"):
            file.unlink()
    assert {name for _, name in seen} == {"a0000", "b0000"}
