"""The life of the bot on Telegram: start, register, take updates by long polling or webhook, post, end."""

import asyncio
import hashlib
import hmac
import json
import logging
import os
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from itertools import count
from math import inf
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import web
from telegram import (
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    Update,
)
from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import Application

from adapters.telegram.delivery import MESSAGE_GONE, Delivery, Place, seconds
from adapters.telegram.rendering import render
from adapters.telegram.serving import Serving, may_speak
from adapters.telegram.transport import AiohttpRequest, unsent
from bot.commands import Commands
from bot.config import Config, ConfigError
from bot.listening import Listener
from bot.messages import Card, Person, Rank, Room, escape
from bot.platforms import Answer, Gone, Health, Memory, PlatformError, Posting, Unknown
from bot.wording import languages, said_in, say

logger = logging.getLogger(__name__)

UPDATES = ["message", "channel_post", "callback_query", "inline_query", "poll_answer", "my_chat_member"]
POLL_TIME = 50  # seconds for which Telegram holds a question for updates that has no answer yet
CONNECTIONS = 256
START_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds before the first and the later tries after a failure
HELD = (
    6.0  # seconds without an answer after which a question is held by Telegram, and not on its way: it is there again
)
REFUSALS = 3  # of a token that was accepted before, in a row, until we believe it
SHUTDOWN_TIME = 5.0  # seconds that answers in hand get to be sent
IN_HAND = 1_000  # updates that are answered at the same time
PATIENCE = 30  # updates of one person that wait for their turn
REMEMBERED = 10_000  # updates, to know one that is delivered twice

# python-telegram-bot's, of an answer that it can't read; the last two are of times in no calendar.
_ODD = (AttributeError, KeyError, TypeError, ValueError, OSError, OverflowError)

DESCRIPTION = "I deal interview questions, here and in groups: pick an answer, see at once what you missed, come back."
SHORT_DESCRIPTION = "Interview questions, one at a time: practise every day and walk in calm."


def connect(
    config: Config, answer: Answer, commands: Commands, memory: Memory, listener: Listener | None = None
) -> "TelegramPlatform":
    """Telegram as `config` says. With an `api_url`, a Bot API server of one's own is asked."""
    logging.getLogger("telegram").setLevel(
        logging.INFO
    )  # at debug it tells what people wrote, and the webhook's secret
    logging.getLogger("telegram.ext.ExtBot").setLevel(
        logging.CRITICAL + 1
    )  # it tells updates that it can't read as a whole, with what people wrote; we tell why
    os.environ.setdefault("PTB_TIMEDELTA", "1")  # python-telegram-bot's switch from numbers to times, else it warns
    return TelegramPlatform(config, answer, commands, memory, listener or Listener(config.monitor.listen))


