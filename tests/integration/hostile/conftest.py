"""A platform that trades a made-up market, and what may be done to its stores behind its back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from confluent_kafka.admin import AdminClient
from redis.asyncio import Redis
from tests.integration.live_changes.conftest import EAGER, broker, strategy
from tests.integration.panda_command import Panda

from alpha_panda.local.doctor.ask_stores import Addresses
from alpha_panda.local.layout import Layout
from alpha_panda.local.platform import Platform, ServiceDetail

PATIENCE_SECONDS = 90.0
INSTRUMENTS = 10


@dataclass(frozen=True)
class Besieged:
    """A running platform and the administrator's ways into its stores."""

    panda: Panda

    @property
    def layout(self) -> Layout:
        """Its files."""
        return Layout(self.panda.data_dir)

    @property
    def addresses(self) -> Addresses:
        """Its stores."""
        return Addresses(self.layout)

    @cached_property
    def kafka(self) -> AdminClient:
        """Kafka, with all rights; kept, since what it was asked ends with it."""
        return AdminClient({**self.addresses.kafka_settings})

    def services(self) -> dict[str, ServiceDetail]:
        """Each service by name."""
        return {each.name: each for each in asyncio.run(Platform(self.layout).services())}

    def kill(self, *names: str) -> None:
        """Kill -9 these services."""
        found = self.services()
        for name in names:
            pid = found[name].pid
            assert pid is not None, f"{name} does not run"
            os.kill(pid, signal.SIGKILL)

    def wait_for(self, condition: Callable[[dict[str, ServiceDetail]], bool], what: str) -> dict[str, ServiceDetail]:
        """Look at the services until it is so; fails, with what they say, where it never is."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition(found := self.services()):
            said = {each.name: (each.state, each.reason) for each in found.values()}
            assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:g} s: {what}; {said}"
            time.sleep(0.5)
        return found

    def wait_ready(self) -> dict[str, ServiceDetail]:
        """All services ready, and nearly at the end of what they read."""
        return self.wait_for(
            lambda found: all(each.state == "Ready" and (each.lag or 0) < 500 for each in found.values()),
            "every service ready",
        )

    def doctor(self) -> dict[str, str]:
        """By check: what it says is wrong."""
        said = self.panda.run("doctor", "-o", "json", check=False)
        assert said.stdout, said.stderr
        findings = json.loads(said.stdout)
        return {each["check"]: each["message"] for each in findings if each["level"] == "failed"}

    def sql(self, *statements: str) -> list[Any]:
        """Run statements as the administrator; the rows of the last."""

        async def run() -> list[Any]:
            connection = await asyncpg.connect(self.addresses.dsn())
            try:
                rows: list[Any] = []
                for statement in statements:
                    rows = await connection.fetch(statement)
                return rows
            finally:
                await connection.close()

        return asyncio.run(run())

    def redis(self, *command: str) -> None:
        """Run a command as the administrator."""

        async def run() -> None:
            client = Redis.from_url(self.addresses.redis_url())
            await client.execute_command(*command)  # type: ignore[no-untyped-call]
            await client.aclose()

        asyncio.run(run())


def in_loop(work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever the work gives
    """Run a coroutine to its end."""
    return asyncio.run(work)


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    """One Broker, one strategy that enters and exits all the time, ten instruments."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    resources = folder / "resources.yaml"
    resources.write_text("\n---\n".join(map(json.dumps, (broker("paper"), strategy("eager")))))
    panda = Panda(folder / "data", (EAGER,))
    try:
        panda.run("up", "-f", str(resources), "--synthetic", str(INSTRUMENTS), "--rate", "50")
        made = Besieged(panda)
        made.wait_ready()
        yield made
    finally:
        panda.reset()
