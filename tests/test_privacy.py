"""What is kept about a person can be seen, taken along, and deleted so that nothing is left."""

import asyncio
import json
import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.bank.bank import Bank
from bot.learners.export import Export
from bot.logs import quiet
from bot.messages import Card, Person, Press, Reply, Room
from bot.store.boards import Community
from bot.store.database import Database, Statement
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Store
from tests.people import Clock, button, right_and_wrong, shown
from tests.test_linking import ANA, ANN, ANNA, EVE, STUDY, World

SERVER = Community("test", "-1")
SAID = "the quick brown fox of my own words"


@pytest.fixture
def world(bank: Bank, store: Store, clock: Clock) -> World:
    return World(bank, store, clock)


async def said(world: World, who: Person, text: str = SAID, where: Room | None = None) -> None:
    """Answer a question in one's own words, and claim the key point that was missed."""
    card = shown(await world.type(who, "/quiz mode:typed topic:basics", where))
    press = Press("type", button(card, "Type answer").press.deal)
    await world.press(who, press, where, text)
    await world.press(who, Press("claim", press.deal), where)


async def lived(world: World, who: Person) -> None:
    """Leave something in every table that can have something about a person."""
    await world.type(who, "/settings timezone:Asia/Tokyo reminder:20:00 interview:2026-05-01")
    await world.answer(who)
    await world.answer(who, where=Room(who.platform, "-1" if who.platform == "test" else "-2", community="-1"))
    await said(world, who)
    await said(world, who, f"{SAID} in public", Room(who.platform, "-1", community="-1"))
    world.clock.advance(days=2)
    await world.type(who, "/review")
    await world.type(who, "/mock")
    await world.type(who, "/daily time:09:00")
    await world.type(who, "/link")
    await world.type(who, "/link ABCD-EFGH")
    await world.store.memory.person_left(who, "-1")
    await world.store.memory.keep(f"{who.platform} prompt 7/{who.id}/9", f"{who.id} type:abc:")
    await world.store.memory.keep(f"{who.platform} prompt 7/{who.id}/latest", "9")


async def deleted(world: World, who: Person, where: Room | None = None) -> Card:
    asked = shown(await world.press(who, Press("privacy", value="delete"), where))
    return shown(await world.press(who, button(asked, "Delete everything"), where))


def exported(reply: Reply) -> Export:
    assert reply.file
    return Export.model_validate_json(reply.file.content)


# Seeing


async def test_privacy_says_what_is_kept_for_how_long_and_who_sees_it(world: World) -> None:
    reply = await world.type(ANN, "/privacy")
    assert reply.new
    for words in ("time zone", "what you typed", "Of voice messages nothing", "400 days", "30 days", "ten minutes"):
        assert words in reply.new.body
    assert [one.label for one in reply.new.buttons] == ["Export", "Delete"]
    aside = await world.type(ANN, "/privacy", STUDY)
    assert aside.aside == reply.new
    assert not aside.new


async def test_every_table_that_can_name_a_person_is_in_the_export(world: World, store: Store, url: str) -> None:
    database = store.privacy._database
    if url.startswith("sqlite"):
        rows = await database.fetch(
            "SELECT m.name AS table_name, c.name AS column_name FROM sqlite_master AS m, pragma_table_info(m.name) AS c"
            " WHERE m.type = 'table'"
        )
    else:
        rows = await database.fetch(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        )
    naming = {"learner", "audience", "person", "platform_id", "who", "text", "maker", "joiner", "opener"}
    tables = {row["table_name"] for row in rows if row["column_name"] in naming}
    found = await store.privacy.everything((await world.learner(ANN)).id)
    inside = {"said": "answer", "nobody": "learner"}  # with their answers; and who is nobody is no person
    assert {inside.get(table, table) for table in tables} <= set(found)