class TelegramPlatform:
    def __init__(self, config: Config, answer: Answer, commands: Commands, memory: Memory, listener: Listener) -> None:
        settings = config.telegram
        self._listener = listener
        self._webhook = settings.webhook_url
        self._token = settings.token.get_secret_value()
        self._commands = commands
        self._memory = memory
        origin = settings.api_url or "https://api.telegram.org"
        builder = Application.builder().token(self._token).updater(None).job_queue(None)
        builder.base_url(f"{origin}/bot").base_file_url(f"{origin}/file/bot")
        self._requests = _Lean(connection_pool_size=CONNECTIONS), _Lean(connection_pool_size=1)
        builder.request(self._requests[0]).get_updates_request(self._requests[1])
        self._app = builder.build()
        self._bot = self._app.bot
        self._delivery = Delivery(self._bot, memory)
        self._serving = Serving(self._app, self._delivery, answer, commands, memory)
        self._started = False
        self._connected_at = inf  # by the loop's clock: when it is there, unless we hear otherwise
        self._in_hand: set[asyncio.Task[None]] = set()
        self._waiting: Counter[int] = Counter()  # updates of each person that are in hand
        self._hasty: set[int] = set()  # people of whom more came than that, until all of it is answered
        self._taken: OrderedDict[int, None] = OrderedDict()

    # Platform

    async def run(self) -> int:
        try:
            await self._start()
            await self._register()
            logger.info("Telegram: serving as @%s; write to it at https://t.me/%s", *[self._bot.username] * 2)
            await (self._serve_webhook() if self._webhook else self._poll())
        except InvalidToken as error:
            asked = (
                f" at {self._bot.base_url.partition('/bot')[0]}" if "api.telegram.org" not in self._bot.base_url else ""
            )
            raise PlatformError(
                f"Telegram{asked} does not accept the token; check telegram.token or TELEGRAM_TOKEN."
            ) from error
        finally:
            self._connected_at = inf
            with suppress(TimeoutError):
                async with asyncio.timeout(SHUTDOWN_TIME):
                    while self._in_hand:
                        await asyncio.wait(self._in_hand)
            for task in self._in_hand:
                task.cancel()
            await self._app.shutdown()
            for request in self._requests:  # python-telegram-bot leaves them open if it was cut off while it started
                await request.shutdown()
        return 0

    @property
    def ready(self) -> bool:
        return self._started

    def health(self) -> Health:
        connected = asyncio.get_running_loop().time() >= self._connected_at
        return Health(connected, waits=self._delivery.pace.waits, waited=self._delivery.pace.waited)

    async def post(self, room: Room, card: Card, how: Posting = Posting()) -> str:  # noqa: B008
        try:
            return str(await self._serving.send(Place.of(room), _calling(card, how.ping), post=True))
        except BadRequest:
            raise
        except NetworkError as error:
            if unsent(error) and len(render(card, self._serving.link)) == 1:  # of several, some may have arrived
                raise
            raise Unknown(str(error)) from error

    async def tell(self, who: Person, card: Card) -> None:
        try:
            await self._serving.send(Place(int(who.id)), card, post=True)
        except BadRequest:
            raise
        except NetworkError as error:
            raise Unknown(str(error)) from error

    async def missing(self, room: Room) -> str:
        if room.private:
            return ""
        try:
            me = await self._bot.get_chat_member(int(room.id), self._bot.id)
            chat = await self._bot.get_chat(int(room.id))
        except (Forbidden, BadRequest):
            return say("I am not a member here.")
        except TelegramError as error:
            logger.warning("Telegram: our rights in a chat could not be asked for: %s", error)
            return ""
        silent = chat.permissions and not chat.permissions.can_send_messages and me.status == ChatMemberStatus.MEMBER
        return say("I may not write here; make me an administrator.") if silent or not may_speak(me) else ""

    async def edit(self, room: Room, message: str, card: Card, how: Posting = Posting()) -> None:  # noqa: B008
        pages = render(_calling(card, how.ping), self._serving.link)
        page = replace(pages[0], keyboard=pages[-1].keyboard)  # what does not fit into the message is left out
        try:
            await self._delivery.edit(Place.of(room), int(message), page)
        except BadRequest as error:
            if not any(part in str(error).casefold() for part in MESSAGE_GONE):
                raise
            raise Gone(str(error)) from error

    # Starting

    async def _start(self) -> None:
        async def reach() -> None:
            await self._app.initialize()
            if not self._webhook:
                await self._bot.delete_webhook()  # else Telegram gives us no updates; those that wait are kept

        await _until_done(reach, "Telegram can't be reached")
        self._started = True

    async def _register(self) -> None:
        """Tell Telegram our commands and what we are, unless it knows."""
        scopes: dict[Rank, tuple[BotCommandScope, ...]] = {
            Rank.OWNER: (BotCommandScopeAllPrivateChats(), BotCommandScopeAllChatAdministrators()),
            Rank.MEMBER: (BotCommandScopeAllGroupChats(),),
        }
        listed = {
            (rank, language): [
                BotCommand(command.name, said_in(language, command.summary) if language else command.summary)
                for command in self._commands.table
                if command.rank <= rank
            ]
            for rank in scopes
            for language in ("", *(sorted(languages() - {"en"})))
        }
        texts = [[rank, language, [one.to_dict() for one in found]] for (rank, language), found in listed.items()]
        digest = hashlib.sha256(json.dumps([texts, DESCRIPTION, SHORT_DESCRIPTION]).encode()).hexdigest()
        name = f"telegram commands of {self._bot.id}"
        if await self._memory.note(name) == digest:
            return
        try:
            for (rank, language), found in listed.items():
                for scope in scopes[rank]:
                    await self._bot.set_my_commands(found, scope, language)
            for language in {language for _, language in listed}:
                said = (said_in(language, text) if language else text for text in (DESCRIPTION, SHORT_DESCRIPTION))
                await self._bot.set_my_description(next(said), language)
                await self._bot.set_my_short_description(next(said), language)
        except (TelegramError, *_ODD) as error:
            logger.warning("Telegram refused the commands, those registered before stay: %s", error)
            return
        await self._memory.keep(name, digest)
        logger.info("commands registered with Telegram")

    # Updates

    async def _poll(self) -> None:
        """Ask for updates, for ever. What waits from before is taken too: an answer is never too late."""
        offset: int | None = None
        refused = failed = 0
        self._connected_at = -inf
        while True:
            if self._connected_at == inf:
                self._connected_at = asyncio.get_running_loop().time() + HELD
            try:
                found = await self._bot.get_updates(offset, timeout=POLL_TIME, allowed_updates=UPDATES)
            except InvalidToken:
                refused += 1
                self._connected_at = inf
                if refused >= REFUSALS:
                    raise
                await asyncio.sleep(START_WAIT * refused)
                continue
            except TelegramError as error:
                wait = _wait(error, failed)
                if isinstance(error, Conflict):
                    told = (
                        "another process asks Telegram for this bot's updates; stop it, or give it a token of its own"
                    )
                    logger.error("Telegram: %s (trying again in %.0f seconds)", told, wait)
                else:
                    logger.warning("Telegram: no updates: %s; trying again in %.0f seconds", error, wait)
                failed += 1
                self._connected_at = inf
                await asyncio.sleep(wait)
                continue
            except _ODD:
                logger.exception("Telegram: updates that could not be read; looking at each")
                self._requests[1].careful = True
                failed += 1
                await asyncio.sleep(_wait(TelegramError(""), failed) if failed > 1 else 0)
                continue
            self._requests[1].careful = False
            refused = failed = 0
            self._connected_at = -inf
            for update in found:
                offset = update.update_id + 1
                self._take(update)
            while len(self._in_hand) >= IN_HAND:
                await asyncio.wait(self._in_hand, return_when=asyncio.FIRST_COMPLETED)

    async def _serve_webhook(self) -> None:
        """Listen for updates where Telegram is told to send them. It proves itself by a secret made of the token."""
        secret = hashlib.sha256(f"webhook of {self._token}".encode()).hexdigest()

        async def receive(request: web.BaseRequest) -> web.Response:
            if not hmac.compare_digest(_secret_of(request), secret.encode()):
                return web.Response(status=403)
            if len(self._in_hand) >= IN_HAND:
                return web.Response(status=503)  # Telegram sends it again
            try:
                update = Update.de_json(_lean(orjson.loads(await request.read())), self._bot)
            except Exception:
                logger.exception("Telegram: an update that could not be read")
            else:
                self._take(update)
            return web.Response()  # Telegram would send one that can't be read again and again

        try:
            async with self._listener.hearing({("POST", urlsplit(self._webhook).path or "/"): receive}):
                await self._set_webhook(secret)
                self._connected_at = -inf
                await asyncio.Event().wait()
        except ConfigError as error:
            raise PlatformError(str(error)) from error

    async def _set_webhook(self, secret: str) -> None:
        async def offer() -> None:
            try:
                await self._bot.set_webhook(self._webhook, secret_token=secret, allowed_updates=UPDATES)
            except BadRequest as error:
                raise PlatformError(f"Telegram refuses telegram.webhook_url: {error}.") from error

        await _until_done(offer, "Telegram did not take the webhook")

    def _take(self, update: Update) -> None:
        """Answer an update, unless we have it already. One person's are answered in order (see `Serving`)."""
        if update.update_id in self._taken:
            return
        self._taken[update.update_id] = None
        if len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)
        sender, message = update.effective_sender, update.message or update.channel_post
        person = sender.id if sender else 0
        asks = update.inline_query or update.callback_query or (message and (message.text or message.voice))
        if self._waiting[person] >= PATIENCE and asks:  # nobody else should wait for a hundred of one person's
            if person not in self._hasty:  # else whoever hammers fills the log
                logger.info("Telegram: somebody asks faster than we answer; updates are let go")
            self._hasty.add(person)
            return
        self._waiting[person] += 1
        task = asyncio.ensure_future(self._answered(update, person))
        self._in_hand.add(task)
        task.add_done_callback(self._in_hand.discard)

    async def _answered(self, update: Update, person: int) -> None:
        try:
            await self._app.process_update(update)
        except Exception:
            logger.exception("Telegram: an update could not be answered")
        finally:
            self._waiting[person] -= 1
            if not self._waiting[person]:
                del self._waiting[person]
                self._hasty.discard(person)


