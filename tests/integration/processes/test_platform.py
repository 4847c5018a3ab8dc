"""The platform of a data directory as a client sees it, by what its supervisor writes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from alpha_panda.domain.pipeline_watch import Code, Finding
from alpha_panda.errors import UnavailableError
from alpha_panda.local.identity import start_time
from alpha_panda.local.layout import Layout
from alpha_panda.local.platform import Platform
from alpha_panda.local.run_file import Run, save_run
from alpha_panda.local.status_file import (
    Phase,
    PlatformStatus,
    ServiceState,
    ServiceStatus,
    StoreStatus,
    save_status,
)
from alpha_panda.runtime.health import Health, serve_health
from alpha_panda.runtime.metrics import Metrics

SUPERVISOR = """
import signal
signal.signal(signal.SIGHUP, lambda *_: None)
print("up", flush=True)
while True:
    signal.pause()
"""


class Supervised:
    """A data directory, and a process that stands for its supervisor and ignores SIGHUP."""

    def __init__(self, layout: Layout, process: subprocess.Popen[str]) -> None:
        self.layout = layout
        self.platform = Platform(layout)
        self.process = process
        started = start_time(process.pid)
        assert started is not None
        self.status = PlatformStatus(pid=process.pid, started=started, phase=Phase.SERVING, run=Run().digest)
        self.say()

    def say(self, **changes: object) -> None:
        self.status = msgspec.structs.replace(self.status, **changes)
        save_status(self.layout, self.status)

    def say_later(self, *steps: dict[str, object]) -> threading.Thread:
        """Say one thing after the other, each once the one before must have been seen."""

        def talk() -> None:
            for step in steps:
                threading.Event().wait(0.2)
                self.say(**step)

        thread = threading.Thread(target=talk)
        thread.start()
        return thread


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "data")
    made.create()
    return made


@pytest.fixture
def supervised(layout: Layout) -> Iterator[Supervised]:
    command = [sys.executable, "-c", SUPERVISOR]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        yield Supervised(layout, process)
        process.kill()


Act = Callable[[Platform], object]


def test_where_nothing_runs_it_says_so_with_the_remedy(layout: Layout):
    platform = Platform(layout)
    assert platform.status() is None
    assert platform.stop() is False
    with pytest.raises(UnavailableError, match="no platform is running") as refused:
        platform.require_running()
    assert "panda up" in str(refused.value.remedy)


def test_the_status_of_a_supervisor_that_died_does_not_count(supervised: Supervised):
    assert supervised.platform.status() is not None
    supervised.process.kill()
    supervised.process.wait()
    assert supervised.platform.status() is None


def test_a_platform_that_serves_is_not_started_twice(supervised: Supervised):
    assert supervised.platform.start() == supervised.status


def test_starting_waits_until_it_serves_and_passes_on_what_it_does(supervised: Supervised):
    supervised.say(phase=Phase.STARTING, progress="fetching Kafka")
    said: list[str] = []
    later = supervised.say_later({"progress": "Kafka serves"}, {"phase": Phase.SERVING})
    assert supervised.platform.start(said.append).phase is Phase.SERVING
    later.join()
    assert said == ["fetching Kafka", "Kafka serves"]


def test_a_start_that_failed_is_told_as_the_supervisor_tells_it(supervised: Supervised):
    supervised.say(phase=Phase.STARTING)
    later = supervised.say_later({"phase": Phase.FAILED, "error": "port 8080 is in use", "remedy": "choose another"})
    with pytest.raises(UnavailableError, match="port 8080 is in use") as refused:
        supervised.platform.start()
    later.join()
    assert refused.value.remedy == "choose another"


def test_reloading_waits_for_the_reconciliation_that_knows_the_new_choices(supervised: Supervised):
    """One that had begun before ends first and does not count."""
    wanted = Run(partitions=2)
    save_run(supervised.layout, wanted)
    later = supervised.say_later({"generation": 1}, {"generation": 2, "run": wanted.digest})
    assert supervised.platform.reload().generation == 2
    later.join()


def test_reloading_does_not_take_an_old_failure_for_a_new_one(supervised: Supervised):
    supervised.say(error="Kafka was away", failures=3)
    save_run(supervised.layout, Run())
    later = supervised.say_later({"error": "", "generation": 1})
    assert supervised.platform.reload().error == ""
    later.join()


def test_reloading_tells_of_a_failure_that_stays(supervised: Supervised):
    save_run(supervised.layout, Run())
    later = supervised.say_later({"error": "no room", "failures": 1}, {"failures": 2})
    with pytest.raises(UnavailableError, match="no room"):
        supervised.platform.reload()
    later.join()


def test_a_supervisor_that_dies_while_it_is_waited_for_is_missed(supervised: Supervised):
    save_run(supervised.layout, Run(partitions=7))
    killer = threading.Timer(0.2, lambda: (supervised.process.kill(), supervised.process.wait()))
    killer.start()
    with pytest.raises(UnavailableError, match="the supervisor has ended"):
        supervised.platform.reload()
    killer.join()


def test_stopping_waits_until_the_supervisor_is_gone(supervised: Supervised):
    reaper = threading.Thread(target=supervised.process.wait)
    reaper.start()
    assert supervised.platform.stop() is True
    reaper.join()
    assert supervised.process.returncode == -signal.SIGTERM


async def test_a_service_is_what_the_supervisor_and_the_service_itself_say(supervised: Supervised):
    health = Health()
    with serve_health("127.0.0.1", 0, health, Metrics("api", None)) as port:
        silent, here = 1, os.getpid()
        supervised.say(
            services=(
                ServiceStatus(name="api", state=ServiceState.RUNNING, pid=here, restarts=0, port=port, reason="before"),
                ServiceStatus(name="history", state=ServiceState.RUNNING, pid=here, restarts=1, port=silent),
                ServiceStatus(name="x", state=ServiceState.BACK_OFF, pid=None, restarts=4, port=silent, reason="why"),
            )
        )
        health.detail = {"lag": 5, "epoch": 7, "finished": True}
        api, history, broken = await supervised.platform.services()
        assert (api.state, api.lag, api.epoch, api.finished) == ("Starting", 5, 7, True)
        assert api.rss_megabytes is not None
        assert (history.state, history.lag) == ("Starting", None)
        assert (broken.state, broken.restarts, broken.reason, broken.rss_megabytes) == ("BackOff", 4, "why", None)
        health.ready = True
        api, *_ = await supervised.platform.services()
        assert (api.state, api.reason) == ("Ready", "")


async def test_a_service_that_does_not_answer_any_longer_is_told_with_since_when(supervised: Supervised):
    since = datetime.now(UTC) - timedelta(seconds=12)
    status = ServiceStatus(
        name="bar-builder", state=ServiceState.RUNNING, pid=7, restarts=0, port=1, silent_since=since
    )
    supervised.say(services=(status,))
    (builder,) = await supervised.platform.services()
    (found,) = builder.findings
    assert (builder.state, found.code, found.subject) == ("NotAnswering", "not_answering", "bar-builder")
    assert 12 <= found.seconds < 60
    assert found.message.startswith("process 7 runs and has not answered for ")


async def test_what_a_service_finds_wrong_is_part_of_its_detail(supervised: Supervised):
    fault = Finding(
        code=Code.NO_PROGRESS,
        subject="api",
        since=datetime.now(UTC),
        seconds=7,
        message="4 records wait",
        look="panda logs bar-builder",
        waits_for=("bar-builder/0",),
    )
    health = Health(lambda: (fault,))
    health.ready = True
    with serve_health("127.0.0.1", 0, health, Metrics("api", None)) as port:
        status = ServiceStatus(name="api", state=ServiceState.RUNNING, pid=os.getpid(), restarts=0, port=port)
        supervised.say(services=(status,))
        (api,) = await supervised.platform.services()
    assert (api.state, api.findings) == ("Ready", (fault,))


def test_stores_are_shown_as_the_supervisor_sees_them(supervised: Supervised):
    supervised.say(
        stores=(
            StoreStatus(name="kafka", state=ServiceState.RUNNING, pid=os.getpid(), restarts=1, reason="was killed"),
            StoreStatus(name="redis", state=ServiceState.BACK_OFF, pid=None, restarts=2, reason="no room"),
        )
    )
    kafka, redis = supervised.platform.stores()
    assert (kafka.state, kafka.restarts, kafka.reason) == ("Ready", 1, "")
    assert (redis.state, redis.reason, redis.pid) == ("BackOff", "no room", None)
