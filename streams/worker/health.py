"""The worker's pages for machines: `/livez`, `/readyz` (rows are read) and `/metrics`."""

from __future__ import annotations

from aiohttp import web
from mode import Service
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams.settings import Worker
from streams.worker.names import SERVICE_LOGGER
from streams.worker.partition import Held


class HealthServer(Service):
    """Serves them beside Faust, from before the first partition is ours to the very end."""

    logger = SERVICE_LOGGER

    def __init__(self, settings: Worker, held: Held) -> None:
        super().__init__()
        self._settings = settings
        self._held = held
        pages = web.Application()
        pages.router.add_get("/livez", self._livez)
        pages.router.add_get("/readyz", self._readyz)
        pages.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(pages, access_log=None)

    async def on_start(self) -> None:
        """Listen."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._settings.host, self._settings.port).start()

    async def on_stop(self) -> None:
        """Listen no more."""
        await self._runner.cleanup()

    async def _livez(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        if self._held.is_ready:
            return web.Response(text="ok\n")
        return web.Response(text="rows are not read yet\n", status=503)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
