"""Discord, on discord.py: interactions in, Components V2 out.

Nothing is kept in memory between two interactions. A button's custom_id is a packed press, and every component and
modal is answered from the raw interaction event: discord.py's own dispatch drops what it can't find in a message it
knows, so a press from before a restart, or a forged one, would end in "This interaction failed".
"""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from inspect import Parameter, Signature
from io import BytesIO
from itertools import count
from math import nan
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, TypeVar

import aiohttp
import discord
import yarl
from discord import app_commands, ui

from adapters.paging import pages
from bot.commands import Command, Commands, Option
from bot.config import Config, Discord
from bot.help import help_card
from bot.messages import Call, Card, File, Person, Press, Rank, Reply, Request, Room, Tone, Typed
from bot.platforms import Answer, Gone, Health, Memory, PlatformError, Posting, Unknown
from bot.wording import languages, said_in, say

if TYPE_CHECKING:
    from bot.listening import Listener

logger = logging.getLogger(__name__)

DEFER_AFTER = 1.5  # seconds; an interaction dies after 3
DELIVERY_TIME = 12.0  # seconds for one message: discord.py tries four times in it after a 5xx
RETRIES = 3  # after a cut connection, which discord.py does not try again
START_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds before the first and the later tries to start again
POSTS = 45  # in a second, of the 50 requests that are allowed
RETRY_WAIT = 0.5  # seconds before a post is sent again, doubled each time
GUILDS_TIME = 1.0  # seconds without another server until we call ourselves ready: one that is told later is no loss
NONCE = 25  # characters
THREAD_NAME = 100  # characters
THREAD_SLEEPS: Final = 1440  # after so many minutes without a word
SHUTDOWN_TIME = 5.0  # seconds that answers in hand get to be sent

VIEW_TEXT = 4_000  # characters of all texts of a message
PAGE_TEXT = 3_600  # of a page's body, so that heading, fields and a page number fit too
MODAL_TITLE = 45
MODAL_TEXT = 4_000
CHOICES = 25  # of an option, and suggestions while typing
CHOICE_TEXT = 100

ALREADY_ACKNOWLEDGED = 40060
UNKNOWN_INTERACTION = 10062
GONE = {10003, 10008, 50001, 50007, 50013, 50083, 50278}  # unknown channel or message, no access, no right, archived

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    embed_links=True,
    attach_files=True,
)

_COLOURS = {
    Tone.PLAIN: discord.Colour(0x5865F2),
    Tone.GOOD: discord.Colour(0x2E8B57),
    Tone.PARTLY: discord.Colour(0xE0A030),
    Tone.BAD: discord.Colour(0xC0392B),
    Tone.ADVICE: discord.Colour(0x5865F2),
    Tone.TROUBLE: discord.Colour(0x8E44AD),
}
_STYLES = {
    Tone.PLAIN: discord.ButtonStyle.secondary,
    Tone.GOOD: discord.ButtonStyle.success,
    Tone.BAD: discord.ButtonStyle.danger,
}

_ROLE = re.compile(r"<@&([0-9]+)>")

_Interaction = discord.Interaction[Any]


def connect(
    config: Config, answer: Answer, commands: Commands, memory: Memory, listener: "Listener | None" = None
) -> "DiscordPlatform":
    """Discord as `config` says. With an `api_url`, REST goes there, and the gateway is what it reports."""
    if config.discord.api_url:
        discord.http.Route.BASE = f"{config.discord.api_url}/api/v10"
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # we never speak aloud
    return DiscordPlatform(config.discord, answer, commands, memory)


