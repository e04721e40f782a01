"""A Discord of our own on a loopback port: enough of REST and gateway for the real discord.py, and as strict.

It refuses what Discord refuses (limits of Components V2, a second answer to an interaction, an unknown token) and keeps
what it was sent, so that tests see what a person would see.
"""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

TOKEN = "loopback"  # noqa: S105
APPLICATION = 1000
GUILD, CHANNEL, ADA, BOB = 2000, 3000, 4001, 4002
EPHEMERAL, COMPONENTS_V2 = 1 << 6, 1 << 15
MANAGE_GUILD = 1 << 5
VIEW, SEND, EMBED, ATTACH, SEND_IN_THREADS = 1 << 10, 1 << 11, 1 << 14, 1 << 15, 1 << 38
MAY_POST = VIEW | SEND | EMBED | ATTACH | SEND_IN_THREADS
REQUEST_LIMIT, FILE_LIMIT = 25 * 2**20, 10 * 2**20  # bytes: of all that is sent at once, and of a file
CUT = web.Response()  # what a fault returns to cut the connection without an answer
Payload = dict[str, Any]
Shard = tuple[int, int]  # its number, and of how many
_APPLICATION: Payload = {
    "id": str(APPLICATION), "name": "prepdeck", "description": "", "flags": 0, "icon": None, "bot_public": True,
    "bot_require_code_grant": False, "verify_key": "", "team": None, "summary": "",
    "owner": {"id": "1", "username": "owner", "discriminator": "0", "avatar": None},
}  # fmt: skip
_ME = {"id": str(APPLICATION), "username": "prepdeck", "discriminator": "0", "avatar": None, "bot": True}


@dataclass
class Message:
    """A message as somebody sees it, and whom it called when it came."""

    id: int
    channel: int
    components: list[Payload]
    ephemeral: bool = False
    attachments: list[Payload] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    deleted: bool = False
    edits: int = 0

    def walk(self) -> list[Payload]:
        return list(_walk(self.components))

    @property
    def text(self) -> str:
        return "\n".join(one["content"] for one in self.walk() if one["type"] == 10)

    @property
    def buttons(self) -> dict[str, str]:
        return {one["label"]: one["custom_id"] for one in self.walk() if one["type"] == 2}


@dataclass
class Interaction:
    """What was sent to the bot, and what came back."""

    id: int
    token: str
    kind: int
    source: Message | None
    channel: int = CHANNEL
    heard: bool = False  # whether a client was there for it
    callbacks: list[Payload] = field(default_factory=list)
    original: Message | None = None
    deferred: bool = False
    thinking: bool = False
    alone: bool = False  # whether only its owner sees the note that we are thinking
    modal: Payload | None = None
    messages: list[Message] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    choices: list[Payload] | None = None


class TooLate(web.Response):
    """For a fault: what was asked is done, but this is the answer."""


LOST = TooLate()  # and this cuts the connection in its place


class Refused(Exception):
    def __init__(self, status: int, code: int, text: str) -> None:
        self.status, self.code, self.text = status, code, text


