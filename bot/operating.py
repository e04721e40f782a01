"""What operators do on the command line: move everything to another database; and for people who ask them by mail, show
what is kept, or delete it.
"""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from bot.config import Config
from bot.learners.export import Export, export_of
from bot.learners.privacy import document
from bot.messages import Person
from bot.store.copying import copy
from bot.store.database import StoreError
from bot.store.drivers import connect, file_of
from bot.store.schema import migrate
from bot.store.store import Store

audit = logging.getLogger("bot.audit")  # that it was done, and never for whom


def add_verbs(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """The verbs `copy` and `person`."""
    summary = "copy a database to another, empty one, such as an SQLite file to PostgreSQL; stop the bot first"
    copying = verbs.add_parser("copy", help=summary, description=summary, parents=[shared])
    copying.add_argument("source", metavar="SOURCE", help="such as sqlite:///data/prepdeck.db")
    copying.add_argument("target", metavar="TARGET", help="such as postgresql://user@host/name")
    copying.set_defaults(run=_copy)
    person = verbs.add_parser("person", help="show or delete what is kept about a person", parents=[shared])
    works = person.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, function, summary in (
        ("export", _export, "print all that is kept about a person, as JSON"),
        ("delete", _delete, "delete all that is kept about a person"),
        ("schema", _schema, "print the JSON Schema of an export"),
    ):
        work = works.add_parser(name, help=summary, description=summary, parents=[shared])
        work.set_defaults(run=function)
        if function is not _schema:
            work.add_argument("who", type=_person, metavar="PLATFORM:ID", help="such as telegram:123456789")


def _copy(config: Config, options: argparse.Namespace) -> int:
    if (file := file_of(options.source)) and not file.exists():
        raise StoreError(f"There is no database {file}.")
    if options.source == options.target:
        raise StoreError("The source and the target are the same database.")

    async def copied() -> int:
        source = await connect(options.source)
        try:
            target = await connect(options.target)
            try:
                return await copy(source, target, print)
            finally:
                await target.close()
        finally:
            await source.close()

    rows = asyncio.run(copied())
    print(f"{rows:,} rows were copied and compared. Set the database to the target, and start the bot.")
    return 0


def _person(written: str) -> Person:
    platform, colon, id_ = written.partition(":")
    if not (platform and colon and id_):
        raise argparse.ArgumentTypeError(f"expected PLATFORM:ID, such as telegram:123456789, not {written!r}")
    return Person(platform.lower(), id_)


def _export(config: Config, options: argparse.Namespace) -> int:
    async def export(store: Store, learner: str) -> None:
        found = export_of(await store.privacy.everything(learner), datetime.now(UTC))
        sys.stdout.write(document(found).decode())
        audit.info("an operator exported the data of a person")

    return asyncio.run(_of(config, options.who, export))


def _delete(config: Config, options: argparse.Namespace) -> int:
    async def delete(store: Store, learner: str) -> None:
        await store.privacy.forget(learner, datetime.now(UTC))
        print("Everything about this person is deleted; answers in communities are nobody's now.")
        print(f"Backups have it until they are replaced: for {config.privacy.backup_days} days.")
        audit.info("an operator deleted the data of a person")

    return asyncio.run(_of(config, options.who, delete))


async def _of(config: Config, who: Person, work: Callable[[Store, str], Awaitable[None]]) -> int:
    database = await connect(config.database)
    try:
        await migrate(database)
        store = Store(database)
        learner = await store.links.learner_of(who)
        if not learner:
            print("Nothing is kept about this person.", file=sys.stderr)
            return 1
        await work(store, learner)
        return 0
    finally:
        await database.close()


def _schema(config: Config, options: argparse.Namespace) -> int:
    print(json.dumps(Export.model_json_schema(mode="serialization"), indent=2, ensure_ascii=False))
    return 0
