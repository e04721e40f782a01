"""bot.toml and the environment: everything an operator can set, checked before anything starts.

Every key can come from the environment too: `BOT__DATABASE`, `BOT__TELEGRAM__API_URL`. The environment wins over the
file, and `DATABASE_URL`, `DISCORD_TOKEN` and `TELEGRAM_TOKEN`, which hosts set by themselves, win over all.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from bot.wording import languages

PREFIX = "BOT__"
SHORT_NAMES = {"DATABASE_URL": "database", "DISCORD_TOKEN": "discord.token", "TELEGRAM_TOKEN": "telegram.token"}

LISTS = {"questions", "discord.shard_ids"}  # with commas in between, in the environment


class ConfigError(Exception):
    """What is wrong with the configuration, one sentence a line, with file and key."""


def _database(url: str) -> str:
    try:
        parts = urlsplit(url)
        # A password with a slash or an at sign in it, not written as %2F or %40, shows as a port or a path.
        fine = parts.port != 0 and "@" not in parts.path
    except ValueError:
        fine = False
    if url.startswith("sqlite:"):
        fine = url.startswith("sqlite:///") and len(url) > 10 and "?" not in url and ":memory:" not in url
    elif not re.match(r"postgres(ql)?://.", url):
        fine = False
    if not fine:
        raise ValueError("expected sqlite:///file.db, sqlite:////absolute/file.db or postgresql://user@host/name")
    return url


def _place(name: str) -> str:
    if not name.strip():
        raise ValueError("expected a file or a folder")
    return name.strip()


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, OSError, ValueError) as error:
        raise ValueError("expected the IANA name of a time zone, such as Europe/Berlin") from error
    return name


def _locale(name: str) -> str:
    if name not in languages():
        raise ValueError(f"expected one of: {', '.join(sorted(languages()))}")
    return name


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if url and not (parts.scheme in {"http", "https"} and parts.netloc and parts.path in {"", "/"} and not parts.query):
        raise ValueError("expected an origin without a path, such as http://localhost:8081")
    return url.rstrip("/")


def _snowflake(number: str) -> str:
    if number and not number.isdecimal():
        raise ValueError("expected the id of a server, all digits, in quotes")
    return number


def _https(url: str) -> str:
    if url and not (urlsplit(url).scheme in {"http", "https"} and urlsplit(url).netloc):
        raise ValueError("expected a URL, such as https://bot.example.org/telegram")
    return url


def _listen(place: str) -> str:
    host, _, port = place.rpartition(":")
    if place and not (host and port.isdigit() and int(port) < 65536):
        raise ValueError("expected host:port, such as 127.0.0.1:8080")
    return place


_Origin = Annotated[str, AfterValidator(_origin)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _stripped(token: SecretStr) -> SecretStr:
    return SecretStr(token.get_secret_value().strip())  # of what comes along when it is copied


_Token = Annotated[SecretStr, AfterValidator(_stripped)]
_Shard = Annotated[int, Field(ge=0, strict=False)]


class Discord(_Section):
    token: _Token = SecretStr("")
    api_url: _Origin = ""
    sync_guild: Annotated[str, AfterValidator(_snowflake)] = ""
    shard_count: _Shard = 0
    shard_ids: list[_Shard] = []

    @field_validator("shard_ids")
    @classmethod
    def _each_is_there_once(cls, ids: list[int], info: ValidationInfo) -> list[int]:
        count = info.data.get("shard_count", max(ids, default=0) + 1)  # what is wrong with that is told already
        if ids and not count:
            raise ValueError("expected discord.shard_count too: into how many shards the servers are split")
        if len(set(ids)) < len(ids) or max(ids, default=-1) >= count:
            raise ValueError(f"expected numbers below discord.shard_count, which is {count}, each of them once")
        return ids


class Telegram(_Section):
    token: _Token = SecretStr("")
    api_url: _Origin = ""
    webhook_url: Annotated[str, AfterValidator(_https)] = ""


class Monitor(_Section):
    listen: Annotated[str, AfterValidator(_listen)] = ""
    log: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"


_Days = Annotated[int, Field(ge=1, strict=False)]  # from the environment they are text


class Privacy(_Section):
    keep_days: _Days = 400
    backup_days: _Days = 30


class Config(_Section):
    database: Annotated[str, AfterValidator(_database)] = "sqlite:///data/prepdeck.db"
    questions: list[Annotated[str, AfterValidator(_place)]] = Field(["questions"], min_length=1)
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    locale: Annotated[str, AfterValidator(_locale)] = "en"
    discord: Discord = Discord()
    telegram: Telegram = Telegram()
    monitor: Monitor = Monitor()
    privacy: Privacy = Privacy()


def read_config(path: Path | None, environment: Mapping[str, str]) -> Config:
    """The configuration of a file, if one is given, and of the environment. ConfigError names all that is wrong."""
    settings: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if path:
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: not UTF-8; save the file as UTF-8") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: not TOML: {error}") from error
    for variable, value in sorted(environment.items(), key=lambda item: item[0] in SHORT_NAMES):
        if variable in SHORT_NAMES and value:
            key = SHORT_NAMES[variable]
        elif variable.startswith(PREFIX):
            key = variable.removeprefix(PREFIX).lower().replace("__", ".")
        else:
            continue
        origins[key] = variable
        _put(settings, key, [one for one in value.split(",") if one] if key in LISTS else value, variable)
    try:
        return Config.model_validate(settings)
    except ValidationError as error:
        raise ConfigError(
            "\n".join(
                f"{origins.get(key) or path or 'environment'}: {_sentence(key, detail)}"
                for detail in error.errors(include_url=False)
                for key in (".".join(str(part) for part in detail["loc"] if isinstance(part, str)),)
            )
        ) from None  # the validation error shows the values, a token among them


def _put(settings: dict[str, Any], key: str, value: Any, variable: str) -> None:
    *sections, name = key.split(".")
    for section in sections:
        settings = settings.setdefault(section, {})
        if not isinstance(settings, dict):
            raise ConfigError(f"{variable}: `{section}` is no section")
    settings[name] = value


_EXPECTED = {
    "string_type": "text in quotes",
    "list_type": "a list in square brackets",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "greater_than_equal": "a larger number",
    "too_short": "at least one entry",
    "model_type": "a section of keys",
    "model_attributes_type": "a section of keys",
}


def _sentence(key: str, detail: Any) -> str:
    match detail["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(key, _keys(), n=1)
            return f"unknown key `{key}`" + (f"; did you mean `{near[0]}`?" if near else "")
        case "literal_error":
            return f"`{key}` is {_shown(key, detail['input'])}; expected {detail['ctx']['expected']}"
        case "value_error":
            return f"`{key}` is {_shown(key, detail['input'])}; {detail['ctx']['error']}"
        case kind if kind in _EXPECTED:
            return f"`{key}` is {_shown(key, detail['input'])}; expected {_EXPECTED[kind]}"
        case _:
            return f"`{key}`: {detail['msg']}"


def _shown(key: str, value: object) -> str:
    """The value, save where it may hold a password."""
    if "token" in key or (isinstance(value, str) and "@" in value):
        return "not what it should be"
    return repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:59]}…"


def _keys() -> list[str]:
    keys: list[str] = []
    for name, info in Config.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and issubclass(section, _Section):
            keys.extend(f"{name}.{inner}" for inner in section.model_fields)
        keys.append(name)
    return keys
