"""Numbered migrations: each file of `migrations/` is carried out once, together with the row that records it."""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

from bot.store.database import ConflictError, Database, Statement, StoreError

UNFINISHED = 1_000_000  # marks, as the last migration, the target of a copy that has not come to its end


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

    Several processes may do it at once. StoreError when a newer version has written the database, or a copy has not
    come to its end.
    """
    known = migrations()
    done = 0
    while True:
        found = await version(database)
        if found == UNFINISHED:
            raise StoreError("The database is the target of a copy that has not come to its end; `copy` again.")
        if found > len(known):
            raise StoreError(
                f"The database was written by a newer version of Prepdeck (schema {found}, this version knows "
                f"{len(known)}); update Prepdeck or restore a backup."
            )
        if found == len(known):
            return done
        step = known[found]
        record = Statement(
            "INSERT INTO migration (number, name, digest) VALUES (:number, :name, :digest)",
            {"number": step.number, "name": step.name, "digest": step.digest},
        )
        try:
            await database.write([record, *(Statement(sql) for sql in step.statements)])
            done += 1
        except ConflictError:
            if await version(database) == found:  # nobody else did it: the migration itself is at fault
                raise


async def version(database: Database) -> int:
    """The number of the last migration; 0 for a database without any."""
    create = "CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, name TEXT, digest TEXT)"
    await database.write([Statement(create)])
    rows = await database.fetch("SELECT coalesce(max(number), 0) AS last FROM migration")
    return int(rows[0]["last"])
