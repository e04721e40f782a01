"""The one place where we listen: health, metrics and webhooks share it, and each comes and goes as it likes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from bot.config import ConfigError

Heard = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Routes = Mapping[tuple[str, str], Heard]  # by method and path

SHUTDOWN_TIME = 1.0  # seconds that requests in hand get at the end


class Listener:
    """Listens at `host:port` while there is anybody who wants to hear something."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._routes: dict[tuple[str, str], Heard] = {}
        self._runner: web.ServerRunner | None = None

    @asynccontextmanager
    async def hearing(self, routes: Routes) -> AsyncIterator[None]:
        """Hear these, too, for a while. Raises ConfigError when there is no listening at that place."""
        self._routes.update(routes)
        try:
            if not self._runner:
                await self._open()
            yield
        finally:
            for route in routes:
                del self._routes[route]
            if self._runner and not self._routes:
                runner, self._runner = self._runner, None
                await runner.cleanup()

    async def _open(self) -> None:
        host, _, port = self.place.rpartition(":")
        runner = web.ServerRunner(web.Server(self._hear, access_log=None), shutdown_timeout=SHUTDOWN_TIME)
        await runner.setup()
        try:
            await web.TCPSite(runner, host.strip("[]"), int(port)).start()
        except OSError as error:
            await runner.cleanup()
            raise ConfigError(f"monitor.listen {self.place} can't be used: {error.strerror}.") from error
        self._runner = runner

    async def _hear(self, request: web.BaseRequest) -> web.StreamResponse:
        method = "GET" if request.method == "HEAD" else request.method
        heard = self._routes.get((method, request.path))
        if heard:
            return await heard(request)
        known = [method for method, path in self._routes if path == request.path]
        return web.Response(status=405, headers={"Allow": ", ".join(known)}) if known else web.Response(status=404)