async def test_an_export_has_everything_and_nobody_elses_ids(world: World, database: Database) -> None:
    for who in (EVE, ANN, ANA):
        await lived(world, who)
    await world.link(ANN, ANA)
    reply = await world.press(ANN, Press("privacy", value="export"))
    export = exported(reply)
    assert reply.file
    assert (reply.file.name, reply.file.mime) == ("prepdeck-export.json", "application/json")
    assert {one.platform_id for one in export.accounts} == {ANN.id, ANA.id}
    assert {one.text for one in export.answers} == {None, SAID, f"{SAID} in public"}
    assert [one.former for one in export.profiles].count(False) == 1
    battles = {"played", "choices", "battles"}  # see below
    parts = {
        name: len(getattr(export, name)) or name in battles
        for name in Export.model_fields
        if isinstance(getattr(export, name), tuple)
    }
    assert all(parts.values()), parts
    assert export.exported_at == world.clock().replace(microsecond=0)
    text = reply.file.content.decode()
    learners = await database.fetch("SELECT id FROM learner")
    others = [EVE.id, *(row["id"] for row in learners)]
    assert not [word for word in others if f'"{word}"' in text]
    assert re.search(r'"answered_at": ?"2026-03-0\dT\d\d:00:\d\dZ"', text)
    assert reply.new
    assert "**Accounts:** Other, Test" in reply.new.body
    assert "of them typed" in reply.new.body
    aside = await world.press(ANN, Press("privacy", value="export"), STUDY)
    assert aside.file
    assert not aside.new


async def battled(database: Database, learner: str, other: str) -> None:
    """A battle of today, in which both have played."""
    battle = {
        "id": "b", "room": "r", "platform": "test", "opener": learner, "filters": "", "questions": 3, "seconds": 20,
        "state": "over", "place": 3, "receipt": "", "edited_at": 0, "began_at": 0, "why": "", "tries": 0,
    }  # fmt: skip
    names = ", ".join(battle), ", ".join(f":{name}" for name in battle)
    batch = [Statement(f"INSERT INTO battle ({names[0]}) VALUES ({names[1]})", battle)]
    for one, value in ((learner, "0"), (other, "1")):
        values = {"learner": one, "value": value}
        batch += [
            Statement("INSERT INTO player VALUES ('b', :learner, 1, FALSE, 0)", values),
            Statement("INSERT INTO choice VALUES ('b', 1, :learner, :value, 3)", values),
        ]
    await database.write(batch)


async def test_battles_of_today_go_along_are_exported_and_deleted(world: World, database: Database) -> None:
    async def export(who: Person) -> Export:
        return exported(await world.press(who, Press("privacy", value="export")))

    await battled(database, *[(await world.learner(who)).id for who in (ANN, EVE)])
    card = await world.link(ANA, ANN)
    joined = await export(ANA)
    assert [one.value for one in joined.choices] == ["0"]
    assert (len(joined.played), len(joined.battles)) == (1, 1)
    await world.undo(card, ANA)
    assert (await export(ANN)).choices == joined.choices
    assert not (await export(ANA)).choices
    await deleted(world, ANN)
    (left,) = await database.fetch("SELECT player.learner, choice.value, opener FROM player, choice, battle")
    assert (left["learner"], left["value"], left["opener"]) == ((await world.learner(EVE)).id, "1", "")


async def test_the_export_of_somebody_new_is_small_and_valid(world: World) -> None:
    export = exported(await world.press(ANN, Press("privacy", value="export")))
    assert (len(export.accounts), export.answers) == (1, ())


async def test_an_export_that_is_too_large_is_packed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await lived(world, ANN)
    monkeypatch.setattr("bot.learners.privacy.FILE_LIMIT", 3_000)
    reply = await world.press(ANN, Press("privacy", value="export"))
    assert reply.file
    assert reply.file.name == "prepdeck-export.json.gz"
    monkeypatch.setattr("bot.learners.privacy.FILE_LIMIT", 30)
    refused = await world.press(ANN, Press("privacy", value="export"))
    assert shown(refused).heading == "That is more than I can send here"


# Deleting