class LoopbackDiscord:
    def __init__(self, *, lenient: bool = False) -> None:
        self.lenient = lenient  # takes messages without checking them, for benchmarks
        self.messages: list[Message] = []
        self.threads: list[Payload] = []  # those that were opened under messages
        self._nonces: dict[tuple[int, str], Message] = {}
        self.interactions: dict[str, Interaction] = {}
        self.commands: list[Payload] = []
        self.syncs: list[str] = []
        self.identifies: list[Payload] = []
        self.resumes: list[Payload] = []
        self.requests: list[tuple[str, str]] = []
        self.faults: list[Callable[[str, str], web.StreamResponse | None]] = []
        self.connected = asyncio.Event()
        self.resumed = asyncio.Event()
        self.token = TOKEN
        self.shards = 1
        self.guilds = {GUILD: [CHANNEL]}  # the text channels of each server
        self.latency = 0.0  # seconds from what is done to the answer that says so
        self._ids = iter(range(10_000, 10_000_000))
        self.sockets: list[web.WebSocketResponse] = []
        self._shards: dict[web.WebSocketResponse, Shard] = {}  # of the sockets that told theirs
        self._sessions: dict[str, Shard] = {}
        self._sequence = 0
        self._runner: web.AppRunner | None = None
        self._changed = asyncio.Condition()
        self.url = ""

    # Life

    async def start(self) -> None:
        app = web.Application(client_max_size=REQUEST_LIMIT)
        app.router.add_get("/gateway", self._gateway)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        for socket in self.sockets:
            await socket.close()
        if self._runner:
            await self._runner.cleanup()

    async def until(self, happened: Callable[[], object]) -> None:
        """Wait for something that follows from a request to us, or from a client's leaving."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(happened), 20)

    # What people do

    async def call(
        self,
        name: str,
        who: int = ADA,
        *,
        where: int = CHANNEL,
        private: bool = False,
        permissions: int = 0,
        **options: str,
    ) -> Interaction:
        given = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
        data = {"id": "1", "name": name, "type": 1, "options": given}
        return await self._interact(2, data, who, where=where, private=private, permissions=permissions)

    async def complete(self, name: str, option: str, typed: str) -> list[str]:
        data = {
            "id": "1",
            "name": name,
            "type": 1,
            "options": [{"name": option, "type": 3, "value": typed, "focused": True}],
        }
        interaction = await self._interact(4, data, ADA)
        await asyncio.wait_for(interaction.answered.wait(), 10)
        return [choice["value"] for choice in interaction.choices or []]

    async def press(
        self,
        message: Message,
        label: str,
        who: int = ADA,
        *,
        custom_id: str = "",
        private: bool = False,
        permissions: int = 0,
    ) -> Interaction:
        data = {"custom_id": custom_id or message.buttons[label], "component_type": 2}
        where = message.channel
        return await self._interact(3, data, who, where=where, source=message, private=private, permissions=permissions)

    async def submit(self, modal: Payload, text: str, source: Message | None = None, who: int = ADA) -> Interaction:
        field_ = modal["components"][0]["component"]
        value = {"type": 4, "id": 2, "custom_id": field_["custom_id"], "value": text}
        data = {"custom_id": modal["custom_id"], "components": [{"type": 18, "id": 1, "component": value}]}
        return await self._interact(5, data, who, where=source.channel if source else CHANNEL, source=source)

    async def join(self, guild: int, *channels: int) -> None:
        self.guilds[guild] = list(channels)
        await self._dispatch("GUILD_CREATE", _guild(guild, *channels), guild=guild)

    async def allow(self, rights: int) -> None:
        """Give everybody, us too, these rights in the server."""
        await self._dispatch("GUILD_ROLE_UPDATE", {"guild_id": str(GUILD), "role": _everyone(GUILD, rights)})

    async def deny(self, rights: int) -> None:
        """Take these rights from everybody in the channel."""
        denied = {"id": str(GUILD), "type": 0, "allow": "0", "deny": str(rights)}
        await self._dispatch("CHANNEL_UPDATE", {**_text_channel(GUILD, CHANNEL), "permission_overwrites": [denied]})

    async def discuss(self, number: int) -> None:
        """Open a thread in the channel."""
        await self._dispatch("THREAD_CREATE", _thread(number, "Talk"))

    async def _interact(
        self,
        kind: int,
        data: Payload,
        who: int,
        *,
        where: int = CHANNEL,
        source: Message | None = None,
        private: bool = False,
        permissions: int = 0,
    ) -> Interaction:
        number = next(self._ids)
        channel = who + 5000 if private else where
        guild = next((guild for guild, channels in self.guilds.items() if channel in channels), GUILD)
        interaction = Interaction(number, f"token{number}", kind, source, channel)
        self.interactions[interaction.token] = interaction
        user = {"id": str(who), "username": f"user{who}", "discriminator": "0", "avatar": None, "global_name": None}
        payload: Payload = {
            "id": str(number),
            "application_id": str(APPLICATION),
            "type": kind,
            "data": data,
            "token": interaction.token,
            "version": 1,
            "channel_id": str(channel),
            "channel": {"id": str(channel), "type": 1 if private else 0},
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(guild)},
            "context": 1 if private else 0,
            "app_permissions": "0",
            "attachment_size_limit": FILE_LIMIT,
        }
        if private:
            payload["user"] = user
        else:
            payload["guild_id"] = str(guild)
            payload["guild"] = {"id": str(guild), "locale": "en-US", "features": []}
            payload["member"] = {
                "user": user, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False,
                "flags": 0, "permissions": str(permissions), "nick": None, "avatar": None,
            }  # fmt: skip
        if source:
            payload["message"] = self._message(source)
        interaction.heard = await self._dispatch("INTERACTION_CREATE", payload, guild=0 if private else guild)
        return interaction

    # The gateway

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 40_000}})
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            data = json.loads(message.data)
            if data["op"] == 1:
                await socket.send_json({"op": 11})
            elif data["op"] == 2:
                self.identifies.append(data["d"])
                if data["d"]["token"] != self.token:
                    await socket.close(code=4004)
                    break
                await self._ready(socket, data["d"])
            elif data["op"] == 6:
                self.resumes.append(data["d"])
                self._shards[socket] = self._sessions[data["d"]["session_id"]]
                await self._send(socket, "RESUMED", {})
                self.resumed.set()
        self.sockets.remove(socket)
        self._shards.pop(socket, None)
        async with self._changed:
            self._changed.notify_all()
        return socket

    async def _ready(self, socket: web.WebSocketResponse, identify: Payload) -> None:
        number, count = shard = tuple(identify.get("shard", (0, 1)))
        session = f"session{len(self.identifies)}"
        self._shards[socket] = self._sessions[session] = shard
        guilds = {guild: channels for guild, channels in self.guilds.items() if shard_of(guild, count) == number}
        ready = {
            "v": 10, "user": _ME, "session_id": session, "session_type": "normal",
            "guilds": [{"id": str(guild), "unavailable": True} for guild in guilds],
            "application": {"id": str(APPLICATION), "flags": 0},
            "resume_gateway_url": self.url.replace("http", "ws") + "/gateway", "shard": shard,
        }  # fmt: skip
        await self._send(socket, "READY", ready)
        for guild, channels in guilds.items():
            await self._send(socket, "GUILD_CREATE", _guild(guild, *channels))
        self.connected.set()

    async def _dispatch(self, event: str, data: Payload, guild: int = GUILD) -> bool:
        """Tell the client that has the server's shard, and came last; whether there is one. 0 is for private chats."""
        for socket in reversed(self.sockets):
            if socket in self._shards and shard_of(guild, self._shards[socket][1]) == self._shards[socket][0]:
                return await self._send(socket, event, data)
        return False

    async def _send(self, socket: web.WebSocketResponse, event: str, data: Payload) -> bool:
        self._sequence += 1
        try:
            await socket.send_json({"op": 0, "t": event, "s": self._sequence, "d": data})
        except ConnectionError:  # the client is gone, and we have not heard of it yet
            return False
        return True

    async def drop(self) -> None:
        """Cut the connection as a network does; the client resumes."""
        self.resumed.clear()
        await self.sockets[-1].close(code=4000)

    async def invalidate(self) -> None:
        """Tell the client that its session is no good; it identifies anew."""
        self.connected.clear()
        await self.sockets[-1].send_json({"op": 9, "d": False})

    # REST

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.requests.append((request.method, path))
        try:
            response = await self._answered(request, path)
            if self.latency:
                await asyncio.sleep(self.latency)
            return response
        finally:
            async with self._changed:
                self._changed.notify_all()

    async def _answered(self, request: web.Request, path: str) -> web.StreamResponse:
        response: web.StreamResponse | None = None
        for fault in list(self.faults):
            response = fault(request.method, path)
            if response is not None:
                self.faults.remove(fault)
                break
        if response in (CUT, LOST) and request.transport:
            request.transport.abort()
        if response and not isinstance(response, TooLate):
            return response
        try:
            if request.headers.get("Authorization", f"Bot {self.token}") != f"Bot {self.token}":
                raise Refused(401, 0, "401: Unauthorized")
            answer = await self._route(request.method, path.split("/"), await _body(request), request)
        except Refused as refused:
            return _json({"code": refused.code, "message": refused.text}, refused.status)
        return response or (web.Response(status=204) if answer is None else _json(answer))

    async def _route(self, method: str, path: list[str], body: Any, request: web.Request) -> Any:
        match method, path:
            case "GET", ["users", "@me"]:
                return {
                    "id": str(APPLICATION),
                    "username": "prepdeck",
                    "discriminator": "0",
                    "avatar": None,
                    "bot": True,
                }
            case "GET", ["oauth2", "applications", "@me"]:
                return _APPLICATION
            case "GET", ["gateway", "bot"]:
                limits = {"total": 1000, "remaining": 999, "reset_after": 1, "max_concurrency": 1}
                url = self.url.replace("http", "ws") + "/gateway"
                return {"url": url, "shards": self.shards, "session_start_limit": limits}
            case "PUT", ["applications", _, *where, "commands"]:
                _check_commands(body)
                self.syncs.append("/".join(where))
                self.commands = body
                return [_registered(command, number) for number, command in enumerate(body)]
            case "POST", ["interactions", _, token, "callback"]:
                return self._callback(self._interaction(token), body)
            case "POST", ["webhooks", _, token]:
                return self._follow_up(self._interaction(token), body)
            case _, ["webhooks", _, token, "messages", "@original"]:
                return self._original(self._interaction(token), method, body)
            case "POST", ["users", "@me", "channels"]:
                who = int(body["recipient_id"])
                user = {"id": str(who), "username": f"user{who}", "discriminator": "0", "avatar": None}
                return {"id": str(who + 5000), "type": 1, "recipients": [user], "last_message_id": None}
            case "POST", ["channels", channel, "messages"]:
                return self._message(self._post(int(channel), body))
            case "POST", ["channels", channel, "messages", number, "threads"]:
                return self._open(int(channel), int(number), body["name"])
            case "PATCH", ["channels", channel, "messages", number]:
                message = next((one for one in self.messages if one.id == int(number)), None)
                if not message:
                    raise Refused(404, 10008, "Unknown Message")
                self._edit(message, body)
                return self._message(message)
        raise Refused(404, 0, f"no such route: {method} {'/'.join(path)}")

    def _interaction(self, token: str) -> Interaction:
        if token not in self.interactions:
            raise Refused(404, 10062, "Unknown interaction")
        return self.interactions[token]

    def _callback(self, interaction: Interaction, body: Payload) -> Any:
        if interaction.callbacks:
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        kind, data = body["type"], body.get("data") or {}
        flags = data.get("flags", 0)
        message: Message | None = None
        if kind == 4:
            message = self._new(interaction.channel, data, ephemeral=bool(flags & EPHEMERAL))
            interaction.original = message
            interaction.messages.append(message)
        elif kind == 5:
            interaction.deferred = interaction.thinking = True
            interaction.alone = bool(flags & EPHEMERAL)
        elif kind == 6:
            interaction.deferred, message = True, interaction.source
            interaction.original = message
        elif kind == 7:
            if not interaction.source:
                raise Refused(400, 50035, "Invalid Form Body: nothing to update")
            message = interaction.source
            self._edit(message, data)
            interaction.original = message
        elif kind == 8:
            interaction.choices = data["choices"]
            if len(interaction.choices) > 25 or any(len(one["name"]) > 100 for one in interaction.choices):
                raise Refused(400, 50035, "Invalid Form Body: choices")
        elif kind == 9:
            _check_modal(data)
            interaction.modal = data
        interaction.callbacks.append(body)
        interaction.answered.set()
        if kind not in {5, 6}:
            interaction.settled.set()
        answer: Payload = {"interaction": {"id": str(interaction.id), "type": interaction.kind}}
        if message:
            answer["interaction"]["response_message_id"] = str(message.id)
            answer["resource"] = {"type": kind, "message": self._message(message)}
        return answer

    def _follow_up(self, interaction: Interaction, body: Payload) -> Payload:
        if not interaction.callbacks:
            raise Refused(404, 10015, "Unknown Webhook")
        private = bool(body.get("flags", 0) & EPHEMERAL)
        if interaction.thinking:  # the first one takes the place of the note, and stays as private as that was
            interaction.thinking, private = False, interaction.alone
        message = self._new(interaction.channel, body, ephemeral=private)
        interaction.messages.append(message)
        interaction.settled.set()
        return self._message(message)

    def _original(self, interaction: Interaction, method: str, body: Payload) -> Any:
        if method == "DELETE":
            interaction.thinking = False
            if interaction.original:
                interaction.original.deleted = True
            return None
        if not interaction.original:
            raise Refused(404, 10008, "Unknown Message")
        if method == "PATCH":
            self._edit(interaction.original, body)
            interaction.settled.set()
        return self._message(interaction.original)

    def _post(self, channel: int, body: Payload) -> Message:
        """A message that nobody asked for: it may call people, and comes once for one nonce."""
        nonce = str(body.get("nonce", ""))
        if len(nonce) > 25:
            raise Refused(400, 50035, "Invalid Form Body: a nonce of up to 25 characters")
        if body.get("enforce_nonce") and (channel, nonce) in self._nonces:
            return self._nonces[channel, nonce]
        called = _called(body)
        message = self._new(channel, {**body, "allowed_mentions": {"parse": []}})
        message.called = called
        self._nonces[channel, nonce] = message
        return message

    def _open(self, channel: int, number: int, name: str) -> Payload:
        if not any((message.channel, message.id) == (channel, number) for message in self.messages):
            raise Refused(404, 10008, "Unknown Message")
        if any(one["id"] == str(channel) for one in self.threads):
            raise Refused(400, 50024, "Cannot execute action on this channel type")
        if not 1 <= len(name) <= 100:
            raise Refused(400, 50035, "Invalid Form Body: name")
        thread = _thread(number, name, channel)  # it has the id of its message
        self.threads.append(thread)
        return thread

    def _new(self, channel: int, body: Payload, *, ephemeral: bool = False) -> Message:
        if not self.lenient:
            check_message(body)
        files = body.get("files", {})
        message = Message(
            next(self._ids), channel, body.get("components", []), ephemeral, body.get("attachments", []), files
        )
        self.messages.append(message)
        return message

    def _edit(self, message: Message, body: Payload) -> None:
        check_message({"flags": COMPONENTS_V2, **body})
        message.components = body.get("components", message.components)
        if "attachments" in body:  # those that are not named are gone
            message.attachments, message.files = body["attachments"], body.get("files", {})
        message.edits += 1

    def _message(self, message: Message) -> Payload:
        return {
            "id": str(message.id), "channel_id": str(message.channel), "type": 0, "content": "", "tts": False,
            "author": _ME,
            "timestamp": "2026-01-01T00:00:00+00:00", "edited_timestamp": None, "mention_everyone": False,
            "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "pinned": False,
            "flags": COMPONENTS_V2 | (EPHEMERAL if message.ephemeral else 0),
            "components": _numbered(message.components),
        }  # fmt: skip