def _calling(card: Card, ping: str) -> Card:
    return replace(card, body="\n\n".join(filter(None, (escape(ping), card.body)))) if ping else card


def _secret_of(request: web.BaseRequest) -> bytes:
    return request.headers.get("X-Telegram-Bot-Api-Secret-Token", "").encode(errors="replace")


class _Lean(AiohttpRequest):
    """Leaves out what nobody reads, but python-telegram-bot makes objects of: a third of what a press costs it."""

    async def do_request(self, url: str, method: str, *given: Any, **named: Any) -> tuple[int, bytes]:
        code, payload = await super().do_request(url, method, *given, **named)
        if code == HTTPStatus.OK and url.endswith("/editMessageText"):  # the message as it is now
            payload = b'{"ok":true,"result":true}'
        return code, payload

    careful = False  # whether updates that can't be read are replaced by empty ones, which are confirmed like others

    def parse_json_payload(self, payload: bytes) -> dict[str, Any]:  # type: ignore[override]  # it is called on us
        parsed = AiohttpRequest.parse_json_payload(payload)
        if not isinstance(parsed, dict) or ("result" not in parsed and parsed.get("ok")):
            raise TelegramError("an answer that is none of a Bot API")
        if isinstance(updates := parsed.get("result"), list):
            parsed["result"] = [_readable(one) if self.careful else _lean(one) for one in updates]
        return parsed