async def test_deleting_asks_once_and_the_button_works_once_for_its_owner_and_ten_minutes(world: World) -> None:
    await lived(world, ANN)
    asked = shown(await world.press(ANN, Press("privacy", value="delete")))
    confirm = button(asked, "Delete everything")
    assert "used" in shown(await world.press(EVE, confirm)).heading
    world.clock.advance(minutes=10)
    assert "too old" in shown(await world.press(ANN, confirm)).heading
    asked = shown(await world.press(ANN, Press("privacy", value="delete")))
    confirm = button(asked, "Delete everything")
    assert shown(await world.press(ANN, button(asked, "Keep it"))).heading == "Nothing was deleted"
    assert "used" in shown(await world.press(ANN, confirm)).heading
    assert (await world.store.practice_days(await world.learner(ANN))).practised
    done = await deleted(world, ANN)
    assert done.heading == "Everything about you is deleted"
    assert "**Backups**" in done.body
    assert "30 days" in done.body


async def test_after_it_the_same_person_begins_from_nothing(world: World) -> None:
    await lived(world, ANN)
    await deleted(world, ANN)
    learner = await world.learner(ANN)
    assert (learner.timezone, learner.hidden) == ("", False)
    export = exported(await world.press(ANN, Press("privacy", value="export")))
    full = {
        name: getattr(export, name)
        for name in Export.model_fields
        if isinstance(getattr(export, name), tuple) and getattr(export, name)
    }
    assert list(full) == ["accounts", "profiles"]
    await world.answer(ANN)
    assert await world.store.points(learner) == 2
    assert await world.streak_of(ANN) == 1


async def test_ranks_points_and_results_of_others_stay_true(world: World, database: Database) -> None:
    press = await world.answer(EVE, where=STUDY)
    world.clock.advance(seconds=10)
    await world.press(ANN, press, STUDY)
    await world.answer(ANN, where=STUDY)
    before = {who: await world.store.boards.mine(SERVER, "all", (await world.learner(who)).id) for who in (EVE, ANN)}
    given = await world.store.schedules.answers(press.deal)
    assert before[ANN]
    await deleted(world, ANN)
    assert await world.store.boards.mine(SERVER, "all", (await world.learner(EVE)).id) == before[EVE]
    listed = await world.store.boards.standings(SERVER, "all", 0, 10)
    assert [(one.name, one.points) for one in listed] == [("", before[ANN].points), ("Eve", 2)]
    assert await world.store.schedules.answers(press.deal) == given
    assert "somebody: " in shown(await world.type(EVE, "/leaderboard", STUDY)).body
    assert "Ann" not in shown(await world.type(EVE, "/leaderboard", STUDY)).body


async def test_who_hid_is_on_no_board_as_nobody_either(world: World) -> None:
    await world.answer(ANN, where=STUDY)
    await world.type(ANN, "/settings hide:yes")
    await deleted(world, ANN)
    assert await world.store.boards.size(SERVER, "all") == 0


async def test_a_daily_question_stays_for_its_group_and_is_nobodys(world: World, database: Database) -> None:
    await world.type(ANN, "/daily time:09:00")
    learner, room = await world.learner(ANN), await world.store.room(STUDY, world.clock())
    home = await world.store.room(world.home(ANN), world.clock())
    mine = await world.store.schedules.schedule(home)
    assert mine
    await world.store.schedules.set(None, replace(mine, id=room, room=STUDY))
    await deleted(world, ANN)
    assert not await world.store.schedules.schedule(home)
    kept = await world.store.schedules.schedule(room)
    assert kept
    assert (kept.person, kept.at) == ("", "09:00")
    assert kept.learner != learner.id


async def test_linked_accounts_go_together_with_what_they_were_before(world: World, database: Database) -> None:
    for who in (ANN, ANA, ANNA):
        await world.answer(who)
    await world.link(ANN, ANA)
    await world.link(ANNA, ANN)
    await deleted(world, ANA)
    for table in ("learner", "account", "answer", "deal", "review", "practice_day", "link", "seen", "score"):
        assert not await database.fetch(f"SELECT * FROM {table}"), table


