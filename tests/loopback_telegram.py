"""A Bot API of our own on a loopback port: enough of Telegram for the real python-telegram-bot, and as strict.

It refuses what Telegram refuses, in Telegram's words, and some of what Telegram mends in silence (blanks around a text,
a hundred and first entity), because that is a mistake of ours. It keeps what it was sent, so that tests see what a
person would see.
"""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import orjson
from aiohttp import web

TOKEN = "1000:loopback"  # noqa: S105
BOT, USERNAME = 1000, "prepdeck_bot"
ADA, BOB = 4001, 4002  # a private chat has the id of its person
GROUP, SUPERGROUP, FORUM, CHANNEL = -2000, -1002000000000, -1003000000000, -1004000000000
CUT, LOST = "cut", "lost"  # what a fault returns to cut the connection: before anything is done, or before the answer
PUSHES = 5  # times that a webhook is tried
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
Payload = dict[str, Any]
Fault = Callable[[str, Payload], web.StreamResponse | str | None]

_QUOTES = {"blockquote", "expandable_blockquote"}
_CODE = {"pre", "code"}
_STYLES = {"bold", "italic", "underline", "strikethrough", "spoiler"}
_NEEDS = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id", "date_time": "unix_time"}
_FOUND = {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"}
_KINDS = _QUOTES | _CODE | _STYLES | _FOUND | set(_NEEDS)
_ACTIONS = {
    "callback_data", "url", "switch_inline_query", "switch_inline_query_current_chat", "copy_text", "web_app",
    "switch_inline_query_chosen_chat", "login_url", "callback_game", "pay",
}  # fmt: skip
_WORDS = {  # parameters that stay as they are written, whatever they look like
    "callback_query_id", "caption", "description", "explanation", "inline_message_id", "inline_query_id", "name",
    "next_offset", "question", "secret_token", "short_description", "text", "url",
}  # fmt: skip
_ENCODED = re.compile(r"[\[{]|(-?\d+|true|false)$")
_UNASKED = {"chat_member", "message_reaction", "message_reaction_count"}  # come only to those who name them
_DOING = {"typing", "upload_photo", "upload_document"}
_MARKS = re.compile(
    r"(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>@]))"
    r"|(?P<mention>(?<!\w)@[A-Za-z0-9_]{2,32}(?!\w))"
)
_DEEP_LINK = re.compile(rf"https://t\.me/{USERNAME}\?start(group)?=[A-Za-z0-9_-]{{1,64}}")
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content"
    " and reply markup of the message"
)
_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
_TWO_POLLERS = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
_WEBHOOK = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
_ADMIN_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories",
)  # fmt: skip
_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
_MEMBER_RIGHTS = (
    "is_member", "can_change_info", "can_invite_users", "can_pin_messages", "can_send_messages", "can_send_polls",
    "can_send_other_messages", "can_add_web_page_previews", "can_manage_topics", "can_send_audios", "can_edit_tag",
    "can_send_documents", "can_send_photos", "can_send_videos", "can_send_video_notes", "can_send_voice_notes",
    "can_react_to_messages",
)  # fmt: skip


@dataclass
class Person:
    id: int
    name: str
    language: str = "en"


@dataclass
class Chat:
    id: int
    type: str
    title: str
    forum: bool = False
    topics: set[int] = field(default_factory=set)


@dataclass
class Upload:
    """A file as it was sent to us."""

    name: str
    content: bytes
    mime: str


@dataclass
class Message:
    """A message as somebody sees it: the bot's, or a person's."""

    id: int
    chat: int
    who: int = BOT
    thread: int | None = None
    text: str = ""
    entities: list[Payload] = field(default_factory=list)  # of the text, or of the caption
    keyboard: list[list[Payload]] = field(default_factory=list)
    caption: str = ""
    photo: bytes | None = None
    document: bytes | None = None
    name: str = ""  # of the file
    mime: str = ""
    poll: Payload | None = None
    votes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    reply_to: "Message | None" = None
    force_reply: bool = False
    edits: int = 0
    deleted: bool = False
    inline_id: str = ""
    date: int = field(default_factory=lambda: int(time.time()))
    params: Payload = field(default_factory=dict)  # all that the bot sent with it
    extra: Payload = field(default_factory=dict)  # what else a person's message has
    update_id: int = 0  # of the update that told the bot of it

    @property
    def buttons(self) -> dict[str, str]:
        return {one["text"]: one.get("callback_data") or one.get("url") or "" for row in self.keyboard for one in row}


@dataclass
class Pressed:
    """A button that was pressed, and what the bot answered: the parameters of answerCallbackQuery."""

    id: str
    update_id: int = 0
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Payload = field(default_factory=dict)


class Refused(Exception):
    def __init__(self, status: int, text: str, **parameters: int) -> None:
        super().__init__(text)
        self.status, self.text, self.parameters = status, text, parameters


