"""Presses handled: Prepdeck, which grades and keeps each answer, against a discord.py handler that only responds."""

import asyncio
import logging
import tempfile
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import discord
from pydantic import SecretStr

from adapters.discord import connect as connect_discord
from adapters.discord.rendering import render
from benchmarks.measuring import spread, verdict
from bot.__main__ import core, utc_now
from bot.bank.bank import Bank
from bot.bank.loading import load
from bot.config import Config, Discord
from bot.messages import Card, Reply, Request
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Store
from tests.loopback_discord import LoopbackDiscord, Message

ROUNDS = 7
PRESSES = 400
PEOPLE = range(10_000, 10_000 + PRESSES)
TOGETHER = 16
QUESTIONS = Path(__file__).parent.parent / "questions"


class Floor(discord.AutoShardedClient):
    """As little as a bot can do with a press: respond with a word, or with a card that was ready before."""

    card: Card | None = None

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        if self.card:
            (page,) = render(self.card)
            await interaction.response.send_message(view=page.view(), ephemeral=True)
        else:
            await interaction.response.send_message("ok", ephemeral=True)


async def per_second(server: LoopbackDiscord, message: Message) -> float:
    """Presses a second, each by somebody else, with so many on their way at any time."""
    people = iter(PEOPLE)

    async def worker() -> None:
        for who in people:
            interaction = await server.press(message, "A", who)
            await interaction.settled.wait()

    start = perf_counter()
    await asyncio.gather(*(worker() for _ in range(TOGETHER)))
    return PRESSES / (perf_counter() - start)


async def main() -> None:
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        database = await connect(f"sqlite:///{Path(folder, 'x.db')}")
        await migrate(database)
        store = Store(database)
        table, dispatch, _ = core(Config(), Bank(load([QUESTIONS]).topics), store, utc_now, Random(1))
        server = LoopbackDiscord(lenient=True)
        await server.start()
        settings = Config(discord=Discord(token=SecretStr(server.token), api_url=server.url))
        verdict_card: list[Card] = []

        async def answer(request: Request) -> Reply:
            reply = await dispatch.answer(request)
            verdict_card[:] = reply.cards
            return reply

        ours = connect_discord(settings, answer, table, store.memory)
        floor = Floor(intents=discord.Intents(guilds=True))
        running = []
        for client, serving in ((floor, floor.start(server.token)), (ours, ours.run())):
            server.connected.clear()
            running.append(asyncio.ensure_future(serving))
            await server.connected.wait()
            await client.wait_until_ready()
        floor_socket, our_socket = server.sockets
        for who in PEOPLE:  # known learners: what is measured is an answer, not a first visit
            await (await server.call("streak", who)).settled.wait()
        plain, alike, rates = [], [], []
        for _ in range(ROUNDS):
            dealt = await server.call("quiz", mode="choice")
            await dealt.settled.wait()
            question = dealt.messages[0]
            full = await per_second(server, question)
            server.sockets[:] = [our_socket, floor_socket]
            floor.card = verdict_card[0]
            alike.append(full / await per_second(server, question))
            floor.card = None
            plain.append(full / await per_second(server, question))
            server.sockets[:] = [floor_socket, our_socket]
            rates.append(full)
        rate = f"({median(rates):.0f}/s)"
        print(f"{TOGETHER} at once: ours / only sending the same card {verdict(alike, 0.6, at_least=True)}  {rate}")
        print(f"{TOGETHER} at once: ours / only sending the word ok   {spread(plain)}")
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        await floor.close()
        await server.stop()
        await store.close()
    logging.disable(logging.NOTSET)
