"""The life of the bot on Discord: start, register, take interactions, post, end."""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from math import nan
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, TypeVar

import aiohttp
import discord
import yarl

from adapters.discord.registering import Translator, Tree
from adapters.discord.rendering import render
from adapters.discord.serving import RETRIES, Interaction, Serving
from bot.commands import Commands
from bot.config import Config, Discord
from bot.help import help_card
from bot.messages import Card, Person, Room
from bot.platforms import Answer, Gone, Health, Memory, PlatformError, Posting, Unknown
from bot.wording import languages, say

if TYPE_CHECKING:
    from bot.listening import Listener

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

START_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds before the first and the later tries to start again
POSTS = 45  # in a second, of the 50 requests that are allowed
RETRY_WAIT = 0.5  # seconds before a post is sent again, doubled each time
GUILDS_TIME = 1.0  # seconds without another server until we call ourselves ready: one that is told later is no loss
NONCE = 25  # characters
THREAD_NAME = 100  # characters
THREAD_SLEEPS: Final = 1440  # after so many minutes without a word
SHUTDOWN_TIME = 5.0  # seconds that answers in hand get to be sent


GONE = {10003, 10008, 50001, 50007, 50013, 50083, 50278}  # unknown channel or message, no access, no right, archived

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    embed_links=True,
    attach_files=True,
)

_ROLE = re.compile(r"<@&([0-9]+)>")


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
        self._serving = Serving(answer, commands)
        self._commands = commands
        self._memory = memory
        self._next_post = 0.0
        self._posts = POSTS * (len(settings.shard_ids) / max(settings.shard_count, 1) or 1)  # others post, too
        self._waits, self._waited = 0, 0.0  # posts that did not leave at once, and for how long
        self.tree = Tree(self, self._serving, commands.table)
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
                    await self._serving.finish()
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
            await self.tree.set_translator(Translator())
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

    async def on_interaction(self, interaction: Interaction) -> None:
        await self._serving.heard(interaction)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        logger.exception("Discord: %s failed", event_method)


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