class DiscordPlatform(discord.AutoShardedClient):
    """The client: what happens becomes requests, replies become messages."""

    def __init__(self, settings: Discord, answer: Answer, commands: Commands, memory: Memory) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),  # none of them privileged
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=GUILDS_TIME,
            max_messages=None,
            shard_count=settings.shard_count or None,
            shard_ids=settings.shard_ids or None,  # type: ignore[arg-type]  # None is its default
        )
        self._settings = settings
        self._answer = answer
        self._commands = commands
        self._memory = memory
        self._in_hand: set[asyncio.Task[None]] = set()
        self._next_post = 0.0
        self._posts = POSTS * (len(settings.shard_ids) / max(settings.shard_count, 1) or 1)  # others post, too
        self._waits, self._waited = 0, 0.0  # posts that did not leave at once, and for how long
        self.tree = _Tree(self)
        for command in commands.table:
            self.tree.add_command(_app_command(command, self._serve))
        # An event that discord.py can't read would end the client; Discord adds to its events as it likes.
        parsers: dict[str, Callable[[Any], Any]] = self._connection.parsers
        parsers.update({event: _guarded(event, parse) for event, parse in parsers.items()})

    # Platform

    async def run(self) -> int:  # type: ignore[override]
        try:
            for failed in count():
                try:
                    await self.start(self._settings.token.get_secret_value())
                    return 0
                except (discord.DiscordServerError, discord.GatewayNotFound, aiohttp.ClientError, OSError) as error:
                    wait = min(START_WAIT * 2**failed, LONGEST_WAIT)
                    reason = str(error) or type(error).__name__
                    logger.warning("Discord can't be reached: %s; trying again in %.0f seconds", reason, wait)
                # What has begun is REST alone: once there is a gateway, discord.py connects again by itself.
                await self.http.close()
                self.http.clear()
                self.http.connector = discord.utils.MISSING  # `clear` leaves the closed one
                await asyncio.sleep(wait)
        except discord.LoginFailure as error:
            raise PlatformError("Discord does not accept the token; check discord.token or DISCORD_TOKEN.") from error
        except discord.DiscordException as error:
            raise PlatformError(f"Discord can't be served: {error}.") from error
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(SHUTDOWN_TIME):
                    while self._in_hand:
                        await asyncio.wait(self._in_hand)
            await self.close()
        raise AssertionError("counting does not end")

    @property
    def ready(self) -> bool:
        return self.is_ready()

    def health(self) -> Health:
        there = self.is_ready() and not self.is_closed() and not any(one.is_closed() for one in self.shards.values())
        return Health(there, self.latency if there else nan, self._waits, self._waited)

    async def post(self, room: Room, card: Card, how: Posting = Posting()) -> str:  # noqa: B008
        guild = int(room.community) if room.community else None
        return str((await self._post(self.get_partial_messageable(int(room.id), guild_id=guild), card, how)).id)

    async def tell(self, who: Person, card: Card) -> None:
        try:
            await self._post(await _in_room(self.create_dm(discord.Object(int(who.id)))), card, Posting())
        except (aiohttp.ClientError, OSError, discord.DiscordServerError) as error:
            raise Unknown(str(error) or type(error).__name__) from error

    async def _post(self, where: discord.abc.Messageable, card: Card, how: Posting) -> discord.Message:
        """Post a card. A page that may have arrived is sent again under its nonce, which Discord shows once."""
        key = how.key or token_hex()
        roles = [discord.Object(int(number)) for number in _ROLE.findall(how.ping)]
        calls = discord.AllowedMentions(everyone=how.ping in ("@everyone", "@here"), users=False, roles=roles)
        arrived = False  # perhaps, and if only in part
        for place, page in enumerate(render(card, how.ping)):
            nonce = hashlib.sha256(f"{key}/{place}".encode()).hexdigest()[:NONCE]
            for attempt in range(RETRIES + 1):
                await self._pace()
                try:
                    message = await _in_room(
                        where.send(view=page.view(), files=page.files(), allowed_mentions=calls, nonce=nonce)
                    )
                    arrived = True
                    break
                except (aiohttp.ClientError, OSError, discord.DiscordServerError) as error:
                    arrived = arrived or not isinstance(error, aiohttp.ClientConnectorError)
                    if attempt == RETRIES and not arrived:
                        raise
                    if attempt == RETRIES:
                        raise Unknown(str(error) or type(error).__name__) from error
                    await asyncio.sleep(RETRY_WAIT * 2**attempt)
        if how.thread and getattr(where, "guild_id", None):  # we may not know the server: its shard may be another's
            open_thread, name = self.http.start_thread_with_message, how.thread[:THREAD_NAME]
            try:
                await open_thread(message.channel.id, message.id, name=name, auto_archive_duration=THREAD_SLEEPS)
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                logger.warning("Discord: no thread could be opened: %s", error)
        return message

    async def _pace(self) -> None:
        """Posts leave one after the other. Answers to people are not among them: Discord counts those apart."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._next_post = max(self._next_post + 1 / self._posts, now)
        if self._next_post > now:
            self._waits, self._waited = self._waits + 1, self._waited + self._next_post - now
        await asyncio.sleep(self._next_post - now)

    async def missing(self, room: Room) -> str:
        channel = self.get_channel(int(room.id))
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return ""  # a private chat, or a thread that sleeps: to post is the only way to know
        rights = channel.permissions_for(channel.guild.me)
        speaks = {say("Send Messages"): rights.send_messages}
        if isinstance(channel, discord.Thread):
            speaks = {say("Send Messages in Threads"): rights.send_messages_in_threads}
        needed = {
            say("View Channel"): rights.view_channel,
            **speaks,
            say("Embed Links"): rights.embed_links,
            say("Attach Files"): rights.attach_files,
        }
        lacking = ", ".join(name for name, there in needed.items() if not there)
        return say("I lack rights in this channel: {rights}.", rights=lacking) if lacking else ""

    async def edit(self, room: Room, message: str, card: Card, how: Posting = Posting()) -> None:  # noqa: B008
        known = self.get_partial_messageable(int(room.id)).get_partial_message(int(message))
        page = render(card, how.ping)[-1]  # what `post` has named
        await _in_room(known.edit(view=page.view(), attachments=page.files(), allowed_mentions=self.allowed_mentions))

    # Starting

    async def setup_hook(self) -> None:
        # After an invalid session discord.py identifies at its default gateway, which must be the one that is ours.
        _, gateway, _ = await self.http.get_bot_gateway()
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway).with_query(None)
        if len(languages()) > 1:
            await self.tree.set_translator(_Translator())
        try:
            await self._register()
        except discord.HTTPException:
            logger.exception("Discord refused the commands; those registered before stay")

    async def _register(self) -> None:
        """Register the table of commands, unless Discord has it already: it takes only 200 new commands a day."""
        guild = discord.Object(int(self._settings.sync_guild)) if self._settings.sync_guild else None
        if guild:
            self.tree.copy_global_to(guild=guild)
        table = [command.to_dict(self.tree) for command in self.tree.get_commands(guild=guild)]
        digest = hashlib.sha256(json.dumps([sorted(languages()), table], sort_keys=True).encode()).hexdigest()
        name = f"discord commands of {self.application_id} in {guild.id if guild else 'all'}"
        if await self._memory.note(name) != digest:
            await self.tree.sync(guild=guild)
            await self._memory.keep(name, digest)
            logger.info("commands registered with Discord")

    async def on_ready(self) -> None:
        invite = discord.utils.oauth_url(
            self.application_id or 0, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
        )
        logger.info("Discord: serving %d servers as %s; invite it with %s", len(self.guilds), self.user, invite)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say once what this is, where the server gets its system messages, if that is allowed."""
        channel = guild.system_channel
        if not channel or not channel.permissions_for(guild.me).send_messages:
            return
        with suppress(Gone):
            await self.post(Room("discord", str(channel.id)), help_card(self._commands.table))

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        logger.exception("Discord: %s failed", event_method)

    # Serving

    async def on_interaction(self, interaction: _Interaction) -> None:
        """A button or a modal. Commands come by way of the tree."""
        data: Any = interaction.data or {}
        if interaction.type is discord.InteractionType.component:
            press = Press.unpack(data.get("custom_id", ""))
            if prompt := self._commands.prompts.get(press.verb):
                await _deliver(lambda: interaction.response.send_modal(_Prompt(press, prompt)))
            else:
                await self._serve(interaction, press)
        elif interaction.type is discord.InteractionType.modal_submit:
            press = Press.unpack(data.get("custom_id", ""))
            await self._serve(interaction, Typed(press, "\n".join(_typed(data.get("components", ())))))

    async def _serve(self, interaction: _Interaction, what: Call | Press | Typed) -> None:
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

    async def _reply(self, interaction: _Interaction, request: Request) -> None:
        """Answer within Discord's time: at once, or after asking for more of it."""
        pressed = interaction.message is not None  # a command has no message that could change
        deferring: list[asyncio.Task[None]] = []

        def defer() -> None:
            sending = _deliver(lambda: interaction.response.defer(ephemeral=True))
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
            await _deliver(interaction.delete_original_response)
        if not deferred and pages and pages[0][1].file:  # its upload may take longer than Discord waits for an answer
            alone = pages[0][0] == "aside"
            await _deliver(lambda: interaction.response.defer(ephemeral=alone))
            deferred = True
        for place, (kind, page) in enumerate(pages):
            await self._show(interaction, kind, page, first=place == 0 and not deferred)
        if not pages and not deferred:
            await _deliver(interaction.response.defer)

    async def _show(self, interaction: _Interaction, kind: str, page: "Page", *, first: bool) -> None:
        """Send a page; the first is the response (what discord.py knows of that is no guide: a receipt may be lost)."""
        private = kind == "aside"
        if kind == "edit":
            change = interaction.response.edit_message if first else interaction.edit_original_response
            await _deliver(lambda: change(view=page.view(), attachments=page.files()))
        else:
            send = interaction.response.send_message if first else interaction.followup.send
            await _deliver(lambda: send(view=page.view(), files=page.files(), ephemeral=private))


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


