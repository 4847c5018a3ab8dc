"""The operator as a process: settings, health and metrics, leadership, and then the work until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import structlog
import uvloop

from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.errors import InputError, PandaError, UnavailableError
from alpha_panda.resources.common import API_VERSION
from alpha_panda.runtime.errors import EXIT_FATAL, EXIT_FENCED, EXIT_SETTINGS
from alpha_panda.runtime.health import Health, serve_health
from alpha_panda.runtime.logs import configure_logs
from alpha_panda_operator.cluster.api import ApiServer, open_api_server
from alpha_panda_operator.cluster.cache import Cache
from alpha_panda_operator.cluster.kinds import CONFIG_MAP, POD_MONITOR, RESOURCES
from alpha_panda_operator.cluster.leadership import Leadership, LeadershipLostError
from alpha_panda_operator.cluster.watching import Watching
from alpha_panda_operator.decisions.definitions import lacking
from alpha_panda_operator.engine.children import Children
from alpha_panda_operator.engine.engine import Engine
from alpha_panda_operator.engine.market import Market
from alpha_panda_operator.engine.telling import Teller
from alpha_panda_operator.engine.tools import Tools
from alpha_panda_operator.engine.world import Facts
from alpha_panda_operator.installation import (
    AUTHORITY,
    SECRETS,
    Installation,
    Secrets,
    load_installation,
    load_secrets,
)
from alpha_panda_operator.metrics import OperatorMetrics
from alpha_panda_operator.objects.model import Owner
from alpha_panda_operator.stores import Stores

_LEVELS: Final = ("debug", "info", "warning", "error")
_LOG_LINES: Final = 10_000
_TURN_SECONDS: Final = 1.0
_PUBLISHED_SECONDS: Final = 30.0
"""The API server publishes schemas some seconds after the definitions were applied."""
_TOLD: Final = 5
"""Fields that are named where many are missing."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where this process runs, from its environment."""

    namespace: str
    identity: str
    host: str
    port: int
    log_level: str


def main() -> int:
    """Run the operator to its end; the exit code."""
    try:
        place = read_place(os.environ)
        installation, secrets = load_installation(os.environ), load_secrets(os.environ)
    except InputError as error:
        sys.stderr.write(f"{error}\n{error.remedy or ''}\n")
        return EXIT_SETTINGS
    logs = configure_logs("operator", None, place.log_level, _LOG_LINES)
    try:
        return uvloop.run(_guarded(place, installation, secrets))
    finally:
        logs.close()


def read_place(environment: Mapping[str, str]) -> Place:
    """What the pod is told about itself.

    Raises:
        InputError: a variable is missing or wrong.
    """
    namespace = environment.get("POD_NAMESPACE")
    if not namespace:
        raise InputError("POD_NAMESPACE is not set", remedy="set it to the namespace that the operator runs in")
    level = environment.get("PANDA_OPERATOR_LOG_LEVEL", "info")
    if level not in _LEVELS:
        raise InputError(f"PANDA_OPERATOR_LOG_LEVEL is {level!r}; allowed: {', '.join(_LEVELS)}")
    port = environment.get("PANDA_OPERATOR_PORT", "8080")
    if not port.isascii() or not port.isdigit():
        raise InputError(f"PANDA_OPERATOR_PORT is {port!r}; allowed: a port, or 0 for any")
    return Place(
        namespace=namespace,
        identity=environment.get("POD_NAME") or f"{socket.gethostname()}-{os.getpid()}",
        host=environment.get("PANDA_OPERATOR_HOST", "0.0.0.0"),  # noqa: S104 - probes come from outside the pod
        port=int(port),
        log_level=level,
    )


async def _guarded(place: Place, installation: Installation, secrets: Secrets) -> int:
    log = structlog.get_logger()
    metrics, health = OperatorMetrics(), Health()
    work = asyncio.create_task(_operate(place, installation, secrets, metrics, health))
    _take_signals(work)
    turning = asyncio.create_task(_turn(health))
    try:
        with serve_health(place.host, place.port, health, metrics) as port:
            log.info("operator started", http_port=port, identity=place.identity)
            await work
    except asyncio.CancelledError:
        log.info("operator stopped")
        return 0
    except (PandaError, BaseExceptionGroup) as error:
        return _ended(error)
    finally:
        turning.cancel()
        work.cancel()
    return EXIT_FATAL


