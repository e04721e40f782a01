"""What is logged: a line for each thing, with the request it belongs to; no token, no name, nothing that was said."""

import asyncio
import json
import logging
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.config import Config, Discord, Monitor, Telegram
from bot.logs import LogFormatter, quiet, request_id
from bot.messages import Call, Press, Request
from tests.loopback_discord import LoopbackDiscord
from tests.loopback_telegram import ADA, LoopbackTelegram
from tests.people import ADA as SOMEONE
from tests.people import HOME, Conversation, shown

ROOT = Path(__file__).parent.parent
NAME, WORDS, COMMAND = "Zaphod", "petunias", "vogonpoetry"
DISCORD_TOKEN = "discordsecret.token-x"  # noqa: S105


def config(log_format: str = "text") -> Config:
    form: Any = log_format
    telegram, discord = Telegram(token=SecretStr("1:secret")), Discord(token=SecretStr(DISCORD_TOKEN))
    return Config(telegram=telegram, discord=discord, monitor=Monitor(log_format=form))


def record(message: str, *values: object, error: bool = False) -> logging.LogRecord:
    found = None
    if error:
        try:
            raise OSError("https://example.org/bot1:secret/getMe failed")
        except OSError as raised:
            found = (type(raised), raised, raised.__traceback__)
    return logging.LogRecord("bot.x", logging.ERROR, "", 1, message, values, found)


@pytest.fixture
async def asked() -> AsyncIterator[str]:
    """While a request is answered."""
    before = request_id.set("aB3xYz")
    yield "aB3xYz"
    request_id.reset(before)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_line_has_a_token_in_it_and_no_traceback_either(log_format: str) -> None:
    line = LogFormatter(config(log_format)).format(record("asked bot%s by %s", "1:secret", DISCORD_TOKEN, error=True))
    assert "asked bot[token] by [token]" in line
    assert "https://example.org/bot[token]/getMe failed" in line
    assert "secret" not in line


def test_text_names_the_level_the_module_and_the_request() -> None:
    formatter = LogFormatter(config())
    assert formatter.format(record("it %s", "failed")) == "ERROR bot.x: it failed"
    before = request_id.set("aB3xYz")
    assert formatter.format(record("it failed")) == "ERROR bot.x [aB3xYz]: it failed"
    request_id.reset(before)


def test_json_is_an_object_in_one_line_with_the_time_and_the_traceback() -> None:
    before = request_id.set("aB3xYz")
    line = LogFormatter(config("json")).format(record("it\nfailed “%s”", "x", error=True))
    request_id.reset(before)
    assert "\n" not in line
    told = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", told.pop("time"))
    assert told.pop("error").startswith("Traceback")
    assert told == {"level": "error", "logger": "bot.x", "message": "it\nfailed “x”", "request": "aB3xYz"}


def test_what_a_message_quotes_begins_no_line_of_its_own_and_paints_nothing() -> None:
    line = LogFormatter(config()).format(record("refused: %s", "x\nERROR bot: forged\r\x1b[31m\x00"))
    assert line == "ERROR bot.x: refused: x\\nERROR bot: forged\\r\\x1b[31m\\x00"
    assert len(LogFormatter(config()).format(record("x", error=True)).splitlines()) > 2  # tracebacks stay readable


@pytest.mark.parametrize(
    ("level", "name", "heard"),
    [
        ("debug", "bot.dispatch", logging.DEBUG),
        ("debug", "adapters.discord", logging.DEBUG),
        ("debug", "discord.gateway", logging.INFO),  # at debug it tells whole messages
        ("info", "discord.gateway", logging.WARNING),
        ("warning", "aiohttp.server", logging.WARNING),
        ("error", "aiohttp.server", logging.ERROR),
        ("debug", "bothersome", logging.INFO),
    ],
)
def test_libraries_are_heard_one_level_later_than_we(level: str, name: str, heard: int) -> None:
    lets_through = quiet(level)
    levels = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)
    assert [one for one in levels if lets_through(logging.LogRecord(name, one, "", 1, "x", (), None))] == [
        one for one in levels if one >= heard
    ]


