"""Presses handled: Prepdeck, which grades and keeps each answer, against bots that only answer the press and edit.

Each bot is a process of its own, and polls a loopback Telegram of its own for presses, which people make in private on
a card each. That Telegram and those people are this process: two processors are needed to measure the bots alone.
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import orjson
from telegram import InlineKeyboardMarkup, MessageEntity, Update
from telegram.ext import Application, CallbackQueryHandler, ContextTypes

from adapters.telegram.rendering import render
from adapters.telegram.transport import AiohttpRequest
from benchmarks.measuring import spread, verdict
from bot.__main__ import core, open_store, usable_bank, utc_now
from bot.config import Config, read_config
from bot.messages import Call, Person, Request, Room
from tests.loopback_telegram import TOKEN, LoopbackTelegram, Payload

ROUNDS = 7  # after one that only warms up
PRESSES = 400
PEOPLE = range(10_000, 10_000 + PRESSES)
TOGETHER = 16
ROOT = Path(__file__).parent.parent
PEER = ROOT / ".venv-aiogram"  # aiogram needs a pydantic of its own

AIOGRAM = """
import asyncio, sys
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import CallbackQuery

dispatcher = Dispatcher()

@dispatcher.callback_query()
async def pressed(query: CallbackQuery) -> None:
    await query.answer()
    await query.message.edit_text("ok")

session = AiohttpSession(api=TelegramAPIServer.from_base(sys.argv[1]))
asyncio.run(dispatcher.start_polling(Bot(sys.argv[2], session=session)))
"""


def floor(url: str, packed: str) -> None:
    """As little as python-telegram-bot can do with a press: edit to a word, or to a card that was ready before."""
    ready: Payload = orjson.loads(packed)
    entities = MessageEntity.de_list(ready["entities"])
    keyboard = InlineKeyboardMarkup.de_json(ready["reply_markup"])

    async def pressed(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        assert query
        await query.answer()
        if query.data == "card":
            await query.edit_message_text(ready["text"], entities=entities, reply_markup=keyboard)
        else:
            await query.edit_message_text("ok")

    builder = Application.builder().token(TOKEN).base_url(f"{url}/bot").concurrent_updates(True)
    builder.request(AiohttpRequest()).get_updates_request(AiohttpRequest(connection_pool_size=1))
    app = builder.build()
    app.add_handler(CallbackQueryHandler(pressed))
    app.run_polling()


class Side:
    """A bot's process, and its Telegram."""

    def __init__(self) -> None:
        self.server = LoopbackTelegram(lenient=True)
        self.server.faults.append(self._watch)
        self._edited: dict[int, asyncio.Event] = {}
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, *command: str | Path) -> None:
        # Without an environment: neither a proxy nor a token of another bot is meant for this one.
        self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env={})
        await self.server.until(lambda: self.server.asked("getUpdates"))

    async def stop(self) -> None:
        if self._process:
            self._process.kill()
            await self._process.wait()
        await self.server.stop()

    def _watch(self, method: str, params: Payload) -> None:
        if method == "editMessageText":
            self._edited[params["chat_id"]].set()

    async def per_second(self, cards: Sequence[Payload], **button: Any) -> float:
        """Presses a second, each by somebody else, with so many on their way at any time."""
        messages = [self.server._send("sendMessage", card) for card in cards]
        waiting = iter(messages)

        async def worker() -> None:
            for message in waiting:
                edited = self._edited[message.chat] = asyncio.Event()
                pressed = await self.server.press(message, who=message.chat, **button)
                await pressed.answered.wait()
                await edited.wait()

        start = perf_counter()
        await asyncio.gather(*(worker() for _ in range(TOGETHER)))
        elapsed = perf_counter() - start
        assert all(message.edits == 1 for message in messages)
        return PRESSES / elapsed


def configured(folder: str, url: str) -> Path:
    path = Path(folder, "bot.toml")
    path.write_text(
        f'database = "sqlite:///{folder}/x.db"\nquestions = ["{ROOT / "questions"}"]\nmonitor.log = "error"\n'
        f'[telegram]\ntoken = "{TOKEN}"\napi_url = "{url}"\n',
        encoding="utf-8",
    )
    return path


async def dealt(config: Config) -> list[tuple[Payload, ...]]:
    """A card for everybody in every round."""
    store = await open_store(config)
    _, dispatch, _ = core(config, usable_bank(config.questions), store, utc_now, Random(1))

    async def cards(who: int) -> list[Payload]:
        room = Room("telegram", str(who), private=True)
        request = Request(Person("telegram", str(who)), room, Call("quiz", {"mode": "choice"}))
        made = []
        for _ in range(ROUNDS + 1):
            card = (await dispatch.answer(request)).new
            assert card
            (page,) = render(card, lambda press: "https://t.me")
            assert page.keyboard
            entities = [entity.to_dict() for entity in page.text.entities]
            keyboard = orjson.loads(page.keyboard)
            made.append({"chat_id": who, "text": page.text.text, "entities": entities, "reply_markup": keyboard})
        return made

    rounds = list(zip(*await asyncio.gather(*(cards(who) for who in PEOPLE)), strict=True))
    await store.close()
    return rounds


async def main() -> None:
    ours, theirs, peer = sides = Side(), Side(), Side()
    for side in sides:
        await side.server.start()
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = configured(folder, ours.server.url)
            first, *rounds = await dealt(read_config(path, {}))
            await ours.run(sys.executable, "-m", "bot", "--config", path)
            await ours.per_second(first, label="A")
            card = orjson.dumps(ours.server.asked("editMessageText")[-1])
            await theirs.run(sys.executable, "-m", __name__, theirs.server.url, card.decode())
            await theirs.per_second(first, data="card")
            if there := (PEER / "bench").exists():
                await peer.run(PEER / "bin" / "python", "-c", AIOGRAM, peer.server.url, TOKEN)
                await peer.per_second(first, data="word")
            alike, plain, peers, rates = [], [], [], []
            for cards in rounds:
                full = await ours.per_second(cards, label="A")
                alike.append(full / await theirs.per_second(cards, data="card"))
                plain.append(full / await theirs.per_second(cards, data="word"))
                if there:
                    peers.append(full / await peer.per_second(cards, data="word"))
                rates.append(full)
            assert not ours.server.asked("sendMessage")  # it would wait for its turn
        finally:
            for side in sides:
                await side.stop()
    rate = f"({median(rates):.0f}/s)"
    print(f"{TOGETHER} at once: ours / only editing to the same card  {verdict(alike, 0.7, at_least=True)}  {rate}")
    print(f"{TOGETHER} at once: ours / only editing to the word ok    {spread(plain)}")
    what = verdict(peers, 1.0, at_least=True) if there else "not measured: `make bench` installs aiogram first"
    print(f"{TOGETHER} at once: ours / aiogram editing to the word ok {what}")


if __name__ == "__main__":
    floor(*sys.argv[1:])