def _ended(error: BaseException) -> int:
    """Say why the process ends; the exit code."""
    first = error
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    known = isinstance(first, PandaError)
    remedy = first.remedy if isinstance(first, PandaError) else None
    structlog.get_logger().critical(
        "operator ends", reason=str(first), remedy=remedy, exc_info=None if known else first
    )
    return EXIT_FENCED if isinstance(first, LeadershipLostError) else EXIT_FATAL


def _take_signals(work: asyncio.Task[None]) -> None:
    """Let a process that is told to end do so in order."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)


async def _turn(health: Health) -> None:
    """As long as this goes round, the loop does; whether the work does, leadership and watching find out."""
    while True:
        health.turn()
        await asyncio.sleep(_TURN_SECONDS)


async def _operate(
    place: Place, installation: Installation, secrets: Secrets, metrics: OperatorMetrics, health: Health
) -> None:
    async with open_api_server() as api:
        facts = await _facts(api, place, installation, secrets)
        lease = f"{installation.name}-operator"
        leadership = Leadership(api, place.namespace, lease, place.identity, installation.timing.lease)
        health.ready = True
        await leadership.acquire()
        api.require_lead = leadership.require
        metrics.leader.set(1)
        engine = Engine(_tools(api, facts, secrets, metrics, place))
        namespaces = sorted({*installation.namespaces, place.namespace})
        work = asyncio.current_task()
        assert work is not None  # noqa: S101 - for the type checker: this runs as a task
        watching = Watching(namespaces, installation.name, lease, engine.see, partial(_take_signals, work))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(leadership.keep())
                group.create_task(engine.run())
                group.create_task(watching.run(installation.timing.silence))
        finally:
            metrics.leader.set(0)
            await engine.stop()
            await leadership.release()


def _tools(api: ApiServer, facts: Facts, secrets: Secrets, metrics: OperatorMetrics, place: Place) -> Tools:
    authority = Path(os.environ[SECRETS]) / AUTHORITY
    stores = Stores(facts.installation, secrets, authority if secrets.authority is not None else None)
    cache = Cache()
    return Tools(
        api=api,
        cache=cache,
        facts=facts,
        stores=stores,
        children=Children(api, monitors=facts.monitors),
        teller=Teller(api, cache, metrics, place.identity),
        market=Market(stores),
        metrics=metrics,
    )


async def _require_definitions(api: ApiServer) -> None:
    """Write nothing where the cluster would leave out a part of it.

    Raises:
        UnavailableError: the definitions are older than this operator.
    """
    until = time.monotonic() + _PUBLISHED_SECONDS
    while lacks := lacking(await api.published(API_VERSION)):
        if time.monotonic() > until:
            more = f" and {len(lacks) - _TOLD} more" if len(lacks) > _TOLD else ""
            raise UnavailableError(
                f"the cluster's CRDs are older than this operator: they lack {', '.join(lacks[:_TOLD])}{more}",
                remedy="upgrade the CRDs first: helm upgrade with crds.install, or kubectl apply -f crds/",
            )
        await asyncio.sleep(_TURN_SECONDS)


async def _facts(api: ApiServer, place: Place, installation: Installation, secrets: Secrets) -> Facts:
    """What the operator must know before it can do anything.

    Raises:
        UnavailableError: the cluster lacks our kinds, or the release that owns what all share.
    """
    for kind in RESOURCES:
        if not await api.knows(kind):
            raise UnavailableError(f"the cluster knows no {kind.kind}", remedy="install the CRDs, as the chart does")
    await _require_definitions(api)
    release = await api.get(CONFIG_MAP, place.namespace, installation.owner_name)
    if release is None:
        raise UnavailableError(
            f"ConfigMap {installation.owner_name} is not in namespace {place.namespace}",
            remedy="it is the chart's and owns what belongs to no resource; `owner` of the installation names another",
        )
    table = ((installation.settings.get("data") or {}).get("instruments")) or None
    return Facts(
        installation=installation,
        release=Owner(
            api_version="v1",
            kind=CONFIG_MAP.kind,
            namespace=place.namespace,
            name=installation.owner_name,
            uid=release["metadata"]["uid"],
        ),
        master=secrets.master.get_secret_value().encode(),
        table=load_instruments(Path(table) if table else None),
        monitors=await api.knows(POD_MONITOR),
        authority=secrets.authority,
    )
