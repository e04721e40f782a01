"""HTTP for Telegram: what python-telegram-bot's own class does, ours does, against the same server on loopback."""

import ast
import asyncio
import json
import logging
import re
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot, InputFile, InputMediaPhoto
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from adapters.telegram.transport import AiohttpRequest

TOKEN = "123:SECRET"  # noqa: S105
SOON = 0.05  # seconds until a timeout that is to happen
Kind = type[HTTPXRequest] | type[AiohttpRequest]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Part = tuple[str, str | None, bytes, str | None]  # name, file name, content, type of a file
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PEACE = b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n" + b'{"ok": true, "result": 1}'


class Server:
    """Answers as it is told to, keeps what it was sent, and holds requests until it is released."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[dict[str, Any]] = []
        self.connections: set[Any] = set()
        self.arrived = asyncio.Semaphore(0)
        self.release = asyncio.Event()
        self.at_once = self.most_at_once = 0
        self.answer: Handler = self.agree

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.connections.add(request.transport)
        if request.content_type == "multipart/form-data":
            parts = [
                (part.name, part.filename, bytes(await part.read()), part.filename and part.headers["Content-Type"])
                async for part in await request.multipart()
            ]
        else:
            parts = [(name, None, str(value).encode(), None) for name, value in (await request.post()).items()]
        self.requests.append(
            {"method": request.method, "url": str(request.url), "headers": dict(request.headers), "parts": parts}
        )
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.arrived.release()
        try:
            return await self.answer(request)
        finally:
            self.at_once -= 1

    async def agree(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": True})

    async def hold(self, request: web.Request) -> web.Response:
        await self.release.wait()
        return await self.agree(request)

    def say(self, status: int, body: object, **headers: str) -> None:
        """Answer this from now on."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()

        async def said(_: web.Request) -> web.Response:
            return web.Response(status=status, body=text, headers=headers)

        self.answer = said

    def address(self, method: str = "getMe") -> str:
        return f"{self.url}/bot{TOKEN}/{method}"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    running = Server()
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", running.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    running.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield running
    running.release.set()
    await runner.cleanup()


@asynccontextmanager
async def listening(conversation: Raw) -> AsyncIterator[str]:
    """A server that speaks no HTTP of its own. Yields an address there."""
    talking: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talking.add(task)
        with suppress(asyncio.CancelledError, asyncio.IncompleteReadError):
            await conversation(reader, writer)
        writer.close()
        talking.discard(task)

    running = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{running.sockets[0].getsockname()[1]}/bot{TOKEN}/getMe"
    finally:
        running.close()
        for task in list(talking):
            task.cancel()
        await asyncio.gather(*talking)


