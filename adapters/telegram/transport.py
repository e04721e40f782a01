"""HTTP for Telegram on aiohttp: what python-telegram-bot's own class does on httpx, for a tenth of its CPU under load.

The token is in every address, and aiohttp's errors quote addresses: no error leaves here with one, or with its cause.
"""

import asyncio
import re
from io import BytesIO
from typing import IO, Any
from urllib.parse import urlencode
from urllib.request import getproxies

import aiohttp
import orjson
from aiohttp.abc import AbstractStreamWriter
from telegram._utils.types import ODVInput  # the type that the port asks for is not exported
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

_TOKEN = re.compile(r"/bot[^/]*")
_POOL_TIMEOUT = (
    "Pool timeout: All connections in the connection pool are occupied. Request was *not* sent to Telegram. "
    "Consider adjusting the connection pool size or the pool timeout."
)
_NOTHING_SENT = "Nothing was sent."


class AiohttpRequest(BaseRequest):
    """In place of `telegram.request.HTTPXRequest`, with its parameters.

    A write timeout is for a whole body, not for one write to the socket.
    """

    def __init__(
        self,
        connection_pool_size: int = 64,
        read_timeout: float | None = 5.0,
        write_timeout: float | None = 5.0,
        connect_timeout: float | None = 5.0,
        pool_timeout: float | None = 10.0,  # everybody presses after a post: a queue, which is better than an error
        media_write_timeout: float | None = 20.0,
    ) -> None:
        self._size = connection_pool_size
        self._read_timeout = read_timeout
        self._write_timeout = write_timeout
        self._connect_timeout = connect_timeout
        self._pool_timeout = pool_timeout
        self._media_write_timeout = media_write_timeout
        self._pool: tuple[aiohttp.ClientSession, asyncio.Semaphore] | None = None

    @property
    def read_timeout(self) -> float | None:
        return self._read_timeout

    async def initialize(self) -> None:
        if self._pool:
            return
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # waiting for a connection would be part of its connect timeout
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self.USER_AGENT},
            trust_env=bool(getproxies()),  # looked up by a thread at every request, so only where there is a proxy
        )
        self._pool = session, asyncio.Semaphore(self._size)

    async def shutdown(self) -> None:
        pool, self._pool = self._pool, None
        if pool:
            await pool[0].close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        if not self._pool:
            raise RuntimeError("This AiohttpRequest is not initialized!")
        session, free = self._pool
        default_write_timeout = self._write_timeout
        if request_data and request_data.contains_files:
            default_write_timeout = self._media_write_timeout
        body = await _body(request_data, _chosen(write_timeout, default_write_timeout)) if request_data else None
        timeout = aiohttp.ClientTimeout(
            connect=_chosen(connect_timeout, self._connect_timeout),
            sock_read=_chosen(read_timeout, self._read_timeout),
        )
        try:
            async with asyncio.timeout(_chosen(pool_timeout, self._pool_timeout)):
                await free.acquire()
        except TimeoutError:
            raise _before_sending(TimedOut(_POOL_TIMEOUT)) from None
        try:
            # No redirects: they would take the token elsewhere.
            async with session.request(method, url, data=body, timeout=timeout, allow_redirects=False) as response:
                return response.status, await response.read()
        except aiohttp.ConnectionTimeoutError:
            raise _before_sending(TimedOut()) from None
        except TimeoutError:
            raise TimedOut from None
        except aiohttp.ClientError as error:
            told = NetworkError(f"aiohttp.{type(error).__name__}: {_TOKEN.sub('/bot…', str(error))}")
            raise (_before_sending(told) if isinstance(error, aiohttp.ClientConnectorError) else told) from None
        finally:
            free.release()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """By orjson; what that refuses, such as broken UTF-8, as python-telegram-bot does."""
        try:
            parsed: dict[str, Any] = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return BaseRequest.parse_json_payload(payload)
        return parsed


def _before_sending(error: NetworkError) -> NetworkError:
    """The error with a note that says so: callers of python-telegram-bot know errors by their exact type."""
    error.add_note(_NOTHING_SENT)
    return error


def unsent(error: NetworkError) -> bool:
    """Whether nothing was sent, so that it can't have arrived."""
    return _NOTHING_SENT in getattr(error, "__notes__", ())


def _chosen(given: ODVInput[float], default: float | None) -> float | None:
    """The timeout given for a call, where None is no limit; or else the default."""
    return given if given is None or isinstance(given, int | float) else default


class _InTime(aiohttp.Payload):
    """A body whose sending is limited, which aiohttp itself has no setting for."""

    limit: float | None = None

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        async with asyncio.timeout(self.limit):
            await super().write_with_length(writer, content_length)


class _Form(_InTime, aiohttp.BytesPayload):
    pass


class _Upload(_InTime, aiohttp.MultipartWriter):
    def add(self, content: str | BytesIO, content_type: str, **disposition: str) -> None:
        part = aiohttp.get_payload(content, content_type=content_type)
        part.set_content_disposition("form-data", quote_fields=False, **disposition)
        self.append_payload(part)


async def _body(data: RequestData, limit: float | None) -> aiohttp.Payload:
    fields = data.json_parameters
    body: _InTime
    if data.contains_files:
        body = _Upload("form-data")
        for name, value in fields.items():
            body.add(value, "text/plain; charset=utf-8", name=name)
        for name, (filename, content, content_type) in data.multipart_data.items():
            held = content if isinstance(content, bytes) else await asyncio.to_thread(_whole, content)
            body.add(BytesIO(held), content_type, name=name, filename=filename)
    else:
        body = _Form(urlencode(fields).encode(), content_type="application/x-www-form-urlencoded")
    body.limit = limit
    return body


def _whole(file: IO[bytes]) -> bytes:
    """A file from its beginning. It is read here because aiohttp would close what belongs to the caller."""
    if file.seekable():
        file.seek(0)
    return file.read()
