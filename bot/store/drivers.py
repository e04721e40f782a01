"""A driver for each kind of database; only the one that is needed gets imported."""

from bot.store.database import Database, StoreError


async def connect(url: str) -> Database:
    """The database at `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://…`; StoreError if it can't be
    opened.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        from bot.store.sqlite import SqliteDatabase

        return await SqliteDatabase.open(rest.removeprefix("/"))
    if scheme in {"postgresql", "postgres"}:
        from bot.store.postgres import PostgresDatabase

        return await PostgresDatabase.open(url)
    raise StoreError(f"{scheme}: databases are not supported; use sqlite:///file or postgresql://user@host/name.")