async def heard(reader: asyncio.StreamReader) -> bytes:
    """The head of a request, and its body as far as there is one."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return head + (await reader.readexactly(int(length[1])) if length else b"")


@pytest.fixture(params=[HTTPXRequest, AiohttpRequest], ids=["httpx", "aiohttp"])
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


@pytest.fixture
async def http(kind: Kind) -> AsyncIterator[BaseRequest]:
    async with kind() as made:
        yield made


@pytest.fixture
async def ours() -> AsyncIterator[AiohttpRequest]:
    async with AiohttpRequest() as made:
        yield made


def data(**fields: object) -> RequestData:
    """The parameters of a request, as a bot makes them from what it is given."""
    from telegram.request._requestparameter import RequestParameter

    return RequestData([RequestParameter.from_input(name, value) for name, value in fields.items()])


def shown(error: BaseException) -> str:
    """Everything of an error that could reach a log."""
    return "".join([str(error), repr(error), *traceback.format_exception(error)])


# Answers


async def test_the_result_of_an_answer_is_what_comes_back(http: BaseRequest, server: Server) -> None:
    server.say(200, {"ok": True, "result": {"text": "naïve 🃏", "id": 2**52}})
    assert await http.post(server.address()) == {"text": "naïve 🃏", "id": 2**52}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, BadRequest),
        (401, InvalidToken),
        (403, Forbidden),
        (404, InvalidToken),
        (409, Conflict),
        (418, NetworkError),
        (429, NetworkError),
        (500, NetworkError),
        (502, NetworkError),
        (503, NetworkError),
        (599, NetworkError),
    ],
)
async def test_a_status_becomes_an_exception_that_says_what_telegram_said(
    http: BaseRequest, server: Server, status: int, expected: type[TelegramError]
) -> None:
    server.say(status, {"ok": False, "description": "Bad Request: what a request"})
    with pytest.raises(expected, match=r"[Ww]hat a request") as raised:
        await http.post(server.address())
    assert type(raised.value) is expected


async def test_a_status_without_a_description_says_its_number(http: BaseRequest, server: Server) -> None:
    server.say(502, {})
    with pytest.raises(NetworkError, match=r"Bad Gateway \(502\)"):
        await http.post(server.address())


async def test_a_flood_says_how_long_to_wait(
    http: BaseRequest, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # or it warns that it will be one
    server.say(429, {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 7}})
    with pytest.raises(RetryAfter) as raised:
        await http.post(server.address())
    assert raised.value.retry_after == timedelta(seconds=7)


async def test_a_group_that_became_a_supergroup_says_its_new_id(http: BaseRequest, server: Server) -> None:
    server.say(400, {"ok": False, "description": "Upgraded", "parameters": {"migrate_to_chat_id": -100123}})
    with pytest.raises(ChatMigrated) as raised:
        await http.post(server.address())
    assert raised.value.new_chat_id == -100123


async def test_parameters_that_nobody_knows_are_shown(http: BaseRequest, server: Server) -> None:
    server.say(400, {"ok": False, "description": "Odd", "parameters": {"phase": "full"}})
    with pytest.raises(BadRequest, match=r"unknown parameters: \{'phase': 'full'\}"):
        await http.post(server.address())


async def test_an_answer_that_is_no_json_is_an_error(
    http: BaseRequest, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.say(200, b"<html>")
    with caplog.at_level(logging.CRITICAL), pytest.raises(TelegramError, match="Invalid server response"):
        await http.post(server.address())
    server.say(503, b"<html>")
    with caplog.at_level(logging.CRITICAL), pytest.raises(NetworkError, match="Parsing the server response"):
        await http.post(server.address())


async def test_broken_utf_8_in_an_answer_is_forgiven(http: BaseRequest, server: Server) -> None:
    server.say(200, b'{"ok": true, "result": "caf\xe9"}')
    assert await http.post(server.address()) == "caf\ufffd"


async def test_an_address_elsewhere_is_not_followed(http: BaseRequest, server: Server) -> None:
    server.say(302, {}, Location="/elsewhere")
    with pytest.raises(NetworkError, match=r"Found \(302\)"):
        await http.post(server.address(), data(chat_id=1))
    with pytest.raises(NetworkError, match=r"Found \(302\)"):
        await http.retrieve(server.address())
    assert len(server.requests) == 2


async def test_a_compressed_answer_is_read(http: BaseRequest, server: Server) -> None:
    async def compressed(_: web.Request) -> web.Response:
        response = web.json_response({"ok": True, "result": "long " * 1000})
        response.enable_compression(web.ContentCoding.gzip)
        return response

    server.answer = compressed
    assert await http.post(server.address()) == "long " * 1000


async def test_a_file_is_retrieved_as_it_is(http: BaseRequest, server: Server) -> None:
    content = bytes(range(256)) * 10_000
    server.say(200, content)
    assert await http.retrieve(server.address("photo.png")) == content
    assert server.requests[0]["method"] == "GET"


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
)


@given(st.binary() | json_values.map(lambda value: json.dumps(value, ensure_ascii=False).encode(errors="replace")))
def test_json_is_read_as_python_telegram_bot_reads_it(payload: bytes) -> None:
    read: list[Any] = []
    logging.disable(logging.CRITICAL)
    for one in (BaseRequest, AiohttpRequest):
        try:
            read.append(one.parse_json_payload(payload))
        except TelegramError as error:
            read.append(repr(error))
    logging.disable(logging.NOTSET)
    assert read[0] == read[1]


@pytest.mark.parametrize("payload", [b'"\\ud800"', b"NaN", b"[Infinity]", b'{"a": 1, "a": 2}', b" [1] \n", b'"\xff"'])
def test_json_that_is_not_quite_json_is_read_as_python_telegram_bot_reads_it(payload: bytes) -> None:
    assert repr(AiohttpRequest.parse_json_payload(payload)) == repr(BaseRequest.parse_json_payload(payload))


# Requests


async def test_parameters_arrive_as_a_form(http: BaseRequest, server: Server) -> None:
    await http.post(
        server.address("sendMessage"), data(chat_id=1, text="a&b=ü 🃏\n+%", entities=[], no=False, null=None)
    )
    (request,) = server.requests
    assert request["method"] == "POST"
    assert request["url"] == server.address("sendMessage")
    assert request["headers"]["User-Agent"] == BaseRequest.USER_AGENT
    assert request["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    assert {name: value.decode() for name, _, value, _ in request["parts"]} == {
        "chat_id": "1",
        "text": "a&b=ü 🃏\n+%",
        "entities": "[]",
        "no": "false",
    }


async def test_a_request_may_have_no_parameters(http: BaseRequest, server: Server) -> None:
    await http.post(server.address())
    await http.post(server.address(), data())
    assert [(request["method"], request["parts"]) for request in server.requests] == [("POST", [])] * 2


def handle(content: bytes) -> IO[bytes]:
    """A file that is not at its beginning, where an upload begins all the same."""
    file = TemporaryFile()  # noqa: SIM115
    file.write(content)
    file.seek(3)
    return file


def named_alike(parts: list[Part]) -> list[Part]:
    """The parts with what is attached named by its place: the names are made up anew for each request."""
    text = repr(parts)
    for place, name in enumerate(dict.fromkeys(re.findall("attached[0-9a-f]{32}", text))):
        text = text.replace(name, f"attached {place}")
    named: list[Part] = ast.literal_eval(text)
    return named


UPLOADS: dict[str, Callable[[], dict[str, object]]] = {
    "bytes": lambda: {"document": InputFile(b"\x00\xff\r\n--", filename="notes.txt"), "caption": "größer & 🃏"},
    "no name": lambda: {"document": InputFile(b"text")},
    "empty": lambda: {"document": InputFile(b"", filename="empty.bin")},
    "a name with accents": lambda: {"document": InputFile(b"text", filename="überraschung 問.md")},
    "read from a handle": lambda: {"document": InputFile(BytesIO(b"text"), filename="a.png")},
    "several": lambda: {
        "media": [InputMediaPhoto(bytes([one]) * 70_000, filename=f"{one}.jpg") for one in range(3)],
        "chat_id": 1,
    },
    "more than a megabyte": lambda: {"document": InputFile(bytes(3_000_000), filename="zeros")},
}


@pytest.mark.parametrize("what", UPLOADS)
async def test_an_upload_arrives_field_by_field_as_from_python_telegram_bots_own_class(
    server: Server, what: str
) -> None:
    for one in (HTTPXRequest(), AiohttpRequest()):
        async with one:
            await one.post(server.address("sendDocument"), data(**UPLOADS[what]()))
    theirs, ours = (named_alike(request["parts"]) for request in server.requests)
    assert theirs == ours
    assert any(filename for _, filename, _, _ in ours)


async def test_a_file_is_sent_from_its_beginning_and_stays_open_for_its_owner(
    http: BaseRequest, server: Server
) -> None:
    with handle(b"0123456789") as file:
        assert file.tell() == 3
        for _ in range(2):
            await http.post(server.address(), data(document=InputFile(file, filename="a", read_file_handle=False)))
        assert not file.closed
    assert [request["parts"][0][2] for request in server.requests] == [b"0123456789"] * 2


async def test_a_bot_works_over_it(kind: Kind, server: Server, tmp_path: Path) -> None:
    user = {"id": 123, "is_bot": True, "first_name": "Deck", "username": "deckbot"}
    message = {"message_id": 5, "date": 0, "chat": {"id": 1, "type": "private"}}

    async def answer(request: web.Request) -> web.Response:
        result: object = user if request.path.endswith("/getMe") else message
        return web.json_response({"ok": True, "result": result})

    server.answer = answer
    (tmp_path / "card.png").write_bytes(b"png")
    bot = Bot(TOKEN, base_url=f"{server.url}/bot", request=kind(), get_updates_request=kind())
    async with bot:
        assert bot.username == "deckbot"
        assert (await bot.send_document(1, tmp_path / "card.png", caption="see")).message_id == 5
    assert ("document", "card.png", b"png", "image/png") in server.requests[-1]["parts"]


async def test_a_proxy_of_the_environment_is_used(kind: Kind, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    async with kind() as http:
        await http.post(f"http://telegram.invalid/bot{TOKEN}/getMe")
    assert server.requests[0]["headers"]["Host"] == "telegram.invalid"


# Timeouts


async def test_the_read_timeout_is_known(kind: Kind) -> None:
    for seconds in (7.0, None):
        async with kind(read_timeout=seconds) as http:
            assert http.read_timeout == seconds


async def test_an_answer_that_does_not_come_is_a_timeout(kind: Kind, server: Server) -> None:
    server.answer = server.hold
    async with kind(read_timeout=SOON) as http:
        with pytest.raises(TimedOut) as raised:
            await http.post(server.address())
    assert TOKEN not in shown(raised.value)


async def test_an_answer_that_stops_midway_is_a_timeout(kind: Kind) -> None:
    async def stops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        writer.write(PEACE[:-5])
        await reader.read()

    async with listening(stops) as where, kind(read_timeout=SOON) as http:
        with pytest.raises(TimedOut):
            await http.post(f"http://{where}")


async def test_a_timeout_of_a_call_goes_before_the_default_and_none_is_no_limit(kind: Kind, server: Server) -> None:
    server.answer = server.hold
    async with kind(read_timeout=SOON) as http:
        patient = [asyncio.ensure_future(http.post(server.address(), read_timeout=given)) for given in (None, 60.0)]
        with pytest.raises(TimedOut):
            await http.post(server.address())
        assert not any(one.done() for one in patient)
        server.release.set()
        assert await asyncio.gather(*patient) == [True, True]
    async with kind(read_timeout=None) as http:
        server.release.clear()
        with pytest.raises(TimedOut):
            await http.post(server.address(), read_timeout=SOON)


async def test_a_handshake_that_does_not_come_is_a_timeout(kind: Kind) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(silent) as where:
        async with kind(connect_timeout=SOON) as http:
            with pytest.raises(TimedOut) as raised:
                await http.post(f"https://{where}")
            assert TOKEN not in shown(raised.value)
        async with kind() as http:
            with pytest.raises(TimedOut):
                await http.post(f"https://{where}", connect_timeout=SOON)


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # one that no socket's buffer takes whole
@pytest.mark.parametrize(
    ("defaults", "given", "sent"),
    [
        ({"write_timeout": SOON}, {}, {"text": "0" * 2**25}),
        ({"write_timeout": None}, {"write_timeout": SOON}, {"text": "0" * 2**25}),
        ({"media_write_timeout": SOON, "write_timeout": None}, {}, {"document": InputFile(bytes(2**25))}),
        ({"media_write_timeout": None}, {"write_timeout": SOON}, {"document": InputFile(bytes(2**25))}),
    ],
)
async def test_a_body_that_nobody_takes_is_a_timeout(
    kind: Kind, defaults: dict[str, Any], given: dict[str, Any], sent: dict[str, Any]
) -> None:
    async def stalls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with listening(stalls) as where, kind(read_timeout=None, **defaults) as http:
        with pytest.raises(TimedOut) as raised:
            await http.post(f"http://{where}", data(**sent), **given)
    assert TOKEN not in shown(raised.value)


async def test_when_no_connection_becomes_free_the_error_says_that_nothing_was_sent(kind: Kind, server: Server) -> None:
    server.answer = server.hold
    async with kind(connection_pool_size=1, pool_timeout=SOON) as http:
        first = asyncio.ensure_future(http.post(server.address()))
        await server.arrived.acquire()
        with pytest.raises(TimedOut, match=r"Pool timeout.*Request was \*not\* sent"):
            await http.post(server.address())
        waiting = asyncio.ensure_future(http.post(server.address(), pool_timeout=None))
        with pytest.raises(TimedOut, match="Pool timeout"):
            await http.post(server.address())
        server.release.set()
        assert await asyncio.gather(first, waiting) == [True, True]
    assert len(server.requests) == 2


# Connections


async def test_a_refused_connection_is_a_network_error(http: BaseRequest, unused_tcp_port: int) -> None:
    with pytest.raises(NetworkError, match=r"(httpx|aiohttp)\.\w*Connect\w*") as raised:
        await http.post(f"http://127.0.0.1:{unused_tcp_port}/bot{TOKEN}/getMe")
    assert type(raised.value) is NetworkError
    assert TOKEN not in shown(raised.value)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", PEACE[:-5], b"SSH-2.0-OpenSSH_9.6\r\n\r\n"])
@pytest.mark.parametrize("how", ["ended", "reset"])
async def test_a_connection_that_breaks_is_a_network_error(http: BaseRequest, answer: bytes, how: str) -> None:
    asked = 0

    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await heard(reader)
        asked += 1
        writer.write(answer)
        await writer.drain()
        if how == "reset":
            writer.transport.abort()

    async with listening(breaks) as where:
        with pytest.raises(NetworkError, match=r"^(httpx|aiohttp)\.\w+: ?") as raised:
            await http.post(f"http://{where}", data(chat_id=1))
    assert not isinstance(raised.value, TimedOut)
    assert TOKEN not in shown(raised.value)
    assert asked == 1


async def test_a_connection_that_breaks_during_an_upload_is_a_network_error(http: BaseRequest) -> None:
    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1000)
        writer.transport.abort()

    async with listening(breaks) as where:
        with pytest.raises(NetworkError) as raised:
            await http.post(f"http://{where}", data(document=InputFile(bytes(2**25), filename="large")))
    assert TOKEN not in shown(raised.value)


@pytest.mark.parametrize(
    "base", ["localhost:8081", "ftp://localhost", "http://", "http://[::1", "http://h:99999", "", "http://" + "h" * 99]
)
async def test_an_address_that_is_none_is_a_network_error_without_the_token(base: str) -> None:
    async with AiohttpRequest() as http:
        for token in (TOKEN, TOKEN + " pasted", TOKEN + "'é\"\n"):
            with pytest.raises(NetworkError) as raised:
                await http.post(f"{base}/bot{token}/getMe")
            assert "SECRET" not in shown(raised.value)


async def test_a_connection_is_kept_and_used_again(http: BaseRequest, server: Server) -> None:
    for _ in range(5):
        await http.post(server.address(), data(chat_id=1))
    assert len(server.connections) == 1


async def test_after_the_server_has_closed_an_idle_connection_the_next_request_opens_another(kind: Kind) -> None:
    closed = asyncio.Semaphore(0)
    connections = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await heard(reader)
        writer.write(PEACE)
        writer.close()
        await writer.wait_closed()
        closed.release()

    async with listening(once) as where, kind() as http:
        for _ in range(3):
            assert await http.post(f"http://{where}", data(chat_id=1)) == 1
            await closed.acquire()
            for _ in range(3):  # the loop gets to see it
                await asyncio.sleep(0)
    assert connections == 3


@pytest.mark.parametrize(("method", "asked"), [("POST", 2), ("GET", 3)])
async def test_a_message_is_never_sent_twice_when_an_old_connection_breaks_but_a_file_is_asked_for_again(
    ours: AiohttpRequest, method: str, asked: int
) -> None:
    """The server closes the connection at the moment at which the second request is sent on it."""
    requests = 0

    async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        while True:
            await heard(reader)
            requests += 1
            if requests == 2:
                return
            writer.write(PEACE)

    async with listening(closes) as where:
        assert (await ours.do_request(f"http://{where}", method))[0] == 200
        if method == "POST":
            with pytest.raises(NetworkError, match=r"aiohttp\.\w+"):
                await ours.do_request(f"http://{where}", method)
        else:
            assert (await ours.do_request(f"http://{where}", method))[0] == 200
    assert requests == asked


async def test_many_requests_share_a_small_pool(kind: Kind, server: Server) -> None:
    async with kind(connection_pool_size=4, pool_timeout=None) as http:
        answers = await asyncio.gather(*(http.post(server.address(), data(chat_id=one)) for one in range(200)))
    assert answers == [True] * 200
    assert len(server.requests) == 200
    assert server.most_at_once <= 4
    assert len(server.connections) <= 4


async def test_a_cancelled_request_gives_its_connection_back(kind: Kind, server: Server) -> None:
    server.answer = server.hold
    async with kind(connection_pool_size=1, pool_timeout=None, read_timeout=None) as http:
        sent = asyncio.ensure_future(http.post(server.address()))
        await server.arrived.acquire()
        waiting = [asyncio.ensure_future(http.post(server.address())) for _ in range(3)]
        await asyncio.sleep(0)
        for one in (waiting[0], sent):
            one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sent
        server.release.set()
        assert await asyncio.gather(*waiting[1:]) == [True, True]
    assert waiting[0].cancelled()
    assert len(server.requests) == 3


# Life


async def test_it_may_be_started_and_stopped_twice_and_used_again(kind: Kind, server: Server) -> None:
    http = kind()
    await http.initialize()
    await http.initialize()
    assert await http.post(server.address()) is True
    await http.shutdown()
    await http.shutdown()
    async with http:
        assert await http.post(server.address()) is True


async def test_once_stopped_it_says_so(kind: Kind, server: Server) -> None:
    http = kind()
    await http.initialize()
    await http.shutdown()
    with pytest.raises(RuntimeError, match="not initialized"):
        await http.do_request(server.address(), "POST")
    with pytest.raises(NetworkError, match="not initialized"):  # what a caller of the bot sees of that
        await http.post(server.address())


async def test_before_it_is_started_it_says_so(server: Server) -> None:
    http = AiohttpRequest()
    await http.shutdown()
    with pytest.raises(NetworkError, match="not initialized"):
        await http.post(server.address())


def test_it_may_be_made_outside_of_a_loop_and_used_in_one_after_another() -> None:
    http = AiohttpRequest(connection_pool_size=1)

    async def peaceful(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        writer.write(PEACE)
        await writer.drain()

    async def use() -> None:
        async with listening(peaceful) as where, http:
            assert await asyncio.gather(*(http.post(f"http://{where}") for _ in range(3))) == [1, 1, 1]

    for _ in range(2):
        with asyncio.Runner() as runner:
            runner.run(use())


async def test_stopping_ends_what_is_under_way(server: Server) -> None:
    server.answer = server.hold
    http = AiohttpRequest(connection_pool_size=1)
    await http.initialize()
    under_way = [asyncio.ensure_future(http.post(server.address())) for _ in range(3)]
    await server.arrived.acquire()
    await http.shutdown()
    outcomes = await asyncio.gather(*under_way, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [NetworkError] * 3
    assert not any(TOKEN in shown(outcome) for outcome in outcomes if isinstance(outcome, BaseException))
    assert len(server.requests) == 1
