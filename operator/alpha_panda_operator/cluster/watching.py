"""Kopf, for watching only: its handlers hand over what they are told and write nothing to any object.

So there are no finalizers, annotations or progress records of Kopf's, and it retries nothing: what is to be done, and
when again, is the engine's. Kopf never starts a watcher again that has died, so that is looked for here: the process
then ends and is started anew. So it does when its own heartbeat, the Lease, is not seen to change any more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import kopf
import structlog

from alpha_panda.errors import PandaError
from alpha_panda_operator.cluster.kinds import CONFIG_MAP, DEPLOYMENT, LEASE, RESOURCES, Kind
from alpha_panda_operator.objects.model import MANAGER, Manifest

Tell = Callable[[str | None, Manifest], None]
"""Takes the kind of an event (ADDED, MODIFIED, DELETED, or None for what was there) and the object."""

_LOOK_SECONDS: Final = 5.0
_START_SECONDS: Final = 60.0
_INACTIVITY_SECONDS: Final = 70.0
_SERVER_SECONDS: Final = 240
"""A whole number: the API server refuses others."""
_CONNECT_SECONDS: Final = 10.0
_ERROR_DELAYS: Final = (1, 1, 2, 3, 5, 8, 13, 21, 30)


class WatchLostError(PandaError):
    """The cluster is not watched any more; only a new process mends that."""


class Watching:
    """The watch over some namespaces."""

    def __init__(self, namespaces: Sequence[str], installation: str, lease: str, tell: Tell) -> None:
        """Nothing is watched yet."""
        self._namespaces, self._tell, self._lease = tuple(namespaces), tell, lease
        self._installation = installation
        self._beat = time.monotonic()
        self._log = structlog.get_logger()

    async def run(self, silence: float) -> None:
        """Watch until cancelled.

        Raises:
            WatchLostError: a watcher has died, or nothing has been heard for `silence` seconds.
        """
        self._beat = time.monotonic()
        running = asyncio.create_task(self._watch(), name="kopf")
        looking = asyncio.create_task(self._look(silence), name="look after kopf")
        try:
            await asyncio.wait({running, looking}, return_when=asyncio.FIRST_COMPLETED)
            if looking.done():
                looking.result()
            raise WatchLostError("Kopf has ended by itself") from running.exception() if running.done() else None
        finally:
            for task in (running, looking):
                task.cancel()
            await asyncio.wait({running, looking}, timeout=_CONNECT_SECONDS)

    async def _watch(self) -> None:
        registry = kopf.OperatorRegistry()
        for kind in (*RESOURCES, DEPLOYMENT, CONFIG_MAP, LEASE):
            self._register(kind, registry)
        kopf.on.login(registry=registry)(kopf.login_via_async_client)
        await kopf.operator(registry=registry, settings=self._settings(), namespaces=self._namespaces, standalone=True)

    def _register(self, kind: Kind, registry: kopf.OperatorRegistry) -> None:
        @kopf.on.event(kind.group, kind.version, kind.plural, registry=registry, id=f"tell-{kind.plural}")
        async def tell(event: Any, **_: Any) -> None:  # noqa: ANN401 - what Kopf gives
            found = {"apiVersion": kind.api_version, "kind": kind.kind, **event["object"]}
            if kind is LEASE:
                self._beat = time.monotonic()
                return
            self._tell(event["type"], found)

    def _settings(self) -> kopf.OperatorSettings:
        settings = kopf.OperatorSettings()
        settings.scanning.disabled = True
        settings.posting.enabled = False
        settings.watching.inactivity_timeout = _INACTIVITY_SECONDS
        settings.watching.server_timeout = _SERVER_SECONDS
        settings.watching.connect_timeout = _CONNECT_SECONDS
        settings.queueing.error_delays = _ERROR_DELAYS
        managed = f"app.kubernetes.io/managed-by={MANAGER},app.kubernetes.io/instance={self._installation}"
        feed = f"app.kubernetes.io/name=market-feed,app.kubernetes.io/instance={self._installation}"
        settings.watching.label_selectors[DEPLOYMENT.group, DEPLOYMENT.version, DEPLOYMENT.plural] = managed
        settings.watching.label_selectors[CONFIG_MAP.group, CONFIG_MAP.version, CONFIG_MAP.plural] = feed
        settings.watching.field_selectors[LEASE.group, LEASE.version, LEASE.plural] = f"metadata.name={self._lease}"
        return settings

    async def _look(self, silence: float) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            age = time.monotonic() - began
            missing = self._missing()
            if missing and age > _START_SECONDS:
                raise WatchLostError(f"nobody watches {', '.join(missing)} any more")
            if time.monotonic() - self._beat > silence:
                raise WatchLostError(f"the operator's own heartbeat was not seen for {silence:g} s")

    def _missing(self) -> list[str]:
        """The watchers that should be there and are not, by Kopf's names of their tasks."""
        alive = {task.get_name() for task in asyncio.all_tasks() if not task.done()}
        wanted = {
            f"watcher for {kind.plural}.{kind.version}{'.' + kind.group if kind.group else ''}@{namespace}"
            for kind in (*RESOURCES, DEPLOYMENT, CONFIG_MAP, LEASE)
            for namespace in self._namespaces
        }
        return sorted(each.removeprefix("watcher for ") for each in wanted - alive)
