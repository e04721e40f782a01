"""Copies of a SQLite database, made while the bot runs, and put back while it does not.

Both go through SQLite itself: a copy is what one moment looked like, and what is put back is one transaction, so that a
process that is killed in the middle leaves what was there before. Nothing replaces a file before it was read back.
"""

import argparse
import os
import shlex
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bot.config import Config
from bot.store.database import StoreError
from bot.store.schema import migrations

BUSY_TIME = 1.0  # seconds that a bot may take to let go of the database
PRIVATE = 0o600  # what people have answered is for nobody else on the machine

_BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a file, and would read into another one in its place
_MAGIC = b"SQLite format 3\0"
_BROKEN = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def add_verbs(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """The verbs `backup` and `restore`."""
    summary = "copy the database into a file, while the bot runs"
    verb = verbs.add_parser("backup", help=summary, description=summary, parents=[shared])
    verb.set_defaults(run=_backup)
    verb.add_argument("file", type=Path, metavar="FILE", help="it is replaced, once the new copy is whole")
    verb.add_argument("--keep", type=_number, default=0, metavar="N", help="keep N earlier ones as FILE.1 to FILE.N")
    summary = "put a copy of the database back, while no bot runs"
    verb = verbs.add_parser("restore", help=summary, description=summary, parents=[shared])
    verb.set_defaults(run=_restore)
    verb.add_argument("file", type=Path, metavar="FILE", help="what `backup` has written")
    verb.add_argument("--force", action="store_true", help="replace the database that is there, and keep it beside")


def _number(written: str) -> int:
    if not written.isdecimal() or int(written) > 999:
        raise argparse.ArgumentTypeError(f"expected a number of files, at most 999, not {written!r}")
    return int(written)


def _backup(config: Config, options: argparse.Namespace) -> int:
    database = _file_of(config.database)
    if not database:
        file = f"--file={shlex.quote(str(options.file))}"
        print(_for_postgres(config.database, "pg_dump --format=custom", file), file=sys.stderr)
        return 1
    with _sentences():
        backup(database, options.file, options.keep)
    print(f"{options.file}: {options.file.stat().st_size / 1e6:,.1f} MB, read back and in order.")
    return 0


def _restore(config: Config, options: argparse.Namespace) -> int:
    database = _file_of(config.database)
    if not database:
        file = shlex.quote(str(options.file))
        print(_for_postgres(config.database, "pg_restore --clean --if-exists", file), file=sys.stderr)
        return 1
    with _sentences():
        kept = restore(options.file, database, force=options.force, now=datetime.now(UTC))
    print(f"{database} is what {options.file} was.")
    if kept:
        print(f"What was there before is kept as {kept}; delete it when you are sure.")
    return 0


def _file_of(url: str) -> Path | None:
    """The file of a SQLite database."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:") else None


def _for_postgres(url: str, program: str, file: str) -> str:
    """What to type for PostgreSQL, with the names that are configured and without the password."""
    parts = urlsplit(url)
    named = {
        "host": parts.hostname or "localhost",
        "port": parts.port or 5432,
        "username": unquote(parts.username or ""),
        "dbname": unquote(parts.path.strip("/")),
    }
    given = " ".join(f"--{name}={shlex.quote(str(value))}" for name, value in named.items() if value)
    told = "The database is PostgreSQL, which does that itself, and asks for the password:"
    return f"{told}\n\n    {program} {given} {file}"


def backup(database: Path, file: Path, keep: int = 0) -> None:
    """Copy a database that may be in use into a file, which is replaced once the copy was read back.

    The file that was there goes to `FILE.1`, that to `FILE.2`, up to `keep` of them. Raises StoreError, OSError.
    """
    if not database.is_file():
        raise StoreError(f"There is no database {database} to back up.")
    if _same(database, file):
        raise StoreError(f"{file} is the database itself; name another file for its backup.")
    if file.exists() and not _is_sqlite(file):
        raise StoreError(f"{file} is there already, and no backup; name another file.")
    part = _beside(file, ".part")
    try:
        with closing(_connect(database)) as source:
            _copied(source, part)
        _checked(part)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    for number in range(keep, 0, -1):
        older = _beside(file, f".{number - 1}") if number > 1 else file
        with suppress(FileNotFoundError):
            older.replace(_beside(file, f".{number}"))
    part.replace(file)
    _flush(file.parent)


def restore(file: Path, database: Path, *, force: bool, now: datetime) -> Path | None:
    """Put a copy back in the place of a database that nobody uses; where what was there before is kept, if there was.

    Raises StoreError when a database is there and it isn't to be forced, when a bot runs on it, and for a file that is
    no database of ours, is damaged, or is of a newer version; OSError.
    """
    if not file.is_file():
        raise StoreError(f"There is no file {file} to restore.")
    if _same(database, file):
        raise StoreError(f"{file} is the database itself; name the file of its backup.")
    _checked(file)
    there = database.exists()
    if there and not force:
        raise StoreError(f"There is a database {database} already; --force replaces it, and keeps it beside.")
    database.parent.mkdir(parents=True, exist_ok=True)
    kept = _free(_beside(database, f".before-{now:%Y%m%d-%H%M%S}"))
    if not there or not _put_into(database, file, kept):
        _put_at(database, file, kept)
    return kept if there else None


def _put_into(database: Path, file: Path, kept: Path) -> bool:
    """Replace what is in a database, in one transaction; whether that can be done, which it can't if it is damaged."""
    try:
        with closing(_connect(database)) as target:
            target.execute("PRAGMA locking_mode = EXCLUSIVE")
            # Whoever has a database with a write-ahead log open holds a lock on it, and this takes all others to be
            # gone. What is in the log is carried over, that of a bot that was killed too, and the log goes away.
            target.execute("PRAGMA journal_mode = DELETE")
            target.execute("BEGIN EXCLUSIVE")
            target.execute("COMMIT")
            part = _beside(database, ".part")
            _copied(target, part)
            part.replace(kept)
            _flush(kept.parent)
            with closing(_connect(file)) as source:
                source.backup(target)
        return True
    except sqlite3.Error as error:
        code = _code(error)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreError(f"A bot, or another program, uses {database}; stop it and try again.") from error
        if code in _BROKEN:
            return False
        raise


def _put_at(database: Path, file: Path, kept: Path) -> None:
    """Put a copy where there is no database, or a damaged one. What there is moves aside, with what belongs to it."""
    part = _beside(database, ".part")
    with closing(_connect(file)) as source:
        _copied(source, part)
    _checked(part)
    for suffix in ("", *_BESIDE) if database.exists() else ():
        with suppress(FileNotFoundError):
            os.link(_beside(database, suffix), _beside(kept, suffix))
    for suffix in _BESIDE:
        _beside(database, suffix).unlink(missing_ok=True)
    part.replace(database)
    _flush(database.parent)


def _copied(source: sqlite3.Connection, file: Path) -> None:
    """Copy a database as it is at this moment into a file, and see it to the disk. Others may go on writing."""
    for suffix in ("", *_BESIDE):  # of a process that was killed
        _beside(file, suffix).unlink(missing_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
    with closing(_connect(file)) as target:
        source.backup(target)  # in one step, so that it need not begin again whenever somebody writes
        target.execute("PRAGMA journal_mode = DELETE")  # one file, and nothing beside it
    _flush(file)


def _checked(file: Path) -> None:
    """StoreError for a file that is no database of ours, is damaged, or is of a newer version."""
    known = migrations()
    if not _is_sqlite(file):
        raise StoreError(f"{file} is not a SQLite database.")
    try:
        with closing(_connect(file)) as database:
            (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise StoreError(f"{file} is damaged: {found}.")
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            rows = database.execute("SELECT number, digest FROM migration").fetchall() if "migration" in tables else []
    except sqlite3.Error as error:
        told = "is damaged" if _code(error) in _BROKEN else "can't be read"
        raise StoreError(f"{file} {told}: {error}.") from error
    if (1, known[0].digest) not in rows:
        raise StoreError(f"{file} is not a database of Prepdeck.")
    version = max(number for number, _ in rows)
    if version > len(known):
        told = f"schema {version}, this version knows {len(known)}"
        raise StoreError(f"{file} was written by a newer version of Prepdeck ({told}); update Prepdeck.")


def _connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=BUSY_TIME, isolation_level=None)


@contextmanager
def _sentences() -> Iterator[None]:
    """StoreError instead of what SQLite and the system say of files."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"The database can't be copied: {error}.") from error
    except OSError as error:
        raise StoreError(f"{error.filename} can't be written: {error.strerror}.") from error


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _is_sqlite(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_MAGIC)) == _MAGIC


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


def _free(file: Path) -> Path:
    """A name that is not taken: this one, or with a number."""
    number = 1
    found = file
    while found.exists():
        number += 1
        found = _beside(file, f"-{number}")
    return found


def _flush(place: Path) -> None:
    """See a file, or the names in a folder, to the disk."""
    if place.is_dir() and os.name == "nt":  # Windows opens no folders
        return
    opened = os.open(place, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