async def test_a_press_that_was_under_way_leaves_nothing(world: World, database: Database) -> None:
    cards = [shown(await world.type(ANN, "/quiz mode:choice", STUDY)) for _ in range(5)]
    presses = [world.press(ANN, right_and_wrong(card)[0], STUDY) for card in cards]
    asked = shown(await world.press(ANN, Press("privacy", value="delete")))
    await asyncio.gather(*presses[:3], world.press(ANN, button(asked, "Delete everything")), *presses[3:])
    known = await database.fetch("SELECT learner FROM account UNION ALL SELECT learner FROM nobody")
    answers = await database.fetch("SELECT learner FROM answer")
    assert {row["learner"] for row in answers} <= {row["learner"] for row in known}


async def test_nothing_of_a_person_is_left_in_the_whole_database_file(bank: Bank, tmp_path: Path, clock: Clock) -> None:
    database = await connect(f"sqlite:///{tmp_path / 'prepdeck.db'}")
    await migrate(database)
    world = World(bank, Store(database), clock)
    person, other = Person("test", "7000000001"), Person("other", "7000000002")
    texts = [f"xylophone number {number} " + "of many words " * (number * 9 % 200) for number in range(60)]
    for number, text in enumerate(texts):
        for who, said_text in ((EVE, f"others say {number}" + " things" * (number % 50)), (person, text)):
            await said(world, who, said_text, STUDY if number % 3 else None)
        clock.advance(hours=1)
    for who in (person, other):
        await lived(world, who)
    card = await world.link(person, other)
    await said(world, other, "xylophone once more")
    await world.undo(card, other)
    await world.link(other, person)
    words = [b"7000000001", b"7000000002", b"xylophone", SAID.encode()]
    files = [tmp_path / f"prepdeck.db{end}" for end in ("", "-wal", "-shm")]

    def found() -> set[bytes]:
        contents = b"".join(file.read_bytes() for file in files if file.exists())
        return {word for word in words if word in contents}

    assert found() == set(words)
    learner = (await world.learner(person)).id
    assert (await deleted(world, person)).heading == "Everything about you is deleted"
    assert found() == set()
    assert learner.encode() not in b"".join(file.read_bytes() for file in files if file.exists())
    assert exported(await world.press(EVE, Press("privacy", value="export"))).answers
    await database.close()
    assert found() == set()


async def test_what_was_typed_is_in_no_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await lived(world, ANN)
    await world.press(ANN, Press("privacy", value="export"))
    await deleted(world, ANN)
    shown_at_debug = quiet("debug")
    told = "\n".join(record.getMessage() for record in caplog.records if shown_at_debug(record))
    assert SAID not in told
    assert "Ann" not in told
    assert [record.getMessage() for record in caplog.records if record.name == "bot.audit"] == [
        "a person exported their data",
        "a person deleted their data",
    ]


# Operators


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "bot.toml").write_text("database = 'sqlite:///kept.db'")
    return tmp_path


async def kept_in(folder: Path, bank: Bank, clock: Clock) -> None:
    database = await connect(f"sqlite:///{folder / 'kept.db'}")
    await migrate(database)
    await lived(World(bank, Store(database), clock), ANN)
    await database.close()


def test_an_operator_exports_and_deletes_and_the_audit_names_nobody(
    folder: Path, bank: Bank, clock: Clock, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    asyncio.run(kept_in(folder, bank, clock))
    assert main(["person", "export", "test:101"]) == 0
    export = Export.model_validate_json(capsys.readouterr().out)
    assert {one.text for one in export.answers} >= {SAID}
    assert main(["person", "delete", "test:101"]) == 0
    assert "30 days" in capsys.readouterr().out
    assert main(["person", "delete", "test:101"]) == main(["person", "export", "test:101"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "Nothing is kept about this person."
    audit = [record.getMessage() for record in caplog.records if record.name == "bot.audit"]
    assert audit == ["an operator exported the data of a person", "an operator deleted the data of a person"]
    assert b"101" not in (folder / "kept.db").read_bytes()


def test_an_operator_prints_the_schema_of_an_export(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["person", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert set(schema["properties"]) == set(Export.model_fields)


@pytest.mark.parametrize("who", ["telegram", "telegram:", ":5"])
def test_a_person_is_named_by_platform_and_id(folder: Path, who: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["person", "export", who])
    assert ended.value.code == 2
    assert "PLATFORM:ID" in capsys.readouterr().err
