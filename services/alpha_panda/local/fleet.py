"""The processes of a run's services: which run, which must be started anew, and on which ports."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial

from alpha_panda.local.launch import Launch
from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import Ports
from alpha_panda.local.service_process import ServiceProcess
from alpha_panda.local.status_file import ServiceStatus


class Fleet:
    """All services that run, by name."""

    def __init__(self, layout: Layout) -> None:
        """Nothing runs yet."""
        self._layout = layout
        self._services: dict[str, ServiceProcess] = {}

    @property
    def status(self) -> tuple[ServiceStatus, ...]:
        """What is known of each, by name."""
        return tuple(self._services[name].status for name in sorted(self._services))

    def port_of(self, name: str, ports: Ports) -> int:
        """The port of a service's health and metrics: the one it has, or one to start it on."""
        running = self._services.get(name)
        return running.launch.port if running is not None else ports.take(f"health-{name}", name)

    async def stop_unfit(self, launches: Sequence[Launch]) -> None:
        """Stop what is not to run any more, and what has to be started anew."""
        wanted = {launch.name: launch.fingerprint for launch in launches}
        await self._stop(
            [name for name, running in self._services.items() if wanted.get(name) != running.launch.fingerprint]
        )

    def renew(self, launches: Iterable[Launch]) -> None:
        """Let a service that needs no restart have its new environment at its next one.

        A shared service that dies reads back what it wrote for every Broker, also for one that it has
        heard of while it ran; so this comes before anybody hears of that Broker.
        """
        for launch in launches:
            running = self._services.get(launch.name)
            if running is not None:
                running.launch = launch

    async def start(self, launches: Iterable[Launch], ports: Ports) -> None:
        """Start what does not run."""
        for launch in launches:
            if launch.name in self._services:
                continue
            take = partial(ports.take, f"health-{launch.name}", launch.name)
            self._services[launch.name] = ServiceProcess(launch, self._layout, take)
            await self._services[launch.name].start()

    async def stop(self) -> None:
        """Stop all."""
        await self._stop(list(self._services))

    async def _stop(self, names: Iterable[str]) -> None:
        stopping = list(names)
        await asyncio.gather(*(self._services[name].stop() for name in stopping))
        for name in stopping:
            del self._services[name]