_T = TypeVar("_T")


async def _deliver(send: Callable[[], Awaitable[Any]]) -> None:
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


def _guarded(event: str, parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def guarded(data: Any) -> None:
        try:
            parse(data)
        except Exception:
            logger.exception("Discord: an event %s that could not be read", event)

    return guarded


async def _in_room(sending: Awaitable[_T]) -> _T:
    """A message in a room. Raises Gone where the room is the reason that there is none."""
    try:
        return await sending
    except discord.HTTPException as error:
        if error.code in GONE:
            raise Gone(error.text) from error
        raise


# What happened


def request_from(interaction: _Interaction, what: Call | Press | Typed) -> Request:
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
        if "value" in component:
            yield component["value"]
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


# What to show


class Page:
    """One message: a card, or a part of it; with a file, or that alone."""

    def __init__(
        self,
        card: Card | None = None,
        body: str = "",
        *,
        first: bool = True,
        last: bool = True,
        ping: str = "",
        file: File | None = None,
    ) -> None:
        self._ping = ping if first else ""
        self._card = card
        self._body = body
        self._first = first
        self._last = last
        self.file = file if last else None

    def view(self) -> ui.LayoutView:
        view = ui.LayoutView(timeout=None)
        if self._ping:
            view.add_item(ui.TextDisplay(self._ping))
        if self._card:
            view.add_item(self._box(self._card))
        if self.file:  # Discord shows what it was sent only where a component says so
            view.add_item(ui.File(f"attachment://{self.file.name}"))
        view.stop()  # so that discord.py does not keep it: presses are answered from their custom_id
        return view

    def _box(self, card: Card) -> ui.Container[Any]:
        texts = [f"### {card.heading}"] if self._first else []
        texts += [self._body] if self._body else []
        if self._last and card.fields:
            texts.append("\n" + "  ·  ".join(f"**{name}:** {value}" for name, value in card.fields))
        box: ui.Container[Any] = ui.Container(accent_colour=_COLOURS[card.tone])
        box.add_item(ui.TextDisplay("\n".join(texts)))
        if self._last:
            if card.picture:
                item = discord.MediaGalleryItem(f"attachment://{card.picture.name}", description=card.picture.alt)
                box.add_item(ui.MediaGallery(item))
            if card.rows:
                box.add_item(ui.Separator())
            for row in card.rows:
                buttons = [
                    ui.Button[Any](style=_STYLES[one.tone], label=one.label, custom_id=one.press.pack()) for one in row
                ]
                box.add_item(ui.ActionRow(*buttons))
        return box

    def files(self) -> list[discord.File]:
        """What is uploaded with the message, made anew each time, since sending reads it to its end."""
        picture = self._card.picture if self._card and self._last else None
        shown = [discord.File(BytesIO(picture.content), picture.name, description=picture.alt)] if picture else []
        return [*shown, discord.File(BytesIO(self.file.content), self.file.name)] if self.file else shown


def render(card: Card, ping: str = "", file: File | None = None) -> list[Page]:
    """The card as messages: one, save where its body is too long for one. Buttons and a file stand on the last."""
    bodies = pages(card.body, PAGE_TEXT) or [""]
    last = len(bodies) - 1
    return [
        Page(card, body, first=place == 0, last=place == last, ping=ping, file=file)
        for place, body in enumerate(bodies)
    ]


# Commands


class _Tree(app_commands.CommandTree["DiscordPlatform"]):
    async def on_error(self, interaction: _Interaction, error: app_commands.AppCommandError, /) -> None:
        """Discord still offers a command, or an option, as it was before an update: answer as to an unknown one."""
        logger.info("Discord: a command that is not as we know it: %s", type(error).__name__)
        if interaction.type is discord.InteractionType.autocomplete:
            await _deliver(lambda: interaction.response.autocomplete([]))
            return
        data: Any = interaction.data or {}
        await self.client._serve(interaction, Call(str(data.get("name", "")), {"": ""}))


def _app_command(
    command: Command, serve: Callable[[_Interaction, Call], Awaitable[None]]
) -> app_commands.Command[Any, Any, Any]:
    """An application command from a line of the table, by what discord.py offers to everyone."""

    async def callback(interaction: _Interaction, **options: object) -> None:
        # Where Discord still offers an option as it was before an update, it is of another type.
        given = {name: str(value) for name, value in options.items() if value is not None}
        await serve(interaction, Call(command.name, given))

    parameters = [Parameter("interaction", Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction)]
    for option in command.options:
        kind = str | None
        parameters.append(Parameter(option.name, Parameter.KEYWORD_ONLY, default=None, annotation=kind))
    callback.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    made: app_commands.Command[Any, Any, Any] = app_commands.Command(
        name=command.name,
        description=app_commands.locale_str(command.summary),
        callback=_described(callback, command.options),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
    )
    if command.rank > Rank.MEMBER:
        made.default_permissions = discord.Permissions(manage_guild=True)
    return made


def _described(callback: Any, options: Sequence[Option]) -> Any:
    """The callback with what discord.py's decorators would say of its options."""
    for option in options:
        callback = app_commands.describe(**{option.name: app_commands.locale_str(option.summary)})(callback)
        if option.choices:
            choices = [app_commands.Choice(name=choice, value=choice) for choice in option.choices]
            callback = app_commands.choices(**{option.name: choices})(callback)
        elif option.suggest:
            callback = app_commands.autocomplete(**{option.name: _suggest(option.suggest)})(callback)
    return callback


def _suggest(names: Callable[[str], Sequence[str]]) -> Any:
    async def suggest(interaction: _Interaction, typed: str) -> list[app_commands.Choice[str]]:
        # Of an option that was a number before an update, what is typed is a number.
        found = [name for name in names(str(typed)) if len(name) <= CHOICE_TEXT]
        return [app_commands.Choice(name=name, value=name) for name in found[:CHOICES]]

    return suggest


class _Translator(app_commands.Translator):
    """Commands in every language that there is a catalogue for."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        name = next((name for name in (locale.value, locale.value.partition("-")[0]) if name in languages()), "en")
        return said_in(name, string.message) if name != "en" else None