class LoopbackTelegram:
    def __init__(self, *, lenient: bool = False) -> None:
        self.lenient = lenient  # takes messages without checking them, for benchmarks
        self.token = TOKEN
        self.url = ""
        self.people = {ADA: Person(ADA, "Ada"), BOB: Person(BOB, "Bob", "de")}
        self.chats = {
            GROUP: Chat(GROUP, "group", "Study"),
            SUPERGROUP: Chat(SUPERGROUP, "supergroup", "Study together"),
            FORUM: Chat(FORUM, "supergroup", "Study by topic", forum=True, topics={7}),
            CHANNEL: Chat(CHANNEL, "channel", "Study news"),
        }
        self.started: set[int] = set()  # whom the bot may write to; whoever writes to it in private has started it
        self.blocked: set[int] = set()  # by whom the bot is blocked
        self.members: dict[tuple[int, int], str] = {(CHANNEL, BOT): "administrator"}  # status of others than members
        self.kicked: set[int] = set()  # chats that the bot was thrown out of
        self.left: set[int] = set()
        self.restricted: set[int] = set()  # chats in which the bot may not write
        self.silent: set[int] = set()  # groups in which only administrators may write, channels in which we may not
        self.closed: set[tuple[int, int | None]] = set()  # topics; None is General
        self.migrated: dict[int, int] = {}
        self.messages: list[Message] = []  # what the bot sent
        self.answers: dict[str, Payload] = {}  # to callback queries
        self.inline_answers: list[Payload] = []
        self.commands: dict[tuple[str, str], list[Payload]] = {}  # by scope and language
        self.profile: dict[tuple[str, str], str] = {}  # name, description and short_description by language
        self.requests: list[tuple[str, Payload, float]] = []
        self.faults: list[Fault] = []
        self.updates: dict[int, Payload] = {}  # all there ever were, even those not asked for
        self.pending: dict[int, Payload] = {}  # not yet confirmed
        self.allowed: set[str] = set()  # none: all but those that must be asked for by name
        self.old_fields = False  # whether quizzes tell correct_option_id too, which python-telegram-bot warns of
        self.webhook = ""
        self.secret = ""
        self.behind = ""  # where a reverse proxy would lead the webhook's host to, as http://127.0.0.1:PORT
        self.pushes: list[tuple[int, int]] = []  # update and HTTP status (0 for none) of each try at the webhook
        self._repeats: list[Payload] = []
        self._known: dict[tuple[int, int], Message] = {}
        self._inline: dict[str, Message] = {}
        self._pressed: dict[str, Pressed] = {}  # not yet answered
        self._queries: dict[str, asyncio.Future[list[Payload]]] = {}
        self._ids = count(500_000_001)
        # Message ids are counted apart in each supergroup and channel; private chats and groups share one count.
        self._counts: defaultdict[int, count[int]] = defaultdict(lambda: count(101))
        self._pollers = 0
        self._pushing: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._port = 0
        self._changed = asyncio.Condition()
        self._arrived = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None

    # Life

    async def start(self) -> None:
        """Listen. After a stop it is the same port again: the network was down for a while."""
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        self._stopping = False
        self._client = aiohttp.ClientSession()
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        host, self._port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{self._port}"
        self._push_pending()

    async def stop(self) -> None:
        self._stopping = True
        await self._wake()
        for push in self._pushing:
            push.cancel()
        await asyncio.gather(*self._pushing, return_exceptions=True)
        if self._client:
            await self._client.close()
        if self._runner:
            await self._runner.cleanup()

    async def until(self, happened: Callable[[], object]) -> None:
        """Wait for something that follows from a request to us."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(happened), 20)

    def asked(self, method: str) -> list[Payload]:
        """The parameters of every call of a method."""
        return [params for name, params, _ in self.requests if name == method]

    # What people do

    async def say(
        self,
        text: str,
        who: int = ADA,
        chat: int | None = None,
        thread: int | None = None,
        reply_to: Message | None = None,
        **extra: Any,
    ) -> Message:
        """Write, in private if no chat is given. `extra` is added to the message as it is."""
        if chat is None:
            self.started.add(who)
            self.blocked.discard(who)
        said = self._said(chat or who, who, text, extra)
        said.thread, said.reply_to = thread, reply_to
        said.update_id = await self._queue("message", self._json(said))
        return said

    async def speak(self, seconds: int = 20, who: int = ADA, chat: int | None = None, **more: Any) -> Message:
        """Send a voice message, of which the bot is told everything but the sound."""
        file = {"file_id": "voice", "file_unique_id": "voice", "file_size": 4_000 * seconds, "mime_type": "audio/ogg"}
        return await self.say("", who, chat, voice={**file, "duration": seconds}, **more)

    async def edit_said(self, said: Message, text: str, **extra: Any) -> int:
        """Change what somebody wrote; a command that was edited in is still no new message."""
        said.text, said.entities, said.edits = text, _marks(text), said.edits + 1
        kind = "edited_channel_post" if said.chat == CHANNEL else "edited_message"
        return await self._queue(kind, {**self._json(said), **extra})

    async def channel_post(self, text: str, chat: int = CHANNEL, **extra: Any) -> Message:
        said = self._said(chat, chat, text, extra)
        said.update_id = await self._queue("channel_post", self._json(said))
        return said

    async def press(
        self, message: Message, label: str = "", who: int = ADA, *, data: str | None = None, old: bool = False
    ) -> Pressed:
        """Press a button, or send `data` that no button has. Of an `old` message Telegram tells only the place."""
        if data is None:
            data = next(one["callback_data"] for row in message.keyboard for one in row if one["text"] == label)
        pressed = Pressed(str(next(self._ids)))
        self._pressed[pressed.id] = pressed
        query: Payload = {"id": pressed.id, "from": self._user(who), "chat_instance": f"{message.chat}7", "data": data}
        if message.inline_id:
            query["inline_message_id"] = message.inline_id
        elif old:
            query["message"] = {"chat": self._place(message.chat), "message_id": message.id, "date": 0}
        else:
            query["message"] = self._json(message)
        pressed.update_id = await self._queue("callback_query", query)
        return pressed

    async def vote(self, message: Message, options: int | Sequence[int], who: int = ADA) -> int:
        chosen = (options,) if isinstance(options, int) else tuple(options)
        poll = message.poll
        if not poll or poll["is_closed"] or (who in message.votes and not poll["allows_revoting"]):
            raise ValueError("nobody can vote there")
        return await self._voted(message, chosen, who)

    async def retract(self, message: Message, who: int = ADA) -> int:
        if not message.poll or message.poll["is_closed"] or not message.poll["allows_revoting"]:
            raise ValueError("no vote can be taken back there")
        return await self._voted(message, (), who)

    async def inline(self, query: str, who: int = ADA, offset: str = "") -> list[Payload]:
        """Type the bot's name and a query in some chat; the results, once they are there."""
        number = str(next(self._ids))
        self._queries[number] = asyncio.get_running_loop().create_future()
        asked = {"id": number, "from": self._user(who), "query": query, "offset": offset, "chat_type": "group"}
        await self._queue("inline_query", asked)
        return await asyncio.wait_for(self._queries[number], 20)

    async def choose(self, result: Payload, who: int = ADA, query: str = "", *, feedback: bool = True) -> Message:
        """Send an inline result to a chat where the bot is not. Without a keyboard, the bot can't reach it again."""
        content = result.get("input_message_content", {})
        rows = result.get("reply_markup", {}).get("inline_keyboard", [])
        message = Message(next(self._ids), 0, text=content.get("message_text", ""), keyboard=rows)
        message.entities = content.get("entities", [])
        chosen: Payload = {"result_id": result["id"], "from": self._user(who), "query": query}
        if rows:
            message.inline_id = chosen["inline_message_id"] = f"inline{message.id}"
            self._inline[message.inline_id] = message
        if feedback:
            message.update_id = await self._queue("chosen_inline_result", chosen)
        return message

    async def migrate(self, old: int, new: int, who: int = ADA) -> list[Message]:
        """Make a supergroup of a group: it gets another id, and both chats say so."""
        self.chats[new] = Chat(new, "supergroup", self.chats[old].title)
        self.members |= {(new, person): status for (chat, person), status in self.members.items() if chat == old}
        self.migrated[old] = new
        said = [
            self._said(old, who, "", {"migrate_to_chat_id": new}),
            self._said(new, who, "", {"migrate_from_chat_id": old}),
        ]
        for one in said:
            one.update_id = await self._queue("message", self._json(one))
        return said

    async def leave(self, chat: int, who: int) -> int:
        """A member goes, and the group says so."""
        user = self._user(who)
        said = self._said(chat, who, "", {"left_chat_member": user, "left_chat_participant": user})
        said.update_id = await self._queue("message", self._json(said))
        return said.update_id

    async def my_chat_member(self, chat: int, status: str, who: int = ADA) -> int:
        """Change what the bot is in a chat; in a private one `kicked` is blocked, and `member` is let in again."""
        before = self._member(chat, BOT)
        self.members[chat, BOT] = status
        for state, chats in (("kicked", self.blocked if chat > 0 else self.kicked), ("left", self.left)):
            (chats.add if status == state else chats.discard)(chat)
        change = {"old_chat_member": before, "new_chat_member": self._member(chat, BOT), "date": int(time.time())}
        return await self._queue("my_chat_member", {"chat": self._place(chat), "from": self._user(who), **change})

    async def again(self, update_id: int) -> None:
        """Deliver an update a second time, as happens when its confirmation is lost."""
        if self.webhook:
            self._push(self.updates[update_id])
        else:
            self._repeats.append(self.updates[update_id])
            await self._wake()

    # Updates

    async def _queue(self, kind: str, payload: Payload) -> int:
        number = next(self._ids)
        # As it is now: a poll goes on changing.
        update = self.updates[number] = {"update_id": number, kind: orjson.loads(orjson.dumps(payload))}
        if kind in self.allowed if self.allowed else kind not in _UNASKED:
            self.pending[number] = update
            if self.webhook and not self._stopping:
                self._push(update)
            await self._wake()
        return number

    async def _wake(self) -> None:
        async with self._arrived:
            self._arrived.notify_all()

    async def _get_updates(self, params: Payload, request: web.Request) -> list[Payload]:
        if self.webhook:
            raise Refused(409, _WEBHOOK)
        self._allow(params)
        offset = params.get("offset", 0)
        for number in list(self.pending)[:offset] if offset < 0 else [one for one in self.pending if one < offset]:
            del self.pending[number]
        self._pollers += 1
        mine = self._pollers

        def due() -> bool:
            return bool(self.pending or self._repeats or self._stopping or self.webhook or mine != self._pollers)

        async with self._changed:
            self._changed.notify_all()  # of what was confirmed, and that somebody polls
        await self._wake()  # whoever polled before
        try:
            async with asyncio.timeout(min(params.get("timeout", 0), 50)), self._arrived:
                await self._arrived.wait_for(due)
        except TimeoutError:
            pass
        if mine != self._pollers:
            raise Refused(409, _TWO_POLLERS)
        if self.webhook:
            raise Refused(409, "Conflict: terminated by setWebhook request")
        if self._stopping or request.transport is None:  # nobody is there any more
            return []
        limit = min(max(params.get("limit", 100), 1), 100)
        repeats, self._repeats = self._repeats[:limit], self._repeats[limit:]
        return [*repeats, *self.pending.values()][:limit]

    def _allow(self, params: Payload) -> None:
        if "allowed_updates" in params:  # kept until they are named again
            self.allowed = set(params["allowed_updates"])

    async def _set_webhook(self, params: Payload) -> bool:
        url, secret = params.get("url", ""), params.get("secret_token", "")
        where = urlsplit(url)
        if url and where.scheme != "https" and where.hostname != "127.0.0.1":
            raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        if params.get("drop_pending_updates"):
            self.pending.clear()
        self._allow(params)
        self.webhook, self.secret = url, secret
        await self._wake()
        self._push_pending()
        return True

    def _push_pending(self) -> None:
        if self.webhook:
            for update in self.pending.values():
                self._push(update)

    def _push(self, update: Payload) -> None:
        push = asyncio.create_task(self._pushed(update, self.webhook))
        self._pushing.add(push)
        push.add_done_callback(self._pushing.discard)

    async def _pushed(self, update: Payload, webhook: str) -> None:
        assert self._client
        where = urlsplit(webhook)
        url = self.behind + where._replace(scheme="", netloc="").geturl() if self.behind else webhook
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
        for tried in range(PUSHES):
            if webhook != self.webhook:
                return
            try:
                async with self._client.post(url, json=update, headers=headers) as response:
                    status = response.status
            except (aiohttp.ClientError, TimeoutError):
                status = 0
            self.pushes.append((update["update_id"], status))
            if fine := 200 <= status < 300:
                self.pending.pop(update["update_id"], None)
            async with self._changed:
                self._changed.notify_all()
            if fine:
                return
            await asyncio.sleep(0.01 * 2**tried)  # Telegram waits too, only longer

    # Requests

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answered(request, request.match_info["method"])
        finally:
            async with self._changed:
                self._changed.notify_all()

    async def _answered(self, request: web.Request, method: str) -> web.StreamResponse:
        fate = None
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            params = await _params(request)
            self.requests.append((method, params, time.monotonic()))
            for fault in list(self.faults):
                if (fate := fault(method, params)) is not None:
                    self.faults.remove(fault)
                    break
            if isinstance(fate, web.StreamResponse):
                return fate
            done = None if fate == CUT else await self._call(method, params, request)
            response = _json({"ok": True, "result": done})
        except Refused as refused:
            response = _failure(refused.status, refused.text, **refused.parameters)
        if fate and request.transport:
            request.transport.abort()
        return response

    async def _call(self, method: str, params: Payload, request: web.Request) -> Any:
        match method:
            case "sendMessage" | "sendPhoto" | "sendDocument" | "sendPoll":
                return self._json(self._send(method, params))
            case "getUpdates":
                return await self._get_updates(params, request)
            case "answerCallbackQuery":
                return self._answer_callback(params)
            case "editMessageText" | "editMessageCaption" | "editMessageReplyMarkup":
                return self._edit(method, params)
            case "deleteMessage":
                return self._delete(params)
            case "stopPoll":
                return await self._stop_poll(params)
            case "answerInlineQuery":
                return self._answer_inline(params)
            case "getMe":
                return {**self._user(BOT), "can_join_groups": True, "can_read_all_group_messages": False,
                        "supports_inline_queries": True, "can_connect_to_business": False,
                        "has_main_web_app": False}  # fmt: skip
            case "setWebhook":
                return await self._set_webhook(params)
            case "deleteWebhook":
                return await self._set_webhook({**params, "url": "", "secret_token": ""})
            case "getWebhookInfo":
                known = {"allowed_updates": sorted(self.allowed)} if self.allowed else {}
                return {"url": self.webhook, "has_custom_certificate": False,
                        "pending_update_count": len(self.pending), **known}  # fmt: skip
            case "setMyCommands":
                _check_commands(params.get("commands", []))
                self.commands[_scope(params)] = params["commands"]
                return True
            case "deleteMyCommands":
                self.commands.pop(_scope(params), None)
                return True
            case "getMyCommands":
                return self.commands.get(_scope(params), [])
            case "setMyName" | "setMyDescription" | "setMyShortDescription":
                return self._set_profile(method, params)
            case "getChat":
                gifts = dict.fromkeys(_GIFTS, False)
                more = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}
                chat = self._reached(params)
                if chat in self.chats and self.chats[chat].type != "channel":
                    more["permissions"] = {"can_send_messages": chat not in self.silent}
                return {**self._place(chat), **more}
            case "getChatMember":
                return self._member(self._reached(params), params["user_id"])
            case "getChatAdministrators":
                chat = self._reached(params)
                if chat > 0:
                    raise Refused(400, "Bad Request: there are no administrators in the private chat")
                members = [self._member(chat, who) for place, who in self.members if place == chat]
                return [one for one in members if one["status"] in {"creator", "administrator"}]
            case "leaveChat":
                await self.my_chat_member(self._reached(params), "left", BOT)
                return True
            case "sendChatAction":
                self._reached(params)
                _need(params.get("action") in _DOING, "wrong parameter action in request")
                return True
        raise Refused(404, "Not Found")

    # Messages

    def _send(self, method: str, params: Payload) -> Message:
        chat, thread = self._reached(params), params.get("message_thread_id")
        if not self.lenient:
            self._check_place(chat, thread)
        message = Message(0, chat, thread=thread, keyboard=self._keyboard(params), params=params)
        message.force_reply = bool(params.get("reply_markup", {}).get("force_reply"))
        if target := params.get("reply_parameters"):
            message.reply_to = self._there(chat, target["message_id"])
            fine = message.reply_to or target.get("allow_sending_without_reply")
            _need(bool(fine), "message to be replied not found")
        if method == "sendMessage":
            message.text, message.entities = self._text(params, "text", 4096)
        elif method == "sendPoll":
            message.poll = self._poll(params, chat)
        else:
            message.caption, message.entities = self._text(params, "caption", 1024)
            self._attach(message, params.get(method[4:].lower()), picture=method == "sendPhoto")
        message.id = self._number(chat)
        self._known[chat, message.id] = message
        self.messages.append(message)
        return message

    def _edit(self, method: str, params: Payload) -> Any:
        if "inline_message_id" in params:
            message = self._inline.get(params["inline_message_id"])
            _need(message is not None, "MESSAGE_ID_INVALID")
        else:
            message = self._there(self._reached(params), params.get("message_id", 0))
            _need(message is not None, "message to edit not found")
        assert message
        _need(message.who == BOT, "message can't be edited")
        _need("reply_markup" not in params or "inline_keyboard" in params["reply_markup"], "inline keyboard expected")
        before = (message.text, message.caption, message.entities, message.keyboard)
        text, caption, entities, keyboard = message.text, message.caption, message.entities, self._keyboard(params)
        if method == "editMessageText":
            _need(bool(message.text), "there is no text in the message to edit")
            text, entities = self._text(params, "text", 4096)
        elif method == "editMessageCaption":
            _need(
                message.photo is not None or message.document is not None, "there is no caption in the message to edit"
            )
            caption, entities = self._text(params, "caption", 1024)
        _need((text, caption, entities, keyboard) != before, _NOT_MODIFIED)
        message.text, message.caption, message.entities, message.keyboard = text, caption, entities, keyboard
        message.edits += 1
        return True if message.inline_id else self._json(message)

    def _delete(self, params: Payload) -> bool:
        chat = self._reached(params)
        message = self._there(chat, params.get("message_id", 0))
        _need(message is not None, "message to delete not found")
        assert message
        mine = message.who == BOT or chat > 0 or self.members.get((chat, BOT)) == "administrator"
        _need(mine and time.time() - message.date < 48 * 3600, "message can't be deleted")
        message.deleted = True
        return True

    async def _stop_poll(self, params: Payload) -> Payload:
        message = self._there(self._reached(params), params.get("message_id", 0))
        _need(message is not None and message.poll is not None, "message with poll to stop not found")
        assert message
        assert message.poll
        _need(not message.poll["is_closed"], "poll has already been closed")
        message.poll["is_closed"], message.keyboard = True, self._keyboard(params)
        await self._queue("poll", message.poll)
        return message.poll

    def _answer_callback(self, params: Payload) -> bool:
        pressed = self._pressed.get(params.get("callback_query_id", ""))
        _need(pressed is not None, _TOO_OLD)
        assert pressed
        _need(_units(params.get("text", "")) <= 200, "MESSAGE_TOO_LONG")
        _need("url" not in params or bool(_DEEP_LINK.fullmatch(params["url"])), "URL_INVALID")
        del self._pressed[pressed.id]
        pressed.answer = self.answers[pressed.id] = params
        pressed.answered.set()
        return True

    def _answer_inline(self, params: Payload) -> bool:
        asked = self._queries.get(params.get("inline_query_id", ""))
        _need(asked is not None and not asked.done(), _TOO_OLD)
        assert asked
        results, button = params.get("results", []), params.get("button")
        ids = [one["id"] for one in results]
        _need(len(results) <= 50, "RESULTS_TOO_MUCH")
        _need(all(0 < len(one.encode()) <= 64 for one in ids), "RESULT_ID_INVALID")
        _need(len(ids) == len(set(ids)), "RESULT_ID_DUPLICATE")
        _need(len(params.get("next_offset", "").encode()) <= 64, "NEXT_OFFSET_INVALID")
        for one in results:
            _need(one["type"] != "article" or bool(one.get("title")), "ARTICLE_TITLE_EMPTY")
            _need(one["type"] != "article" or "input_message_content" in one, "SEND_MESSAGE_TYPE_INVALID")
            self._keyboard(one)
            if content := one.get("input_message_content"):
                self._text({**content, "text": content.get("message_text", "")}, "text", 4096)
        if button:
            _need(bool(button.get("text")), "BUTTON_TEXT_INVALID")
            start = button.get("start_parameter", "")
            _need("web_app" in button or bool(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", start)), "START_PARAM_INVALID")
        self.inline_answers.append(params)
        asked.set_result(results)
        return True

    def _set_profile(self, method: str, params: Payload) -> bool:
        name, limit = {
            "setMyName": ("name", 64),
            "setMyDescription": ("description", 512),
            "setMyShortDescription": ("short_description", 120),
        }[method]
        text = params.get(name, "")
        _need(_units(text) <= limit, f"bot {name} is too long")
        self.profile[name, params.get("language_code", "")] = text
        return True

    def _text(self, params: Payload, name: str, limit: int) -> tuple[str, list[Payload]]:
        text, prefix = params.get(name, ""), "" if name in {"text", "caption"} else f"{name}_"
        entities = params.get("entities" if name == "text" else f"{name}_entities", [])
        if not self.lenient:
            what = "message" if name == "text" else f"message {name}"
            _need(not params.get(f"{prefix}parse_mode"), "can't parse entities: we send them, and mark nothing up")
            _need(bool(text.strip()) or name != "text", "message text is empty")
            _need(_units(text) <= limit, f"{what} is too long")
            _need(text == text.strip(), f"{what} has blanks around it, which would be cut off")
            try:
                check_entities(text, entities)
            except ValueError as error:
                raise Refused(400, f"Bad Request: can't parse entities: {error}") from error
        return text, entities

    def _keyboard(self, params: Payload) -> list[list[Payload]]:
        rows: list[list[Payload]] = params.get("reply_markup", {}).get("inline_keyboard", [])
        if not self.lenient:
            check_keyboard(rows)
        return rows

    def _poll(self, params: Payload, chat: int) -> Payload:
        question, _ = self._text(params, "question", 300)
        why, entities = self._text(params, "explanation", 200)
        options = [one if isinstance(one, str) else one["text"] for one in params.get("options", [])]
        quiz, anonymous = params.get("type") == "quiz", params.get("is_anonymous", True)
        many, right = params.get("allows_multiple_answers", False), params.get("correct_option_ids", [])
        _need(bool(question), "poll question must be non-empty")
        _need(len(options) >= 2, "poll must have at least 2 option")
        _need(len(options) <= 12, "poll can't have more than 12 options")
        _need(all(one.strip() for one in options), "poll options must be non-empty")
        _need(all(_units(one) <= 100 for one in options), "poll options length must not exceed 100")
        _need(why.count("\n") <= 2, "the explanation has more than 2 line feeds")
        _need(5 <= params.get("open_period", 5) <= 2_628_000, "wrong open_period specified")
        _need(anonymous or chat not in self.chats or self.chats[chat].type != "channel",
              "BROADCAST_PUBLIC_VOTERS_FORBIDDEN")  # fmt: skip
        if quiz:
            fine = all(isinstance(one, int) and 0 <= one < len(options) for one in right)
            _need(bool(right) and fine and (many or len(right) == 1), "wrong correct option ID specified")
        counted = [{"persistent_id": f"{place}", "text": one, "voter_count": 0} for place, one in enumerate(options)]
        answer = {"correct_option_ids": right, "explanation": why, "explanation_entities": entities} if quiz else {}
        if quiz and self.old_fields:
            answer["correct_option_id"] = right[0]
        return {
            "id": str(next(self._ids)), "question": question, "options": counted, "total_voter_count": 0,
            "is_closed": False, "is_anonymous": anonymous, "allows_multiple_answers": many, "members_only": False,
            "allows_revoting": params.get("allows_revoting", not quiz), "type": "quiz" if quiz else "regular", **answer,
        }  # fmt: skip

    async def _voted(self, message: Message, chosen: tuple[int, ...], who: int) -> int:
        poll = message.poll
        assert poll
        message.votes[who] = chosen
        if not chosen:
            del message.votes[who]
        for place, option in enumerate(poll["options"]):
            option["voter_count"] = sum(place in vote for vote in message.votes.values())
        poll["total_voter_count"] = len(message.votes)
        await self._queue("poll", poll)
        if poll["is_anonymous"]:
            return 0
        ids = [poll["options"][one]["persistent_id"] for one in chosen]
        answer = {"poll_id": poll["id"], "user": self._user(who), "option_ids": list(chosen)}
        return await self._queue("poll_answer", {**answer, "option_persistent_ids": ids})

    def _attach(self, message: Message, file: Any, *, picture: bool) -> None:
        _need(bool(file), f"there is no {'photo' if picture else 'document'} in the request")
        content, message.name = (file.content, file.name) if isinstance(file, Upload) else (b"", str(file))
        message.mime = file.mime if isinstance(file, Upload) else ""
        if isinstance(file, Upload) and not self.lenient:
            _need(bool(re.fullmatch(r"[^/\\\x00-\x1f]+", file.name)), "a file name that would be changed")
            _need(bool(re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", file.mime)), "a file of no type")
            _need(bool(content), "file must be non-empty")
            _need(len(content) <= (10 if picture else 50) * 2**20, "file is too big")
            _need(not picture or content.startswith((PNG, JPEG)), "IMAGE_PROCESS_FAILED")
        if picture:
            message.photo = content
        else:
            message.document = content

    # Chats

    def _reached(self, params: Payload) -> int:
        """The chat that is asked for, if the bot has access to it."""
        chat: int = params.get("chat_id", 0)
        if self.lenient:
            return chat
        _need(isinstance(chat, int), "chat not found")  # nobody has a public name here
        if chat in self.migrated:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, text, migrate_to_chat_id=self.migrated[chat])
        if chat > 0:
            _need(chat in self.people or chat in self.started, "chat not found")
            if chat in self.blocked:
                raise Refused(403, "Forbidden: bot was blocked by the user")
            if chat not in self.started:
                raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
            return chat
        _need(chat in self.chats, "chat not found")
        for chats, how in ((self.kicked, "was kicked from"), (self.left, "is not a member of")):
            if chat in chats:
                raise Refused(403, f"Forbidden: bot {how} the {self.chats[chat].type} chat")
        return chat

    def _check_place(self, chat: int, thread: int | None) -> None:
        """Whether the bot may write there. General has no number: with 1, Telegram finds no such topic."""
        topics = self.chats[chat].topics if chat in self.chats else set()
        _need(thread is None or (thread in topics and thread != 1), "message thread not found")
        _need((chat, thread) not in self.closed, "TOPIC_CLOSED")
        me = self._member(chat, BOT)
        speaks = me.get("can_post_messages", me["status"] == "administrator" or chat not in self.silent)
        fine = chat not in self.restricted and speaks and me["status"] != "restricted"
        _need(fine, "not enough rights to send text messages to the chat")

    def _there(self, chat: int, number: int) -> Message | None:
        message = self._known.get((chat, number))
        return message if message and not message.deleted else None

    def _number(self, chat: int) -> int:
        return next(self._counts[chat if chat < -(10**12) else 0])

    def _said(self, chat: int, who: int, text: str, extra: Payload) -> Message:
        said = Message(self._number(chat), chat, who, text=text, entities=_marks(text), extra=extra)
        said.date = extra.pop("date", said.date)
        self._known[chat, said.id] = said
        return said

    # As Telegram writes it

    def _user(self, who: int) -> Payload:
        if who == BOT:
            return {"id": BOT, "is_bot": True, "first_name": "Prepdeck", "username": USERNAME}
        person = self.people.get(who) or Person(who, f"User {who}")
        return {"id": who, "is_bot": False, "first_name": person.name, "language_code": person.language}

    def _place(self, chat: int) -> Payload:
        if chat > 0:
            return {"id": chat, "type": "private", "first_name": self._user(chat)["first_name"]}
        known = self.chats[chat]
        return {"id": chat, "type": known.type, "title": known.title, **({"is_forum": True} if known.forum else {})}

    def _member(self, chat: int, who: int) -> Payload:
        status = self.members.get((chat, who), "member")
        rights: dict[str, Payload] = {
            "creator": {"is_anonymous": False},
            "administrator": {one: one != "is_anonymous" for one in _ADMIN_RIGHTS},
            "restricted": {**dict.fromkeys(_MEMBER_RIGHTS, False), "is_member": True, "until_date": 0},
            "kicked": {"until_date": 0},
        }
        if chat in self.chats and self.chats[chat].type == "channel":
            rights["administrator"]["can_post_messages"] = chat not in self.silent
        return {"status": status, "user": self._user(who), **rights.get(status, {})}

    def _json(self, message: Message, *, quoted: bool = False) -> Payload:
        place = self._place(message.chat)
        answer: Payload = {"message_id": message.id, "date": message.date, "chat": place}
        if place["type"] == "channel":
            answer["sender_chat"] = place
        else:
            answer["from"] = self._user(message.who)
        if message.thread is not None:
            answer |= {"message_thread_id": message.thread, "is_topic_message": True}
        if message.reply_to and not quoted:  # a message that is quoted does not quote its own
            answer["reply_to_message"] = self._json(message.reply_to, quoted=True)
            if place["type"] == "supergroup" and not place.get("is_forum"):
                answer["message_thread_id"] = message.reply_to.id  # of a thread of replies: no topic
        elif message.thread is not None and message.who != BOT and not quoted:
            answer["reply_to_message"] = {
                "message_id": message.thread, "date": 1, "chat": place, "from": self._user(ADA),
                "message_thread_id": message.thread, "is_topic_message": True,
                "forum_topic_created": {"name": f"Topic {message.thread}", "icon_color": 7322096},
            }  # fmt: skip
        if message.text:
            answer |= {"text": message.text, "entities": message.entities}
        if message.caption:
            answer |= {"caption": message.caption, "caption_entities": message.entities}
        file = {"file_id": f"file{message.id}", "file_unique_id": f"unique{message.id}"}
        if message.photo is not None:
            answer["photo"] = [{**file, "width": 90, "height": 90, "file_size": len(message.photo)}]
        if message.document is not None:
            answer["document"] = {
                **file,
                "file_name": message.name,
                "mime_type": message.mime,
                "file_size": len(message.document),
            }
        if message.poll:
            answer["poll"] = message.poll
        if message.keyboard:
            answer["reply_markup"] = {"inline_keyboard": message.keyboard}
        if message.edits:
            answer["edit_date"] = int(time.time())
        return answer | message.extra


def flood(retry_after: int) -> web.Response:
    """For a fault: Telegram wants less of it."""
    return _failure(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def server_error(code: int = 502) -> web.Response:
    """For a fault: Telegram is in trouble, and does not answer in JSON."""
    return web.Response(status=code, text=f"<html>{code}</html>", content_type="text/html")


def check_entities(text: str, entities: Sequence[Payload]) -> None:
    """Raise ValueError unless Telegram would show the text with exactly these entities."""
    encoded = text.encode("utf-16-le")  # a lone surrogate is a ValueError by itself
    if len(entities) > 100:
        raise ValueError("more than 100 entities")
    spans = []
    for one in entities:
        kind, offset, length = one["type"], one["offset"], one["length"]
        end = offset + length
        if kind not in _KINDS:
            raise ValueError(f"no such type: {one}")
        if offset < 0 or length <= 0 or 2 * end > len(encoded):
            raise ValueError(f"outside of the text: {one}")
        if any(0xDC <= encoded[2 * place + 1] <= 0xDF for place in (offset, end) if 2 * place < len(encoded)):
            raise ValueError(f"cuts a character in two: {one}")
        if not encoded[2 * offset : 2 * end].decode("utf-16-le").strip():
            raise ValueError(f"nothing but blanks: {one}")
        if kind in _NEEDS and one.get(_NEEDS[kind]) is None:
            raise ValueError(f"needs {_NEEDS[kind]}: {one}")
        if not {"url", "language"} & one.keys() <= {"text_link": {"url"}, "pre": {"language"}}.get(kind, set()):
            raise ValueError(f"has what only others have: {one}")
        if kind == "text_link" and urlsplit(one["url"]).scheme not in {"http", "https", "tg", "mailto"}:
            raise ValueError(f"no address that Telegram opens: {one}")
        spans.append((offset, -length, kind not in _QUOTES, kind, end))
    around: list[tuple[str, int]] = []
    for offset, _, _, kind, end in sorted(spans):
        while around and around[-1][1] <= offset:
            around.pop()
        outer = {one for one, _ in around}
        if around and end > around[-1][1]:
            raise ValueError(f"{kind} at {offset} is half in {around[-1][0]}")
        if outer & _CODE or (kind in _CODE and outer - _QUOTES):
            raise ValueError(f"{kind} at {offset} stands in {outer}: code stands alone, or in a quote")
        if kind in _QUOTES and outer & _QUOTES:
            raise ValueError(f"a quote in a quote at {offset}")
        if kind not in _QUOTES | _STYLES and outer - _QUOTES - _STYLES:
            raise ValueError(f"{kind} at {offset} stands in {outer}")
        around.append((kind, end))


def check_keyboard(rows: Sequence[Sequence[Payload]]) -> None:
    _need(sum(map(len, rows)) <= 100, "reply markup is too long")
    for row in rows:
        _need(0 < len(row) <= 8, "a row has 1 to 8 buttons")
        for one in row:
            actions = _ACTIONS & one.keys()
            _need(bool(one.get("text", "").strip()), "inline keyboard button text must be non-empty")
            _need(len(actions) == 1, "Text buttons are unallowed in the inline keyboard")
            if "callback_data" in actions:
                _need(0 < len(one["callback_data"].encode()) <= 64, "BUTTON_DATA_INVALID")
            if "url" in actions:
                url, where = one["url"], urlsplit(one["url"])
                fine = where.scheme == "https" and bool(where.hostname) and " " not in url
                _need(fine, f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
                start = url.startswith(f"https://t.me/{USERNAME}?start")
                _need(not start or bool(_DEEP_LINK.fullmatch(url)), "START_PARAM_INVALID")


def _check_commands(commands: Sequence[Payload]) -> None:
    _need(len(commands) <= 100, "BOT_COMMANDS_TOO_MUCH")
    for one in commands:
        _need(bool(re.fullmatch(r"[a-z0-9_]{1,32}", one["command"])), "BOT_COMMAND_INVALID")
        _need(0 < _units(one["description"].strip()) <= 256, "BOT_COMMAND_DESCRIPTION_INVALID")


def _scope(params: Payload) -> tuple[str, str]:
    """The key of a table of commands, such as ("default", "") or ("chat:-2000", "de")."""
    scope = params.get("scope") or {"type": "default"}
    names = [str(scope[key]) for key in ("type", "chat_id", "user_id") if key in scope]
    language = params.get("language_code", "")
    _need(bool(re.fullmatch(r"([a-z]{2})?", language)), "invalid language code specified")
    return ":".join(names), language


def _marks(text: str) -> list[Payload]:
    """The entities that Telegram finds by itself in what a person writes."""
    return [
        {"type": found.lastgroup, "offset": _units(text[: found.start()]), "length": _units(found.group())}
        for found in _MARKS.finditer(text)
    ]


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _need(fine: bool, what: str) -> None:
    if not fine:
        raise Refused(400, f"Bad Request: {what}")


async def _params(request: web.Request) -> Payload:
    """What was asked, with values as JSON has them, and files as uploads."""
    given: Payload = dict(request.query)
    if request.content_type == "application/json":
        given |= await request.json(loads=orjson.loads)
    elif request.content_type == "multipart/form-data":
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                with value.file as file:
                    given[name] = Upload(value.filename, file.read(), value.content_type)
            else:
                given[name] = value
    else:
        given |= parse_qsl((await request.read()).decode(), keep_blank_values=True)
    try:
        return {name: _value(name, value, given) if isinstance(value, str) else value for name, value in given.items()}
    except ValueError as error:
        raise Refused(400, f"Bad Request: can't parse JSON: {error}") from error


def _value(name: str, value: str, given: Payload) -> Any:
    if name in _WORDS:
        return value
    if value.startswith("attach://"):
        return given.get(value.removeprefix("attach://"))
    return orjson.loads(value) if _ENCODED.match(value) else value


def _json(value: Payload, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


def _failure(code: int, text: str, **parameters: int) -> web.Response:
    answer = {"ok": False, "error_code": code, "description": text}
    return _json({**answer, "parameters": parameters} if parameters else answer, code)