async def test_the_reference_that_people_see_is_that_of_the_request_in_the_log(
    conversation: Conversation, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*given: object) -> None:
        raise ZeroDivisionError

    formatter = LogFormatter(config("json"))
    lines: list[str] = []

    class Written(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(formatter.format(record))

    monkeypatch.setattr(conversation.commands, "presses", {"answer": broken})
    handler, root = Written(), logging.getLogger("bot")
    root.addHandler(handler)
    try:
        press = Request(SOMEONE, HOME, Press("answer", "d", "A"))
        replies = await asyncio.gather(*(conversation.answer(press) for _ in range(3)))
    finally:
        root.removeHandler(handler)
    references = [json.loads(line)["request"] for line in lines]
    assert len(set(references)) == 3
    assert [f"reference {reference}" in shown(reply).body for reference, reply in zip(references, replies, strict=True)]
    for reference, reply in zip(references, replies, strict=True):
        assert reference in shown(reply).body


async def test_at_debug_each_request_is_a_line_and_at_info_none_is(
    conversation: Conversation, caplog: pytest.LogCaptureFixture
) -> None:
    for level, number in ((logging.INFO, 0), (logging.DEBUG, 1)):
        caplog.clear()
        with caplog.at_level(level, "bot"):
            await conversation.answer(Request(SOMEONE, HOME, Call("help")))
        assert [record.getMessage() for record in caplog.records] == ["test: Call"] * number


# The whole program


async def _asked_until(url: str, status: int) -> str:
    """What is answered there, once it is answered with this status."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        while True:
            try:
                async with session.get(url) as answer:
                    if answer.status == status:
                        return await answer.text()
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.02)


async def _talk(discord: LoopbackDiscord, telegram: LoopbackTelegram) -> None:
    """Ask, answer in one's own words and misspell a command, on both platforms."""
    telegram.people[ADA].name = NAME
    await telegram.say(f"/{COMMAND} {WORDS}")
    await telegram.until(lambda: len(telegram.messages) == 1)
    await telegram.say("/quiz mode:typed")
    await telegram.until(lambda: len(telegram.messages) == 2)
    await telegram.press(telegram.messages[-1], "Type answer")
    await telegram.until(lambda: len(telegram.messages) == 3)
    prompt = telegram.messages[-1]
    while "Not quite" not in telegram.messages[-1].text:  # whoever types faster than it is kept what for gets help
        before = len(telegram.messages)
        await telegram.say(WORDS, reply_to=prompt)
        await telegram.until(lambda before=before: len(telegram.messages) > before)
    await telegram.press(telegram.messages[1], data=f"answer:{WORDS}:A")
    dealt = await discord.call("quiz", mode="typed")
    await asyncio.wait_for(dealt.answered.wait(), 20)
    await discord.until(lambda: discord.messages)
    asked = await discord.press(discord.messages[-1], "Type answer")
    await asyncio.wait_for(asked.answered.wait(), 20)
    assert asked.modal
    said = await discord.submit(asked.modal, WORDS, discord.messages[-1])
    await asyncio.wait_for(said.answered.wait(), 20)
    told = await discord.call(COMMAND, words=WORDS)
    await asyncio.wait_for(told.answered.wait(), 20)


@pytest.mark.parametrize(("log", "log_format"), [("info", "text"), ("debug", "json")])
async def test_the_whole_program_logs_no_token_no_name_and_nothing_that_was_said(
    log: str,
    log_format: str,
    server: LoopbackDiscord,
    telegram: LoopbackTelegram,
    tmp_path: Path,
    unused_tcp_port: int,
) -> None:
    """It is ready on both platforms; Telegram's webhook is heard where health is asked for."""
    (tmp_path / "questions").mkdir()
    question = "{id: one, question: q, answer: a, key_points: [the first point]}"
    (tmp_path / "questions" / "t.yaml").write_text(f"questions: [{question}]")
    place = f"127.0.0.1:{unused_tcp_port}"
    server.token = DISCORD_TOKEN
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DISCORD_TOKEN": DISCORD_TOKEN,
        "BOT__DISCORD__API_URL": server.url,
        "TELEGRAM_TOKEN": telegram.token,
        "BOT__TELEGRAM__API_URL": telegram.url,
        "BOT__TELEGRAM__WEBHOOK_URL": f"http://{place}/telegram",
        "BOT__MONITOR__LISTEN": place,
        "BOT__MONITOR__LOG": log,
        "BOT__MONITOR__LOG_FORMAT": log_format,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=tmp_path, env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert await _asked_until(f"http://{place}/readyz", 200) == '{"ready":true,"missing":{}}'
    await _talk(server, telegram)
    metrics = await _asked_until(f"http://{place}/metrics", 200)
    process.send_signal(signal.SIGTERM)
    _, logged = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0
    text = logged.decode()
    for forbidden in (DISCORD_TOKEN, telegram.token, telegram.token.partition(":")[2], NAME, WORDS, COMMAND):
        assert forbidden not in text, forbidden
        assert forbidden not in metrics, forbidden
    assert 'prepdeck_answers_total{platform="telegram",verdict="wrong"} 1.0' in metrics
    assert 'prepdeck_answers_total{platform="discord",verdict="wrong"} 1.0' in metrics
    assert "Telegram: serving as" in text
    assert "Traceback" not in text
    if log_format == "json":
        lines = [json.loads(line) for line in text.splitlines()]
        requests = [line for line in lines if line["logger"] == "bot.dispatch"]
        assert {line["message"] for line in requests} >= {"telegram: Call", "discord: Call", "telegram: Typed"}
        assert len({line["request"] for line in requests}) == len(requests)
    else:
        assert all(
            re.match(r"(INFO|WARNING) (bot|adapters)\.[\w.]+( \[\w{6}\])?: ", line) for line in text.splitlines()
        )
