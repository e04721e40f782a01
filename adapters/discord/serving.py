"""What people do on Discord, as requests, and what is said to them within Discord's time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import aiohttp
import discord
from discord import ui

from adapters.discord.rendering import Page, render
from bot.commands import Commands
from bot.messages import Call, Card, File, Person, Press, Rank, Reply, Request, Room, Tone, Typed
from bot.platforms import Answer
from bot.wording import say

logger = logging.getLogger(__name__)

DEFER_AFTER = 1.5  # seconds; an interaction dies after 3
DELIVERY_TIME = 12.0  # seconds for one message: discord.py tries four times in it after a 5xx
RETRIES = 3  # after a cut connection, which discord.py does not try again
MODAL_TITLE = 45
MODAL_TEXT = 4_000

ALREADY_ACKNOWLEDGED = 40060
UNKNOWN_INTERACTION = 10062

Interaction = discord.Interaction[Any]


class Serving:
    def __init__(self, answer: Answer, commands: Commands) -> None:
        self._answer = answer
        self._commands = commands
        self._in_hand: set[asyncio.Task[None]] = set()

    async def heard(self, interaction: Interaction) -> None:
        """A button or a modal. Commands come by way of the tree."""
        data: Any = interaction.data or {}
        if interaction.type is discord.InteractionType.component:
            press = Press.unpack(data.get("custom_id", ""))
            if prompt := self._commands.prompts.get(press.verb):
                await deliver(lambda: interaction.response.send_modal(_Prompt(press, prompt)))
            else:
                await self.serve(interaction, press)
        elif interaction.type is discord.InteractionType.modal_submit:
            press = Press.unpack(data.get("custom_id", ""))
            await self.serve(interaction, Typed(press, "\n".join(_typed(data.get("components", ())))))

    async def serve(self, interaction: Interaction, what: Call | Press | Typed) -> None:
        task = asyncio.current_task()
        assert task  # noqa: S101 - a coroutine runs in a task
        self._in_hand.add(task)
        try:
            await self._reply(interaction, request_from(interaction, what))
        except Exception:
            logger.exception("Discord: a reply could not be shown")
            (page,) = render(Card(say("Something went wrong on our side"), tone=Tone.TROUBLE))
            await self._show(interaction, "aside", page, first=not interaction.response.is_done())
        finally:
            self._in_hand.discard(task)

    async def finish(self) -> None:
        """Wait for answers in hand."""
        while self._in_hand:
            await asyncio.wait(self._in_hand)

    async def _reply(self, interaction: Interaction, request: Request) -> None:
        """Answer within Discord's time: at once, or after asking for more of it."""
        pressed = interaction.message is not None  # a command has no message that could change
        deferring: list[asyncio.Task[None]] = []

        def defer() -> None:
            sending = deliver(lambda: interaction.response.defer(ephemeral=True))
            deferring.append(asyncio.ensure_future(sending))

        timer = asyncio.get_running_loop().call_later(DEFER_AFTER, defer)
        try:
            reply = await self._answer(request)
        finally:
            timer.cancel()
        for sent in deferring:
            await sent
        pages = [
            ("new" if kind == "edit" and (place or not pressed) else kind, page)
            for kind, card, file in _shown(reply, private=request.where.private)
            for place, page in enumerate(render(card, file=file) if card else [Page(file=file)])
        ]
        if not pages and not pressed:  # Discord shows a command as failed that is answered by nothing
            pages = [("aside", page) for page in render(Card(say("Not so fast, please.")))]
        deferred = bool(deferring)
        if deferred and not pressed and pages and pages[0][0] == "new":
            # What is sent first would take the place of the note that we are thinking, which only its owner sees.
            await deliver(interaction.delete_original_response)
        if not deferred and pages and pages[0][1].file:  # its upload may take longer than Discord waits for an answer
            alone = pages[0][0] == "aside"
            await deliver(lambda: interaction.response.defer(ephemeral=alone))
            deferred = True
        for place, (kind, page) in enumerate(pages):
            await self._show(interaction, kind, page, first=place == 0 and not deferred)
        if not pages and not deferred:
            await deliver(interaction.response.defer)

    async def _show(self, interaction: Interaction, kind: str, page: Page, *, first: bool) -> None:
        """Send a page; the first is the response (what discord.py knows of that is no guide: a receipt may be lost)."""
        private = kind == "aside"
        if kind == "edit":
            change = interaction.response.edit_message if first else interaction.edit_original_response
            await deliver(lambda: change(view=page.view(), attachments=page.files()))
        else:
            send = interaction.response.send_message if first else interaction.followup.send
            await deliver(lambda: send(view=page.view(), files=page.files(), ephemeral=private))