def _lean(update: Any) -> Any:
    """An update without what a message whose button was pressed says beside its place."""
    press = update.get("callback_query") if isinstance(update, dict) else None
    if press and isinstance(message := press.get("message"), dict):
        press["message"] = {name: value for name, value in message.items() if name in _PLACE}
    return update


def _readable(update: Any) -> Any:
    """An update, or an empty one instead if python-telegram-bot can't read it."""
    try:
        Update.de_json(update, None)
    except Exception:
        logger.exception("Telegram: an update that could not be read")
        return {"update_id": update["update_id"]}
    return update


_PLACE = {"message_id", "date", "chat", "message_thread_id", "is_topic_message"}


async def _until_done(call: Callable[[], Awaitable[None]], told: str) -> None:
    """Make a call again and again until Telegram is there for it, unless it does not accept the token."""
    for failed in count():
        try:
            await call()
            return
        except InvalidToken:
            raise
        except (TelegramError, *_ODD) as error:
            wait = _wait(error, failed)
            logger.warning("%s: %s; trying again in %.0f seconds", told, error, wait)
            await asyncio.sleep(wait)


def _wait(error: Exception, failed: int) -> float:
    """Seconds to wait after a failure."""
    return seconds(error.retry_after) if isinstance(error, RetryAfter) else min(START_WAIT * 2**failed, LONGEST_WAIT)
