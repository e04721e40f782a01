"""A bot that does nothing: the same two libraries, and a card that was ready before for whatever is pressed.

It is what ours is compared with: `python -m benchmarks.doing_nothing DISCORD_URL TELEGRAM_URL FOLDER`.
"""

import asyncio
import gc
import logging
import sys
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import discord
import orjson
from telegram import InlineKeyboardMarkup, MessageEntity, Update
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes

from adapters.discord.rendering import render as discord_pages
from adapters.telegram.rendering import alert
from adapters.telegram.rendering import render as telegram_pages
from adapters.telegram.transport import AiohttpRequest
from bot.__main__ import core, open_store, usable_bank, utc_now
from bot.config import Config
from bot.messages import Call, Card, Person, Press, Request, Room
from tests import loopback_discord, loopback_telegram

QUIZ = "quiz"
ROOT = Path(__file__).parent.parent


class Cards(NamedTuple):
    """What it shows."""

    question: Card
    verdict: Card
    explanation: Card

    def after(self, packed: str) -> Card:
        """The card that a press asks for."""
        return {"answer": self.verdict, "explain": self.explanation}.get(Press.unpack(packed).verb, self.question)


async def ready(folder: str) -> Cards:
    """A question, the verdict on its first choice and its explanation, as our bot shows them in a room."""
    config = Config(database=f"sqlite:///{folder}/cards.db", questions=[str(ROOT / "questions")])
    store = await open_store(config)
    _, dispatch, _ = core(config, usable_bank(config.questions), store, utc_now, Random(1))
    room = Room("discord", "1", community="1")

    async def shown(what: Call | Press) -> Card:
        (card,) = (await dispatch.answer(Request(Person("discord", "1"), room, what))).cards
        return card

    question = await shown(Call(QUIZ, {"mode": "choice"}))
    verdict = await shown(question.rows[0][0].press)
    explanation = await shown(next(one.press for one in verdict.buttons if one.press.verb == "explain"))
    await store.close()
    return Cards(question, verdict, explanation)


class DiscordFloor(discord.AutoShardedClient):
    """As little as discord.py can do: the same three cards, the verdict for its owner alone."""

    def __init__(self, cards: Cards) -> None:
        super().__init__(intents=discord.Intents(guilds=True), allowed_mentions=discord.AllowedMentions.none())
        self._cards = cards

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        data: Any = interaction.data or {}
        card = self._cards.after(data.get("custom_id", ""))
        (page,) = discord_pages(card)
        if card is self._cards.verdict and not interaction.guild_id:
            await interaction.response.edit_message(view=page.view())
        else:
            alone = card is not self._cards.question and bool(interaction.guild_id)
            await interaction.response.send_message(view=page.view(), ephemeral=alone)


def telegram_floor(cards: Cards, url: str) -> Application[Any, Any, Any, Any, Any, Any]:
    """As little as python-telegram-bot can do: in a group the verdict is an alert, in private the card changes."""
    pages: dict[str, Any] = {}
    for card in cards:
        (page,) = telegram_pages(card, lambda press: "https://t.me")
        entities = MessageEntity.de_list([one.to_dict() for one in page.text.entities])
        keyboard = InlineKeyboardMarkup.de_json(orjson.loads(page.keyboard))
        pages[card.heading] = {"text": page.text.text, "entities": entities, "reply_markup": keyboard}
    told = alert(cards.verdict)

    async def asked(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        chat = update.effective_chat
        assert chat
        await chat.send_message(**pages[cards.question.heading])

    async def pressed(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        chat = update.effective_chat
        assert query
        assert chat
        card = cards.after(str(query.data))
        if card is cards.verdict and chat.type != "private":
            await query.answer(told, show_alert=True)
            return
        await query.answer()
        if card is cards.verdict:
            await query.edit_message_text(**pages[card.heading])
        else:
            await chat.send_message(**pages[card.heading])

    builder = Application.builder().token(loopback_telegram.TOKEN).base_url(f"{url}/bot").concurrent_updates(True)
    builder.request(AiohttpRequest()).get_updates_request(AiohttpRequest(connection_pool_size=1))
    app = builder.build()
    app.add_handlers([CallbackQueryHandler(pressed), CommandHandler(QUIZ, asked)])
    return app


async def do_nothing(discord_url: str, telegram_url: str, folder: str) -> None:
    """Serve both platforms with it."""
    logging.basicConfig(level=logging.ERROR)
    cards = await ready(folder)
    gc.collect()
    gc.freeze()
    discord.http.Route.BASE = f"{discord_url}/api/v10"
    app = telegram_floor(cards, telegram_url)
    async with app:
        await app.start()
        assert app.updater
        await app.updater.start_polling()
        await DiscordFloor(cards).start(loopback_discord.TOKEN)


if __name__ == "__main__":
    asyncio.run(do_nothing(*sys.argv[1:]))
