"""The ways in which people press the kill switch: the command, its code alone, the API, and a page of the dashboard."""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
import msgspec

from alpha_panda.events.control import HaltScope, TradingHalted
from alpha_panda.local.halt_doors import find_doors
from alpha_panda.operations.halting import press
from benchmarks.stage import Stage, panda_command
from benchmarks.worker import WorkerError

_PATIENCE_SECONDS: Final = 60.0
_ROUTE: Final = "/api/v1/ops/halts"


class Way(ABC):
    """One way to press."""

    name: str
    share: float = 1.0
    """Of the presses of a condition that are made in this way."""
    waits_for_start: bool = False
    """Whether a program starts first, so that only its return can be held to a goal."""

    def scope(self, turn: HaltScope) -> HaltScope:
        """What it presses when the turn is at this scope."""
        return turn

    @abstractmethod
    async def press(self, halt: TradingHalted) -> tuple[str, ...]:
        """Press; the stores that hold it."""


class Code(Way):
    """What `panda halt` does once it has started."""

    name = "code of the command"

    def __init__(self, stage: Stage) -> None:
        """Of this platform."""
        self._layout = stage.layout

    async def press(self, halt: TradingHalted) -> tuple[str, ...]:
        """As the command does."""
        return tuple(each.door for each in await press(find_doors(self._layout), halt) if each.done)


class Command(Way):
    """`panda halt` as a program."""

    name = "panda halt"
    share = 0.1
    waits_for_start = True

    def __init__(self, stage: Stage) -> None:
        """Of this platform."""
        self._root = stage.layout.root

    async def press(self, halt: TradingHalted) -> tuple[str, ...]:
        """Start it."""
        where = () if halt.scope is HaltScope.ALL else (f"--{halt.scope}", halt.subject)
        command, environment = panda_command(self._root, "halt", *where, "--reason", halt.reason, "-o", "json")
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)
        out, said = await process.communicate()
        if process.returncode != 0:
            raise WorkerError(f"panda halt ended with {process.returncode}: {said.decode().strip()}")
        return tuple(each["door"] for each in msgspec.json.decode(out)["doors"] if each["done"])


class Request(Way):
    """A request to the API by somebody who is signed in."""

    name = "API"

    def __init__(self, client: httpx.AsyncClient) -> None:
        """`client` sends what tells who it is."""
        self._client = client

    async def press(self, halt: TradingHalted) -> tuple[str, ...]:
        """Send it."""
        asked = {"scope": halt.scope.value, "subject": halt.subject, "reason": halt.reason}
        answer = await self._client.post(_ROUTE, json=asked)
        if answer.status_code != httpx.codes.OK:
            raise WorkerError(f"the {self.name} answered {answer.status_code} to a halt: {answer.text[:300]}")
        return tuple(each["store"] for each in answer.json()["stores"] if each["done"])


class Page(Request):
    """What the button of a page sends, which halts the Broker that it shows."""

    name = "dashboard"

    def scope(self, turn: HaltScope) -> HaltScope:
        """The button's."""
        _ = turn
        return HaltScope.BROKER


@asynccontextmanager
async def ways(stage: Stage) -> AsyncIterator[tuple[Way, ...]]:
    """All of them, the last two signed in as a trader; a person's session, not the machine's token."""
    name, password = f"presser-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    async with _client(stage) as program, _client(stage) as browser:
        machine = {"Authorization": f"Bearer {stage.layout.secret('api-token')}"}
        user = {"name": name, "password": password, "role": "trader"}
        (await program.post("/api/v1/users", json=user, headers=machine)).raise_for_status()
        login = {"name": name, "password": password}
        granted = (await program.post("/api/v1/auth/login", json=login)).raise_for_status().json()
        program.headers["Authorization"] = f"Bearer {granted['access_token']}"
        browser.headers.update({"Origin": stage.api, "Sec-Fetch-Site": "same-origin"})
        (await browser.post("/api/v1/auth/login", json={**login, "browser": True})).raise_for_status()
        for client in (program, browser):
            (await client.get("/api/v1/auth/me")).raise_for_status()
        yield Code(stage), Request(program), Page(browser), Command(stage)


def _client(stage: Stage) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=stage.api, timeout=_PATIENCE_SECONDS)
