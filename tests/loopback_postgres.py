"""A way to PostgreSQL through a loopback port, which can be cut; and a server that says no."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

PASS, CUT, LOSE, HOLD = "pass", "cut", "lose", "hold"  # what becomes of a request, see `Wire`

Fate = Callable[[bytes], str]


class Wire:
    """Carries bytes to the server and back. `fate` says of each piece from the client what becomes of it: it goes on;
    the connection is cut before it does; it goes on and the connection is cut before the answer; or the client is cut
    off while the server hears nothing until `release`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        parts = urlsplit(url)
        self._host, self._server = parts.hostname or "127.0.0.1", parts.port or 5432
        self._held: list[tuple[asyncio.StreamWriter, bytes]] = []
        self._open: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self.fate: Fate = lambda piece: PASS
        self.refuse = 0  # how many more connections are cut before a word is said

    async def start(self) -> str:
        """The database's URL by this way."""
        self._listening = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port = self._listening.sockets[0].getsockname()[1]
        parts = urlsplit(self._url)
        host = parts.netloc.rpartition("@")[0] + f"@127.0.0.1:{port}"
        return parts._replace(netloc=host).geturl()

    async def stop(self) -> None:
        self._listening.close()
        self.cut()
        if self._pumps:
            await asyncio.wait(self._pumps)

    def cut(self) -> None:
        """Cut all connections, whatever they carry."""
        for stream in list(self._open):
            stream.transport.abort()

    async def release(self) -> None:
        """Let go on what was held back."""
        for server, piece in self._held:
            server.write(piece)
            await server.drain()
        self._held.clear()

    async def _connected(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self.refuse:
            self.refuse -= 1
            client.transport.abort()
            return
        answers, server = await asyncio.open_connection(self._host, self._server)
        self._open |= {client, server}
        lost = asyncio.Event()
        for pump in (self._carry(reader, server, client, lost), self._carry_back(answers, client, server, lost)):
            task = asyncio.create_task(pump)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        server: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
        lost: asyncio.Event,
    ) -> None:
        try:
            while piece := await reader.read(65536):
                fate = self.fate(piece)
                if fate == HOLD:
                    self._held.append((server, piece))
                    client.transport.abort()
                    return
                if fate == CUT:
                    break
                if fate == LOSE:
                    lost.set()
                server.write(piece)
        except OSError:
            pass
        if not lost.is_set():
            self._end(client, server)

    async def _carry_back(
        self,
        answers: asyncio.StreamReader,
        client: asyncio.StreamWriter,
        server: asyncio.StreamWriter,
        lost: asyncio.Event,
    ) -> None:
        try:
            while (piece := await answers.read(65536)) and not lost.is_set():
                if client.transport.is_closing():
                    return  # the server may go on with what was held back
                client.write(piece)
        except OSError:
            pass
        self._end(client, server)

    def _end(self, *streams: asyncio.StreamWriter) -> None:
        for stream in streams:
            self._open.discard(stream)
            stream.transport.abort()


class Refusing:
    """A server that answers every connection with an error."""

    def __init__(self, code: str, message: str) -> None:
        fields = b"SFATAL\0" + b"VFATAL\0" + f"C{code}\0M{message}\0".encode() + b"\0"
        self._error = b"E" + (len(fields) + 4).to_bytes(4) + fields

    async def start(self) -> str:
        self._listening = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return f"postgresql://ada:secret@127.0.0.1:{self._listening.sockets[0].getsockname()[1]}/prepdeck"

    async def stop(self) -> None:
        self._listening.close()

    async def _connected(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if len(await reader.readexactly(8)) and (await self._asked(reader, client)):
            client.write(self._error)
            await client.drain()
        client.close()

    async def _asked(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> bytes:
        """No TLS here; then the client says who it is."""
        client.write(b"N")
        return await reader.read(1024)
