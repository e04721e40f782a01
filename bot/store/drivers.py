"""A driver for each kind of database; only the one that is needed gets imported."""

from pathlib import Path

from bot.store.database import Database, StoreError


def file_of(url: str) -> Path | None:
    """The file of an SQLite database; None for a database that is elsewhere."""
    scheme, _, rest = url.partition("://")
    return Path(rest.removeprefix("/")) if scheme == "sqlite" else None


async def connect(url: str) -> Database:
    """The database at `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://…`; StoreError if it can't be
    opened.
    """
    if file := file_of(url):
        from bot.store.sqlite import SqliteDatabase

        return await SqliteDatabase.open(str(file))
    scheme = url.partition("://")[0]
    if scheme in {"postgresql", "postgres"}:
        from bot.store.postgres import PostgresDatabase

        return await PostgresDatabase.open(url)
    raise StoreError(f"{scheme}: databases are not supported; use sqlite:///file or postgresql://user@host/name.")
