"""How a planned service becomes a process: its environment, its secret files, its command.

A service gets its own credentials and nobody else's, in files that only it is pointed at; passwords are
never in an environment or a command line, which other programs can read.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec

from alpha_panda.local.layout import Layout, write_private
from alpha_panda.local.ports import HOST
from alpha_panda.local.process import inherited
from alpha_panda.local.run_file import Run
from alpha_panda.local.simulator import SimulatorPorts, addresses
from alpha_panda.local.status_file import path_of
from alpha_panda.local.zerodha_session import keys_folder, seal_key
from alpha_panda.topology.environment import NO_REASON_TO_RESTART, pacing_of, service_environment, service_secrets
from alpha_panda.topology.graph import ZERODHA_TRADING
from alpha_panda.topology.model import Plan, ServicePlan


class StoreAddresses(msgspec.Struct, frozen=True, kw_only=True):
    """Host:port of each store."""

    kafka: str
    redis: str
    postgres: str


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """A service ready to be started."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str]
    port: int

    def on_port(self, port: int) -> Launch:
        """The same on another port for health and metrics."""
        return msgspec.structs.replace(self, port=port, env={**self.env, "PANDA_HTTP__PORT": str(port)})

    @property
    def fingerprint(self) -> str:
        """Two launches of one fingerprint need no restart between them."""
        kept = {name: value for name, value in self.env.items() if name not in NO_REASON_TO_RESTART}
        return json.dumps([self.argv, kept], sort_keys=True)


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What the launches of one reconciliation have in common."""

    plan: Plan
    run: Run
    layout: Layout
    stores: StoreAddresses
    api_port: int
    played: SimulatorPorts | None = None
    """Where Zerodha is played, in a rehearsal."""


def prepare_launch(service: ServicePlan, port: int, around: Surroundings) -> Launch:
    """Write the service's secret files and put its environment together; `port` is for health and metrics."""
    run, platform = around.run, around.run.platform_settings
    env = inherited()
    login = {"market-feed": run.feed.broker, ZERODHA_TRADING.name: service.broker}.get(service.service)
    env |= {"TZ": "UTC", "PYTHONUNBUFFERED": "1"}
    env |= service_environment(service, platform)
    env |= _store_settings(around.stores)
    env |= {
        "PANDA_RUN__PACING": pacing_of(service, around.plan, run.pacing),
        "PANDA_HTTP__PORT": str(port),
        "PANDA_SECRETS": str(_write_secrets(service, around.plan, around.layout, login)),
    }
    if run.config is not None:
        env["PANDA_CONFIG"] = run.config
    if login is not None:
        env |= _exchange_settings(service, login, around)
    if run.instruments is not None:
        env["PANDA_DATA__INSTRUMENTS"] = run.instruments
    if service.service == "market-feed":
        env |= _feed_settings(run)
    if service.service == "strategy-runner":
        env["PANDA_BUDGET__NOTES"] = str(around.layout.run / "calls")
    if service.service == "api":
        env["PANDA_API__PORT"] = str(around.api_port)
    if service.service in {"api", "notifier"}:
        env |= _operations_settings(around.layout)
    argv = (sys.executable, "-m", "alpha_panda", "run", service.service)
    return Launch(name=service.name, argv=argv, env=env, port=port)


def _store_settings(stores: StoreAddresses) -> dict[str, str]:
    redis_port = stores.redis.rpartition(":")[2]
    postgres_port = stores.postgres.rpartition(":")[2]
    return {
        "PANDA_KAFKA__BOOTSTRAP": stores.kafka,
        "PANDA_REDIS__HOST": HOST,
        "PANDA_REDIS__PORT": redis_port,
        "PANDA_POSTGRES__HOST": HOST,
        "PANDA_POSTGRES__PORT": postgres_port,
    }


def _feed_settings(run: Run) -> dict[str, str]:
    values = msgspec.structs.asdict(run.feed)
    broker = values.pop("broker")
    login = {} if broker is None else {"PANDA_ZERODHA__BROKER": broker}
    return login | {f"PANDA_FEED__{name.upper()}": str(value) for name, value in values.items() if value is not None}


def _exchange_settings(service: ServicePlan, login: str, around: Surroundings) -> dict[str, str]:
    """For services that speak to Zerodha by the login of this Broker; in a rehearsal none speaks to the real one."""
    found: dict[str, object] = {}
    trades = service.service == ZERODHA_TRADING.name
    if trades:
        found["keys"] = keys_folder(around.layout, login)
    if around.played is not None:
        found |= addresses(around.played.simulator)
        rehearsal = around.run.rehearsal
        if trades and rehearsal is not None and rehearsal.broker == login:
            found["postback_port"] = around.played.postbacks
    return {f"PANDA_ZERODHA__{name.upper()}": str(value) for name, value in found.items()}


def _operations_settings(layout: Layout) -> dict[str, str]:
    """For services through which people act."""
    return {
        "PANDA_OPERATIONS__FOLDER": str(layout.root),
        "PANDA_OPERATIONS__STATUS": str(path_of(layout)),
        "PANDA_OPERATIONS__LOGS": str(layout.logs),
        "PANDA_OPERATIONS__RESOURCES": "stored",
    }


def _write_secrets(service: ServicePlan, plan: Plan, layout: Layout, login: str | None) -> Path:
    """`login` is the Broker whose login the service uses."""
    folder = layout.secrets / "services" / service.name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = service_secrets(service, plan)
    if service.service == "api":
        kept["api__token"] = layout.secret("api-token")
    if login is not None:
        kept["zerodha__session_key"] = seal_key(layout, login)
    for name in (
        "kafka__password",
        "redis__password",
        "postgres__password",
        "operations__password",
        "api__token",
        "zerodha__session_key",
    ):
        value = kept.get(name)
        path = folder / name
        if value is None:
            path.unlink(missing_ok=True)
        elif not path.exists() or path.read_text() != value:
            write_private(path, value)
    return folder
