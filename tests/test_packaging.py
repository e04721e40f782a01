"""What hosts are given: every file, command, name and metric in it is one that there is."""

import asyncio
import configparser
import json
import re
import shlex
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from bot.__main__ import _parser
from bot.config import Config, read_config
from bot.monitor import Monitor
from bot.store.store import Store
from bot.tally import Tally
from tests.people import Clock

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
HOSTED = [
    "Procfile",
    "Dockerfile",
    ".dockerignore",
    "compose.yaml",
    *(f"deploy/{one.name}" for one in DEPLOY.iterdir()),
]
LABELS = {"platform", "verdict", "outcome", "kind", "place", "level"}  # that ours have; see test_monitor.py
NAMES = {"DATABASE_URL", "DISCORD_TOKEN", "TELEGRAM_TOKEN"}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def steps(name: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, each with its arguments in one line."""
    lines = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text(name))).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def service() -> dict[str, list[str]]:
    """The keys of the unit's service, with all of their values."""
    found: dict[str, list[str]] = {}
    (section,) = re.findall(r"(?s)\[Service\](.*?)\n\[", text("deploy/prepdeck.service"))
    for line in section.splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def runs(arguments: list[str]) -> str:
    """The verb that a command line of ours asks for. It must be one that there is."""
    python, module, bot, *rest = arguments
    assert (Path(python).name, module, bot) == ("python", "-m", "bot")
    return str(_parser().parse_args(rest).run.__name__)


def is_setting(name: str, value: str) -> bool:
    """Whether we understand this from the environment."""
    return name in NAMES or (name.startswith("BOT__") and bool(read_config(None, {name: value})))


@pytest.mark.parametrize("name", HOSTED)
def test_nothing_secret_and_no_place_of_ours_is_in_what_is_packaged(name: str) -> None:
    found = text(name)
    assert not re.search(r"[0-9]{8,}:[\w-]{20,}|[\w-]{20,}\.[\w-]{6}\.[\w-]{20,}|(TOKEN|PASSWORD)=\w", found)
    assert not re.search(r"https?://(?!127\.0\.0\.1)", found)


def test_the_procfile_runs_the_bot_as_a_worker() -> None:
    processes = dict(line.split(": ", 1) for line in text("Procfile").splitlines())
    assert {name: runs(shlex.split(line)) for name, line in processes.items()} == {"worker": "_run"}


# systemd


def test_the_unit_runs_the_bot_as_nobody_in_particular() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read_string(text("deploy/prepdeck.service"))
    assert set(unit.sections()) == {"Unit", "Service", "Install"}
    found = service()
    assert runs(shlex.split(found["ExecStart"][0])) == "_run"
    assert found["DynamicUser"] == found["NoNewPrivileges"] == ["yes"]
    assert found["ProtectSystem"] == ["strict"]
    assert "User" not in found
    assert found["Restart"] == ["on-failure"]
    assert found["KillSignal"] == ["SIGTERM"]
    assert int(found["TimeoutStopSec"][0]) > 10  # which is how long we take at most


def test_the_unit_keeps_the_database_in_its_folder_and_says_only_what_we_understand() -> None:
    found = service()
    settings = dict(one.split("=", 1) for line in found["Environment"] for one in shlex.split(line))
    ours = {name: value for name, value in settings.items() if not name.startswith("PYTHON")}
    assert all(is_setting(*setting) for setting in ours.items())
    config = read_config(None, ours)
    assert config.database.startswith(f"sqlite:////var/lib/{found['StateDirectory'][0]}/")
    assert config.monitor.listen.startswith("127.0.0.1:")


def test_the_example_of_an_environment_is_understood_as_it_stands() -> None:
    lines = [line for line in text("deploy/env.example").splitlines() if line and not line.startswith("#")]
    settings = dict(line.split("=", 1) for line in lines)
    asked = set(re.findall(r"\$\{(\w+)", text("compose.yaml")))
    assert {name for name, value in settings.items() if not is_setting(name, value)} == asked
    assert read_config(None, settings)
    assert not any(settings[name] for name in (*asked, "DISCORD_TOKEN", "TELEGRAM_TOKEN"))


# Docker


def sent() -> list[str]:
    """What `.dockerignore` lets through."""
    return [line[1:] for line in text(".dockerignore").splitlines() if line.startswith("!")]


def test_the_image_is_made_of_files_that_are_there_and_that_docker_is_sent() -> None:
    copied = [rest for word, rest in steps("Dockerfile") if word == "COPY" and not rest.startswith("--from")]
    places = [place for rest in copied for place in rest.split()[:-1]]
    assert all((ROOT / place).exists() for place in places)
    assert set(places) == set(sent())
    assert {"bot", "adapters", "questions", "requirements.txt"} <= set(places)
    assert text(".dockerignore").splitlines()[1] == "*"  # nothing else


def test_the_image_has_all_that_the_bot_imports_and_nothing_unlocked() -> None:
    ((command),) = [rest for word, rest in steps("Dockerfile") if "pip" in rest]
    assert "--require-hashes -r requirements.txt" in command
    bases = [rest for word, rest in steps("Dockerfile") if word == "FROM"]
    assert all(re.fullmatch(r"python:3\.\d+-slim( AS built)?", base) for base in bases)
    python = re.search(r"python:3\.(\d+)-slim", text("Dockerfile"))
    least = re.search(r'requires-python = ">=3\.(\d+)"', text("pyproject.toml"))
    assert python
    assert least
    assert int(python[1]) >= int(least[1])


def test_the_image_runs_the_bot_as_a_user_who_owns_one_folder() -> None:
    instructions = steps("Dockerfile")
    order = [word for word, _ in instructions]
    values = dict(instructions)
    assert order.index("USER") < order.index("ENTRYPOINT")
    (made,) = [rest for word, rest in instructions if word == "RUN" and "useradd" in rest]
    assert re.search(rf"useradd --system --uid [1-9]\d+ .*/nologin {values['USER']} ", made)
    entry, command = json.loads(values["ENTRYPOINT"]), json.loads(values["CMD"])
    assert runs(entry + command) == "_run"
    assert Path(Config().database.removeprefix("sqlite:///")).parent == Path(values["VOLUME"]).relative_to(
        next(rest for word, rest in instructions if word == "WORKDIR")
    )


def test_the_health_check_asks_where_the_image_listens() -> None:
    values = dict(steps("Dockerfile"))
    settings = dict(one.split("=", 1) for one in shlex.split(values["ENV"]))
    assert is_setting("BOT__MONITOR__LISTEN", settings["BOT__MONITOR__LISTEN"])
    port = settings["BOT__MONITOR__LISTEN"].rpartition(":")[2]
    check = json.loads(values["HEALTHCHECK"].partition("CMD ")[2])
    compile(check[2], "HEALTHCHECK", "exec")
    assert f"http://127.0.0.1:{port}/healthz" in check[2]
    assert values["EXPOSE"] == port


def test_compose_waits_for_a_healthy_database_and_keeps_it() -> None:
    compose = yaml.safe_load(text("compose.yaml"))
    bot, database = compose["services"]["bot"], compose["services"]["database"]
    assert bot["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert database["image"] == "postgres:17"
    assert database["healthcheck"]["test"][1] == "pg_isready"
    assert "ports" not in database  # only the bot reaches it
    volumes = [volume.partition(":")[0] for one in (bot, database) for volume in one["volumes"]]
    assert set(volumes) == set(compose["volumes"])
    assert int(bot["stop_grace_period"].rstrip("s")) > 10
    assert bot["ports"] == ["127.0.0.1:8080:8080"]
    given = {**database["environment"], **bot["environment"]}
    url = re.sub(r"\$\{(\w+):\?[^}]*\}", "secret", bot["environment"]["DATABASE_URL"])
    assert all(is_setting(name, url) for name in bot["environment"])
    assert read_config(None, {"DATABASE_URL": url}).database == (
        f"postgresql://{given['POSTGRES_USER']}:secret@database/{given['POSTGRES_DB']}"
    )


# What is watched


@pytest.fixture
def metrics(sqlite_store: Store) -> dict[str, str]:
    """The metrics that there are, with what each is."""
    database: Any = sqlite_store._database
    monitor = Monitor(database, sqlite_store.schedules, {}, Tally(), Clock())
    return {family.name: family.type for family in monitor.registry.collect()}


def samples(metrics: dict[str, str]) -> dict[str, str]:
    """The names by which Prometheus knows them, with the metric of each."""
    ends = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
    return {name + end: name for name, kind in metrics.items() for end in ends.get(kind, [""])}


def asked(expression: str) -> set[str]:
    """The metrics of a query: what is followed by labels, a range, an operator or the end, and is no function."""
    bare = re.sub(r'"[^"]*"', "", expression)
    return set(re.findall(r"\b(?:prepdeck|process)_\w+", bare))


def panels() -> Iterator[str]:
    board = json.loads(text("deploy/grafana.json"))
    places = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
    assert len(places) == len(set(places)) == len({panel["id"] for panel in board["panels"]})
    for panel in board["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(text("deploy/alerts.yaml"))["groups"] for rule in group["rules"]]


def test_every_panel_asks_for_a_metric_that_there_is(metrics: dict[str, str]) -> None:
    for expression in panels():
        assert asked(expression)
        assert asked(expression) <= set(samples(metrics)), expression


def test_every_metric_of_ours_is_in_a_panel(metrics: dict[str, str]) -> None:
    shown = {samples(metrics)[name] for expression in panels() for name in asked(expression)}
    assert {name for name in metrics if name.startswith("prepdeck")} - shown == set()


def test_every_alert_asks_for_a_metric_that_there_is_and_says_what_to_do(metrics: dict[str, str]) -> None:
    rules = alerts()
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert asked(rule["expr"]) <= set(samples(metrics)), rule["alert"]
        assert asked(rule["expr"]) or rule["expr"].startswith("up{")
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["description"].endswith(".")


def test_labels_in_queries_are_labels_that_there_are() -> None:
    known = {"instance", "job", "le", *LABELS}
    for expression in [*panels(), *(rule["expr"] for rule in alerts())]:
        used = set(re.findall(r"(\w+)=~?\"", expression))
        used |= {name for group in re.findall(r"by \(([^)]*)\)", expression) for name in group.split(", ")}
        assert used <= known, expression


def test_what_is_packaged_is_read_by_everybody_and_run_by_nobody() -> None:
    assert all(not stat.S_IMODE((ROOT / name).stat().st_mode) & 0o111 for name in HOSTED)


HOLE = {
    "id": "OSV-1",
    "summary": "a hole",
    "affected": [{"package": {"name": "aiohttp", "ecosystem": "PyPI"}, "ranges": []}],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "known", "code", "told"),
    [
        (200, {}, 0, "No known vulnerabilities found"),
        (200, {"vulns": [HOLE]}, 1, "OSV-1"),
        (503, {}, 0, "SKIPPED: the audit of dependencies, since the list of known holes can't be reached"),
        (None, {}, 0, "SKIPPED: the audit of dependencies, since the list of known holes can't be reached"),
    ],
    ids=["none", "a hole", "trouble there", "nobody there"],
)
async def test_a_known_hole_in_a_dependency_fails_the_gates_and_not_to_know_is_said_aloud(
    status: int | None, known: dict[str, Any], code: int, told: str
) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        package = json.loads(await request.read())["package"]["name"]
        return web.json_response(known if package == "aiohttp" else {}, status=status or 200)

    server = web.ServerRunner(web.Server(answer))
    await server.setup()
    await web.TCPSite(server, "127.0.0.1", 0).start()
    url = "http://{}:{}/v1/query".format(*server.addresses[0][:2])
    if not status:
        await server.cleanup()
    audit = await asyncio.create_subprocess_exec(
        ROOT / ".ci" / "audit", "--osv-url", url, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output, _ = await audit.communicate()
    await server.cleanup()
    assert told in output.decode()
    assert audit.returncode == code
