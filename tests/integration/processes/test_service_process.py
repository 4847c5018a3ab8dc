"""A service's process is kept running, with growing pauses, and its last words are kept."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from alpha_panda.errors import UnavailableError
from alpha_panda.local import service_process
from alpha_panda.local.launch import Launch
from alpha_panda.local.layout import Layout
from alpha_panda.local.service_process import ServiceProcess, ended
from alpha_panda.local.status_file import ServiceState, ServiceStatus
from alpha_panda.runtime.errors import EXIT_AUTHENTICATION, EXIT_SETTINGS

WAITS = "import signal; signal.pause()"
Make = Callable[..., ServiceProcess]


@pytest_asyncio.fixture
async def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    """Make services that run a program of a test's own; all stop at the end."""
    monkeypatch.setattr(service_process, "FIRST_PAUSE", 0.01)
    layout = Layout(tmp_path / "data")
    layout.create()
    made: list[ServiceProcess] = []

    def make(program: str, take_port: Callable[[], int] = lambda: 2001) -> ServiceProcess:
        argv = (sys.executable, "-c", f"{program}  # alpha_panda")
        launch = Launch(name="api", argv=argv, env={"PANDA_HTTP__PORT": "2001"}, port=2001)
        made.append(ServiceProcess(launch, layout, take_port))
        return made[-1]

    yield make
    for service in made:
        await service.stop()


async def until(service: ServiceProcess, holds: Callable[[ServiceStatus], bool]) -> ServiceStatus:
    async with asyncio.timeout(20):
        while not holds(service.status):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    return service.status


async def test_a_service_runs_until_it_is_stopped(make: Make):
    service = make(WAITS)
    await service.start()
    pid = service.status.pid
    assert (service.status.state, service.status.restarts) == (ServiceState.RUNNING, 0)
    await service.stop()
    assert service.status.state is ServiceState.STOPPED
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_service_that_is_killed_runs_again(make: Make):
    service = make(WAITS)
    await service.start()
    pid = service.status.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    status = await until(service, lambda now: now.restarts == 1)
    assert status.reason.startswith("killed by SIGKILL")
    assert (await until(service, lambda now: now.pid is not None)).pid != pid


async def test_the_reason_is_what_the_service_logged_last_as_an_error(make: Make):
    line = '{"level": "critical", "event": "service ends", "reason": "port 80 is in use"}'
    service = make(f"import sys; print({line!r}); print('bye'); sys.exit({EXIT_SETTINGS})")
    await service.start()
    status = await until(service, lambda now: now.reason != "")
    assert status.reason == "exit code 78, its settings are wrong: port 80 is in use"


async def test_where_it_logged_no_error_the_reason_is_its_last_line(make: Make):
    service = make("raise SystemExit('no such thing')")
    await service.start()
    status = await until(service, lambda now: now.reason != "")
    assert status.reason == "exit code 1: no such thing"


async def test_pauses_grow(make: Make, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service_process, "FIRST_PAUSE", 0.2)
    service = make("raise SystemExit(3)")
    began = asyncio.get_running_loop().time()
    await service.start()
    await until(service, lambda now: now.restarts == 3)
    assert asyncio.get_running_loop().time() - began >= 0.2 + 0.4 + 0.8


async def test_a_service_whose_port_was_taken_meanwhile_comes_back_on_another(make: Make):
    ports = iter([2001, 2002, 2002])
    service = make("import os; print(os.environ['PANDA_HTTP__PORT']); raise SystemExit(3)", lambda: next(ports, 2002))
    await service.start()
    status = await until(service, lambda now: now.restarts >= 1 and now.reason.endswith("2002"))
    assert status.port == 2002


async def test_a_service_that_cannot_even_be_started_is_tried_again_and_told(make: Make):
    answers: list[int | None] = [2001, None, None]

    def take_port() -> int:
        if answers and answers.pop(0) is None:
            raise UnavailableError("no free port for api")
        return 2001

    service = make("raise SystemExit(3)", take_port)
    await service.start()
    status = await until(service, lambda now: now.reason == "no free port for api")
    assert status.state is ServiceState.BACK_OFF
    await until(service, lambda now: now.restarts >= 3 and now.reason.startswith("exit code 3"))


def test_exit_codes_are_told_in_words():
    assert ended(-signal.SIGTERM) == "killed by SIGTERM"
    assert ended(EXIT_AUTHENTICATION) == "exit code 77, its credentials or permissions were refused"
    assert ended(9) == "exit code 9"