def _shown(reply: Reply, *, private: bool) -> Iterator[tuple[str, Card | None, File | None]]:
    """What becomes messages: how each is shown, its card and its file."""
    if reply.edit:
        yield "edit", reply.edit, None
    if reply.new:
        yield "new", reply.new, None
    # In private a file stays, which nothing does that is shown as an aside; and no button may change its message, which
    # would lose it.
    kept = "new" if private else "aside"
    if reply.aside and reply.file and not reply.aside.rows:
        yield kept, reply.aside, reply.file
        return
    if reply.aside:
        yield "aside", reply.aside, None
    if reply.file:
        yield kept, None, reply.file


async def deliver(send: Callable[[], Awaitable[Any]]) -> None:
    """Send something to a person. It is tried again after a cut connection; what can't be sent is logged."""
    try:
        async with asyncio.timeout(DELIVERY_TIME):
            for attempt in range(RETRIES + 1):
                try:
                    await send()
                    return
                except (aiohttp.ClientError, OSError):
                    if attempt == RETRIES:
                        raise
                    await asyncio.sleep(0.2 * 2**attempt)
    except discord.HTTPException as error:
        if error.code == ALREADY_ACKNOWLEDGED:  # the first try arrived, and only its answer was lost
            return
        if error.code == UNKNOWN_INTERACTION:
            logger.warning("Discord: an interaction expired before it could be answered")
        else:
            logger.warning("Discord: an answer could not be sent: %s", error)
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is one of them
        logger.warning("Discord: an answer could not be sent: %s", str(error) or type(error).__name__)


def request_from(interaction: Interaction, what: Call | Press | Typed) -> Request:
    """A request, from what the interaction says of itself: no cache, no intent."""
    private = interaction.context.dm_channel if interaction.guild_id is None else False
    moderates = interaction.permissions.manage_guild or interaction.permissions.administrator
    where = Room(
        "discord",
        str(interaction.channel_id or interaction.guild_id or interaction.user.id),  # a kind of channel yet unknown
        community=str(interaction.guild_id or ""),
        private=private,
        title=getattr(interaction.guild, "name", ""),  # of a server in which we are not, Discord tells no name
    )
    rank = Rank.OWNER if private else Rank.MODERATOR if moderates else Rank.MEMBER
    who = Person("discord", str(interaction.user.id))
    name, locale = interaction.user.display_name, interaction.locale.value
    return Request(who, where, what, name, locale, rank, f"discord:{interaction.id}")


def _typed(components: Sequence[Any]) -> Iterator[str]:
    """The texts of a modal, wherever they stand in it."""
    for component in components:
        if isinstance(value := component.get("value"), str):
            yield value
        inner = component.get("component")
        yield from _typed([inner] if inner else component.get("components", ()))


class _Prompt(ui.Modal):
    """Asks for the text of a press. Its custom_id is the press, so its answer needs no memory of it."""

    def __init__(self, press: Press, prompt: str) -> None:
        super().__init__(title=prompt[:MODAL_TITLE], custom_id=press.pack(), timeout=None)
        field: ui.TextInput[Any] = ui.TextInput(
            style=discord.TextStyle.paragraph, custom_id="text", max_length=MODAL_TEXT
        )
        self.add_item(ui.Label(text=prompt[:MODAL_TITLE], component=field))
        self.stop()  # so that discord.py does not keep it
