"""A planned service becomes a process with its own credentials, in files, and with nobody else's."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.unit.topology.stored_resources import MASTER_SECRET, paper, strategy, zerodha

from alpha_panda.local.launch import Launch, StoreAddresses, Surroundings, prepare_launch
from alpha_panda.local.layout import Layout
from alpha_panda.local.run_file import FeedChoice, Rehearsal, Run
from alpha_panda.local.simulator import SimulatorPorts
from alpha_panda.resources.stored import StoredResource
from alpha_panda.runtime.layers import load_settings
from alpha_panda.topology.planner import plan

STORES = StoreAddresses(kafka="127.0.0.1:1001", redis="127.0.0.1:1002", postgres="127.0.0.1:1003")


class Launches:
    """The launches of a plan with two Brokers."""

    def __init__(self, folder: Path, run: Run | None = None, resources: tuple[StoredResource, ...] = ()) -> None:
        self.layout = Layout(folder / "data")
        self.layout.create()
        self.run = run or Run(partitions=2)
        resources = resources or (paper(), paper("second", age=1), strategy())
        self.plan = plan(resources, self.run.platform_settings, MASTER_SECRET)

    def of(self, name: str, port: int = 2001, played: SimulatorPorts | None = None) -> Launch:
        service = next(each for each in self.plan.services if each.name == name)
        around = Surroundings(
            plan=self.plan, run=self.run, layout=self.layout, stores=STORES, api_port=8081, played=played
        )
        return prepare_launch(service, port, around)

    def secrets(self, name: str) -> dict[str, str]:
        folder = Path(self.of(name).env["PANDA_SECRETS"])
        return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture
def launches(tmp_path: Path) -> Launches:
    return Launches(tmp_path)


@pytest.mark.parametrize("index", range(10))
def test_every_service_of_the_plan_accepts_its_environment(
    launches: Launches, index: int, monkeypatch: pytest.MonkeyPatch
):
    services = launches.plan.services
    service = services[index % len(services)]
    for name, value in launches.of(service.name).env.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.service.name == service.name
    assert settings.service.broker == service.broker
    assert tuple(task.name for task in settings.service.tasks) == tuple(task.name for task in service.tasks)
    assert settings.kafka.bootstrap == STORES.kafka
    assert (settings.redis.port, settings.postgres.port, settings.http.port) == (1002, 1003, 2001)
    assert settings.platform.partitions == 2


def test_a_service_gets_its_own_passwords_and_nobody_elses(launches: Launches):
    first, second = launches.secrets("paper.paper-trading"), launches.secrets("second.paper-trading")
    assert first["kafka__password"] != second["kafka__password"]
    assert set(first.values()).isdisjoint(second.values())


def test_no_password_is_in_an_environment_or_a_command_line(launches: Launches):
    for service in launches.plan.services:
        launch = launches.of(service.name)
        shown = " ".join((*launch.argv, *launch.env.values()))
        for secret in launches.secrets(service.name).values():
            assert secret not in shown


def test_secret_files_are_their_owners_alone(launches: Launches):
    folder = Path(launches.of("api").env["PANDA_SECRETS"])
    assert "api__token" in {path.name for path in folder.iterdir()}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.iterdir()))


def test_what_else_is_in_the_starters_environment_stays_there(launches: Launches, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "somebody's")
    assert "AWS_SECRET_ACCESS_KEY" not in launches.of("api").env


def test_only_the_feed_is_told_of_the_feed(tmp_path: Path):
    run = Run(feed=FeedChoice(source="replay", path="/market", speed="60"))
    launches = Launches(tmp_path, run)
    assert launches.of("market-feed").env["PANDA_FEED__PATH"] == "/market"
    assert "PANDA_FEED__PATH" not in launches.of("bar-builder").env


def test_the_users_platform_reaches_every_service(tmp_path: Path):
    run = Run(partitions=2, platform={"prefix": "demo_", "partition_multiplier": 2}, config="/data/settings.yaml")
    env = Launches(tmp_path, run).of("bar-builder").env
    assert (env["PANDA_PLATFORM__PREFIX"], env["PANDA_PLATFORM__PARTITIONS"]) == ("demo_", "4")
    assert env["PANDA_CONFIG"] == "/data/settings.yaml"


def test_a_new_broker_restarts_no_shared_service_but_those_that_are_told_what_to_read(launches: Launches):
    services = [each.name for each in launches.plan.services if each.broker is None]
    with_both = {name: launches.of(name).fingerprint for name in services}
    launches.plan = plan((paper(), strategy()), launches.run.platform_settings, MASTER_SECRET)
    assert [name for name in services if launches.of(name).fingerprint != with_both[name]] == ["history", "notifier"]


def test_a_new_broker_changes_what_the_runner_writes_but_needs_no_restart(launches: Launches):
    launch = launches.of("strategy-runner")
    changed = msgspec.structs.replace(launch, env={**launch.env, "PANDA_SERVICE__WRITES": "[]"})
    assert changed.fingerprint == launch.fingerprint
    assert launch.on_port(9).fingerprint != launch.fingerprint


def test_on_another_port_only_the_port_is_another(launches: Launches):
    launch = launches.of("api")
    moved = launch.on_port(4711)
    assert (moved.port, moved.env["PANDA_HTTP__PORT"]) == (4711, "4711")
    assert {**moved.env, "PANDA_HTTP__PORT": "2001"} == launch.env


def test_in_a_rehearsal_only_who_uses_the_login_is_told_where_the_simulator_is(tmp_path: Path):
    rehearsal = Rehearsal(path="market", speed=60, broker="kite")
    run = Run(feed=FeedChoice(source="kite", broker="kite"), rehearsal=rehearsal)
    launches = Launches(tmp_path, run, (paper(), zerodha("kite"), zerodha("second", age=1), strategy()))
    played = SimulatorPorts(simulator=1004, postbacks=1005)
    env = {each.name: launches.of(each.name, played=played).env for each in launches.plan.services}
    told = {name for name, each in env.items() if "PANDA_ZERODHA__ROOT" in each}
    trading = {"kite.zerodha-trading", "second.zerodha-trading"}
    assert told == {"market-feed", *trading}, "also who is no part of the rehearsal does not reach the real exchange"
    assert {name for name, each in env.items() if "PANDA_ZERODHA__KEYS" in each} == trading
    assert env["kite.zerodha-trading"]["PANDA_ZERODHA__ROOT"] == "http://127.0.0.1:1004"
    assert env["kite.zerodha-trading"]["PANDA_ZERODHA__POSTBACK_PORT"] == "1005"
    assert "PANDA_ZERODHA__POSTBACK_PORT" not in env["second.zerodha-trading"]
