"""Numbered migrations: each file of `migrations/` is carried out once, together with the row that records it."""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

from bot.store.database import ConflictError, Database, Statement, StoreError


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """What a released file is recognised by: it must never change."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        code = re.sub(r"--.*", "", self.sql)
        return [statement for part in code.split(";") if (statement := part.strip())]


def migrations() -> tuple[Migration, ...]:
    """Every migration of this version, in order."""
    found = [entry for entry in files("bot.store").joinpath("migrations").iterdir() if entry.name.endswith(".sql")]
    return tuple(
        Migration(int(entry.name[:4]), entry.name[5:-4], entry.read_text(encoding="utf-8"))
        for entry in sorted(found, key=lambda entry: entry.name)
    )


async def migrate(database: Database) -> int:
    """Bring the database to this version; how many migrations that took.

    Several processes may do it at once. StoreError when a newer version has written the database.
    """
    known = migrations()
    done = 0
    while True:
        version = await _version(database)
        if version > len(known):
            raise StoreError(
                f"The database was written by a newer version of Prepdeck (schema {version}, this version knows "
                f"{len(known)}); update Prepdeck or restore a backup."
            )
        if version == len(known):
            return done
        step = known[version]
        record = Statement(
            "INSERT INTO migration (number, name, digest) VALUES (:number, :name, :digest)",
            {"number": step.number, "name": step.name, "digest": step.digest},
        )
        try:
            await database.write([record, *(Statement(sql) for sql in step.statements)])
            done += 1
        except ConflictError:
            if await _version(database) == version:  # nobody else did it: the migration itself is at fault
                raise


async def _version(database: Database) -> int:
    create = "CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, name TEXT, digest TEXT)"
    for last in (False, True):
        try:
            await database.write([Statement(create)])
            break
        except ConflictError:  # PostgreSQL: somebody else creates it at this moment
            if last:
                raise
    rows = await database.fetch("SELECT coalesce(max(number), 0) AS version FROM migration")
    return int(rows[0]["version"])