def shard_of(guild: int, count: int) -> int:
    """The shard that hears of a server, of so many; 0 hears of private chats, too."""
    return (guild >> 22) % count


def _everyone(guild: int, rights: int) -> Payload:
    """The role that everybody has."""
    return {"id": str(guild), "name": "@everyone", "color": 0, "hoist": False, "position": 0,
            "permissions": str(rights), "managed": False, "mentionable": False, "flags": 0}  # fmt: skip


def _text_channel(guild: int, channel: int) -> Payload:
    return {"id": str(channel), "type": 0, "name": "general", "position": 0, "permission_overwrites": [],
            "guild_id": str(guild)}  # fmt: skip


def _thread(number: int, name: str, parent: int = CHANNEL) -> Payload:
    moment = "2026-01-01T00:00:00+00:00"
    about = {"archived": False, "auto_archive_duration": 1440, "archive_timestamp": moment, "locked": False,
             "create_timestamp": moment}  # fmt: skip
    return {"id": str(number), "type": 11, "name": name, "guild_id": str(GUILD), "parent_id": str(parent),
            "owner_id": str(APPLICATION), "message_count": 0, "member_count": 1, "thread_metadata": about}  # fmt: skip


def _guild(guild: int, *channels: int) -> Payload:
    everyone, texts = _everyone(guild, MAY_POST), [_text_channel(guild, channel) for channel in channels]
    me = {"user": _ME,
          "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0}  # fmt: skip
    return {
        "id": str(guild), "name": "study", "owner_id": str(ADA), "icon": None, "features": [], "roles": [everyone],
        "channels": texts, "threads": [], "members": [me], "emojis": [], "stickers": [], "member_count": 2,
        "large": False, "joined_at": "2026-01-01T00:00:00+00:00", "system_channel_id": str(channels[0]),
        "verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0,
        "afk_timeout": 300, "system_channel_flags": 0, "premium_tier": 0, "preferred_locale": "en-US",
        "nsfw_level": 0, "premium_progress_bar_enabled": False, "voice_states": [], "presences": [],
        "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [],
    }  # fmt: skip


async def _body(request: web.Request) -> Any:
    if request.content_type == "multipart/form-data":
        form = await request.post()
        body = json.loads(str(form["payload_json"]))
        data = body.get("data") or body
        parts = {name: part for name, part in form.items() if isinstance(part, web.FileField)}
        named = {f"files[{one['id']}]": one["filename"] for one in data.get("attachments", [])}
        if len(form) != len(named) + 1 or named != {name: part.filename for name, part in parts.items()}:
            raise Refused(400, 50035, "Invalid Form Body: attachments do not name the files that were sent")
        if len(set(named.values())) != len(named):
            raise Refused(400, 50035, "Invalid Form Body: files of one name")
        data["files"] = {part.filename: part.file.read() for part in parts.values()}
        for part in parts.values():
            part.file.close()
        return body
    return json.loads(await request.text() or "{}")


def _json(value: Any, status: int = 200) -> web.Response:
    # Exactly this content type: with a charset, discord.py takes the body for text.
    return web.Response(body=json.dumps(value).encode(), status=status, headers={"Content-Type": "application/json"})


def _walk(components: list[Payload]) -> list[Payload]:
    found = []
    for one in components:
        found.append(one)
        found.extend(_walk(one.get("components", [])))
    return found


def _numbered(components: list[Payload]) -> list[Payload]:
    """Discord gives every component an id."""
    for number, one in enumerate(_walk(components), 1):
        one.setdefault("id", number)
    return components


def _called(body: Payload) -> set[str]:
    """Whom a message calls: of those whom its texts mention, the allowed ones, and all if nothing is said of that."""
    text = "\n".join(one.get("content") or "" for one in _walk(body.get("components", [])))
    allowed = body.get("allowed_mentions") or {"parse": ["everyone", "roles", "users"]}
    if any(allowed.get(kind) for kind in allowed["parse"]):
        raise Refused(400, 50035, "Invalid Form Body: allowed_mentions names a kind and some of it")
    everyone = set(re.findall("@everyone|@here", text)) if "everyone" in allowed["parse"] else set()
    kinds = {"&": "roles", "!": "users", "": "users"}
    return everyone | {
        mention
        for mention, sign, number in re.findall("(<@([&!]?)([0-9]+)>)", text)
        if kinds[sign] in allowed["parse"] or int(number) in map(int, allowed.get(kinds[sign], ()))
    }


def check_message(body: Payload) -> None:
    """The limits of a message with Components V2, and no mention of anybody."""

    def need(fine: bool, what: str) -> None:
        if not fine:
            raise Refused(400, 50035, f"Invalid Form Body: {what}")

    parts = _walk(body.get("components", []))
    need(bool(body.get("flags", 0) & COMPONENTS_V2), "components without the flag of V2")
    need(not body.get("content") and not body.get("embeds"), "content beside components of V2")
    need(0 < len(parts) <= 40, "1 to 40 components")
    need(sum(len(one.get("content", "")) for one in parts) <= 4000, "4,000 characters")
    ids = [one["custom_id"] for one in parts if "custom_id" in one]
    need(len(ids) == len(set(ids)), "custom ids must differ")
    for one in parts:
        if one["type"] == 10:
            need(bool(one["content"]), "an empty text")
        if one["type"] == 2:
            need(1 <= len(one["label"]) <= 80, "label of 1 to 80 characters")
            need(1 <= len(one["custom_id"]) <= 100, "custom_id of 1 to 100 characters")
        if one["type"] == 1:
            need(1 <= len(one["components"]) <= 5, "1 to 5 buttons in a row")
        if one["type"] == 12:
            need(
                all(0 < len(item.get("description") or "") <= 1024 for item in one["items"]), "a picture without words"
            )
    files: dict[str, bytes] = body.get("files", {})
    media = [item["media"] for one in parts if one["type"] == 12 for item in one["items"]]
    media += [one["file"] for one in parts if one["type"] == 13]
    shown = [one["url"].removeprefix("attachment://") for one in media]
    need(sorted(shown) == sorted(files), f"shown are {shown}, sent were {list(files)}: nobody sees the others")
    need(all(re.fullmatch(r"[0-9A-Za-z._-]+", name) for name in files), "a file name that would be changed")
    need(all(files.values()), "an empty file")
    if any(len(content) > FILE_LIMIT for content in files.values()):
        raise Refused(413, 40005, "Request entity too large")
    mentions = body.get("allowed_mentions", {"parse": ["everyone"]})  # what Discord takes silence for
    need(not mentions.get("parse") and not mentions.get("users") and not mentions.get("roles"), "a mention")


def _check_modal(data: Payload) -> None:
    fine = 1 <= len(data["title"]) <= 45 and 1 <= len(data["custom_id"]) <= 100 and 1 <= len(data["components"]) <= 5
    if not fine or any(len(one.get("label", "")) > 45 for one in data["components"]):
        raise Refused(400, 50035, "Invalid Form Body: modal")


def _check_commands(commands: list[Payload]) -> None:
    for command in commands:
        texts = [command, *command.get("options", [])]
        if any(not 1 <= len(one["description"]) <= 100 or not 1 <= len(one["name"]) <= 32 for one in texts):
            raise Refused(400, 50035, "Invalid Form Body: name or description")
        if any(len(one.get("choices") or []) > 25 for one in texts) or len(texts) > 26:
            raise Refused(400, 50035, "Invalid Form Body: choices or options")


def _registered(command: Payload, number: int) -> Payload:
    return {"id": str(500 + number), "application_id": str(APPLICATION), "version": "1", "type": 1,
            "default_member_permissions": None, **command}  # fmt: skip
