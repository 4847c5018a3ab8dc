"""Where postbacks come in: a small HTTP server of the service that trades, on a port of its own.

It answers POST `/` and nothing else, in the loop that trades: a body is short or refused, and slow ones are given up.
The app's secret, which proves a postback, is read from the folder of the account's keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import structlog
from aiohttp import web

from alpha_panda.errors import UnavailableError
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.topology.graph import ACCOUNT_KEYS
from alpha_panda.zerodha_trading.meters import Meters
from alpha_panda.zerodha_trading.postbacks import LARGEST, Postbacks, Verdict

_READ_SECONDS: Final = 3.0


class PostbackDoor:
    """The door of one account; without a port nobody comes in."""

    def __init__(
        self,
        settings: ZerodhaSettings,
        host: str,
        look: Callable[[], None],
        market: Callable[[], datetime | None],
        meters: Meters,
    ) -> None:
        """Closed. `look` is called where the books are to be looked at; `market` is the time there, if it is known."""
        self.postbacks = Postbacks()
        self.port: int | None = None
        """Where it listens, once it does."""
        self._settings, self._host, self._look, self._market, self._meters = settings, host, look, market, meters
        self._log = structlog.get_logger()

    async def run(self, stopping: asyncio.Event) -> None:
        """Be open until told to stop.

        Raises:
            UnavailableError: the port is taken.
        """
        if self._settings.postback_port is None:
            await stopping.wait()
            return
        app = web.Application(client_max_size=LARGEST)
        app.router.add_post("/", self._take)
        runner = web.AppRunner(app, access_log=None, keepalive_timeout=_READ_SECONDS, shutdown_timeout=1.0)
        await runner.setup()
        try:
            self.port = await _listen(runner, self._host, self._settings.postback_port)
            self._log.info("postbacks are taken", port=self.port)
            await stopping.wait()
        finally:
            self.port = None
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        verdict = await self._judge(request)
        self._meters.posted_back(verdict.value)
        if verdict is Verdict.TAKEN:
            self._look()
        elif verdict.status != web.HTTPOk.status_code:
            self._log.warning("postback refused", reason=verdict.value, sender=request.remote)
        return web.Response(status=verdict.status, text=f"{verdict.value}\n")

    async def _judge(self, request: web.Request) -> Verdict:
        try:
            body = await asyncio.wait_for(request.read(), _READ_SECONDS)
        except web.HTTPRequestEntityTooLarge:
            return Verdict.TOO_LARGE
        except TimeoutError:
            return Verdict.MALFORMED
        secret = await asyncio.to_thread(self._secret)
        return self.postbacks.judge(body, secret, self._market() or datetime.now(UTC))

    def _secret(self) -> str:
        """The app's secret; empty where there is none yet."""
        if self._settings.keys is None:
            return ""
        try:
            return (self._settings.keys / ACCOUNT_KEYS[1]).read_text().strip()
        except FileNotFoundError:
            return ""


async def _listen(runner: web.AppRunner, host: str, port: int) -> int:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise UnavailableError(
            f"postbacks cannot be taken at {host}:{port}: {error.strerror}",
            remedy="set zerodha.postback_port to a free port, or leave it out",
        ) from error
    return int(runner.addresses[0][1])
