"""bot.toml and the environment: every wrong key, type and value is refused by name."""

import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.config import Config, ConfigError, read_config

EXAMPLE = Path(__file__).parent.parent / "bot.toml.example"


def read(folder: Path, text: str = "", **environment: str) -> Config:
    path = folder / "bot.toml"
    path.write_text(text)
    return read_config(path, environment)


def refused(folder: Path, text: str = "", **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, **environment)
    return str(caught.value).replace(f"{folder}/", "")


def test_everything_is_optional(tmp_path: Path) -> None:
    config = read(tmp_path)
    assert config == read_config(None, {}) == Config()
    assert (config.database, config.questions, config.timezone) == ("sqlite:///data/prepdeck.db", ["questions"], "UTC")


def test_the_example_is_valid_and_shows_every_key_with_its_default() -> None:
    assert read_config(EXAMPLE, {}) == Config()
    written = tomllib.loads(EXAMPLE.read_text())
    assert list(written) == list(Config.model_fields)
    for name, section in Config():
        if isinstance(section, BaseModel):
            assert list(written[name]) == list(type(section).model_fields)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("databse = 'sqlite:///x'", "bot.toml: unknown key `databse`; did you mean `database`?"),
        ("[telegram]\ntokn = ''", "bot.toml: unknown key `telegram.tokn`; did you mean `telegram.token`?"),
        ("[slack]\ntoken = ''", "bot.toml: unknown key `slack`"),
        ("database = 3", "bot.toml: `database` is 3; expected text in quotes"),
        ("database = 'x.db'", "bot.toml: `database` is 'x.db'; expected sqlite:///file.db, sqlite:////absolute/file"),
        ("questions = 'questions'", "bot.toml: `questions` is 'questions'; expected a list in square brackets"),
        ("database = 'sqlite:///:memory:'", "`database` is 'sqlite:///:memory:'; expected sqlite:///file.db"),
        ("questions = ['']", "bot.toml: `questions` is ''; expected a file or a folder"),
        ("questions = []", "bot.toml: `questions` is []; expected at least one entry"),
        ("timezone = 'Berlin'", "bot.toml: `timezone` is 'Berlin'; expected the IANA name of a time zone"),
        ("timezone = '../../etc/passwd'", "bot.toml: `timezone` is '../../etc/passwd'; expected the IANA name"),
        ("locale = 'tlh'", "bot.toml: `locale` is 'tlh'; expected one of: en"),
        ("discord = 3", "bot.toml: `discord` is 3; expected a section of keys"),
        ("[discord]\napi_url = 'localhost:1'", "bot.toml: `discord.api_url` is 'localhost:1'; expected an origin"),
        ("[discord]\napi_url = 'http://h/bot'", "`discord.api_url` is 'http://h/bot'; expected an origin without a"),
        (
            "[discord]\nshard_ids = [0]",
            "`discord.shard_ids` is [0]; expected discord.shard_count too: into how many shards",
        ),
        ("[discord]\nshard_count = 2\nshard_ids = [0, 2]", "`discord.shard_ids` is [0, 2]; expected numbers below"),
        ("[discord]\nshard_count = 2\nshard_ids = [1, 1]", "which is 2, each of them once"),
        ("[discord]\nshard_ids = 1", "`discord.shard_ids` is 1; expected a list in square brackets"),
        ("[discord]\nshard_count = -1\nshard_ids = [-1]", "`discord.shard_ids` is -1; expected a larger number"),
        ("[discord]\nshard_count = 'four'", "`discord.shard_count` is 'four'; expected a whole number"),
        ("[telegram]\nwebhook_url = 'x'", "bot.toml: `telegram.webhook_url` is 'x'; expected a URL"),
        ("[monitor]\nlisten = '8080'", "bot.toml: `monitor.listen` is '8080'; expected host:port"),
        ("[monitor]\nlisten = 'h:99999'", "bot.toml: `monitor.listen` is 'h:99999'; expected host:port"),
        ("[monitor]\nlog = 'loud'", "`monitor.log` is 'loud'; expected 'debug', 'info', 'warning' or 'error'"),
        ("[monitor]\nlog_format = 'xml'", "bot.toml: `monitor.log_format` is 'xml'; expected 'text' or 'json'"),
        ("database = ", "bot.toml: not TOML: "),
    ],
)
def test_a_mistake_is_refused_with_file_key_and_what_was_expected(tmp_path: Path, text: str, told: str) -> None:
    assert told in refused(tmp_path, text)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    assert len(refused(tmp_path, "a = 1\ntimezone = 'x'\n[monitor]\nlog = 'x'").splitlines()) == 3


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        read_config(tmp_path / "none.toml", {})
    (tmp_path / "bot.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_config(tmp_path / "bot.toml", {})


def test_every_key_can_come_from_the_environment_and_wins_over_the_file(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        "timezone = 'UTC'\n[telegram]\napi_url = 'http://file'",
        BOT__TIMEZONE="Asia/Tokyo",
        BOT__TELEGRAM__API_URL="http://localhost:8081/",
        BOT__QUESTIONS="a,b",
        BOT__MONITOR__LOG="debug",
        HOME="/root",
    )
    assert (config.timezone, config.telegram.api_url, config.questions) == (
        "Asia/Tokyo", "http://localhost:8081", ["a", "b"],
    )  # fmt: skip
    assert config.monitor.log == "debug"


def test_the_names_that_hosts_use_win_over_all(tmp_path: Path) -> None:
    config = read(
        tmp_path, "database = 'sqlite:///a.db'", DATABASE_URL="postgres://u@h/n", BOT__DATABASE="sqlite:///b.db"
    )
    assert config.database == "postgres://u@h/n"
    assert read(tmp_path, DISCORD_TOKEN="t").discord.token.get_secret_value() == "t"  # noqa: S106


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("BOT__DATABSE", "x", "BOT__DATABSE: unknown key `databse`; did you mean `database`?"),
        ("BOT__MONITOR__LOG", "loud", "BOT__MONITOR__LOG: `monitor.log` is 'loud'; expected"),
        ("BOT__DATABASE__URL", "x", "BOT__DATABASE__URL: `database` is no section"),
        ("DATABASE_URL", "postgresql://u:se/secret@h/n", "DATABASE_URL: `database` is not what it should be; expected"),
        ("DATABASE_URL", "mysql://root:secret@h/n", "DATABASE_URL: `database` is not what it should be; expected"),
    ],
)
def test_a_mistake_in_the_environment_is_told_by_its_variable_and_never_with_a_password(
    tmp_path: Path, variable: str, value: str, told: str
) -> None:
    message = refused(tmp_path, "database = 'sqlite:///a.db'", **{variable: value})
    assert told in message
    assert "secret" not in message


def test_a_token_is_never_shown(tmp_path: Path) -> None:
    assert "s3cret" not in refused(tmp_path, "[discord]\ntoken = ['s3cret']")
    config = read(tmp_path, "[discord]\ntoken = 's3cret'")
    assert "s3cret" not in repr(config) + str(config)


def test_the_shards_of_a_process_can_come_from_its_environment(tmp_path: Path) -> None:
    config = read(tmp_path, BOT__DISCORD__SHARD_COUNT="4", BOT__DISCORD__SHARD_IDS="2,3")
    assert (config.discord.shard_count, config.discord.shard_ids) == (4, [2, 3])
    assert read(tmp_path, BOT__DISCORD__SHARD_IDS="").discord.shard_ids == []
