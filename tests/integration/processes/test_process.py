"""How a service's process ends, and with which code."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator

import pytest
import structlog

from alpha_panda.errors import InputError
from alpha_panda.runtime.errors import (
    EXIT_AUTHENTICATION,
    EXIT_FATAL,
    EXIT_SETTINGS,
    AuthenticationError,
    TransientError,
    UnknownOutcomeError,
)
from alpha_panda.runtime.process import Process, run_process

Main = Callable[[Process], Awaitable[None]]


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    monkeypatch.setenv("PANDA_SERVICE__NAME", "bar-builder")
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def ending_with(error: BaseException | None) -> Main:
    async def main(process: Process) -> None:
        assert process.settings.service.name == "bar-builder"
        if error is not None:
            raise error

    return main


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (None, 0, "service stopped"),
        (InputError("no such file"), EXIT_SETTINGS, "no such file"),
        (AuthenticationError("wrong password", remedy="mend it"), EXIT_AUTHENTICATION, "wrong password"),
        (TransientError("gone away"), EXIT_FATAL, "gone away"),
        (UnknownOutcomeError("fenced"), EXIT_FATAL, "fenced"),
        (ZeroDivisionError("our fault"), EXIT_FATAL, "our fault"),
    ],
)
def test_each_kind_of_failure_has_its_exit_code_and_says_why(
    error: BaseException | None, code: int, said: str, capsys: pytest.CaptureFixture[str]
):
    assert run_process(ending_with(error)) == code
    last = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert said in json.dumps(last)
    assert last["level"] == ("info" if code == 0 else "critical")


def test_wrong_settings_end_it_before_anything_else_with_a_line_a_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("PANDA_RUN__STOP_SECONDS", "0")
    monkeypatch.setenv("PANDA_REDIS__PORT", "x")
    assert run_process(ending_with(ZeroDivisionError())) == EXIT_SETTINGS
    told = capsys.readouterr().err
    assert "redis.port" in told
    assert "run.stop_seconds" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_gracefully(number: signal.Signals):
    ended = []

    async def main(process: Process) -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
        await process.stopping.wait()
        ended.append("committed")

    assert run_process(main) == 0
    assert ended == ["committed"]


def test_a_service_that_does_not_stop_in_time_is_left_where_it_is_and_the_process_ends():
    """Also where it would not even let itself be cancelled; so in a process of its own."""
    program = """
import asyncio, os, signal, sys
from alpha_panda.runtime.process import run_process

async def stubborn(process):
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue

sys.exit(run_process(stubborn))
"""
    done = run_apart(program, PANDA_RUN__STOP_SECONDS="0.2")
    assert done.returncode == EXIT_FATAL, done.stderr
    assert "it did not stop within 0.2 s" in done.stderr


HANGING = """
import asyncio, sys
from alpha_panda.runtime.process import run_process

async def main(process):
    process.health.ready = {ready}
    process.health.turn()
    await asyncio.sleep({seconds})

sys.exit(run_process(main))
"""


def test_a_service_whose_loop_no_longer_turns_ends_so_that_it_is_started_again():
    done = run_apart(HANGING.format(ready=True, seconds=60), PANDA_RUN__HANG_SECONDS="1")
    assert done.returncode == EXIT_FATAL, done.stderr
    assert "its loop has not turned for 1 s" in done.stderr


FREEZING = """
import asyncio, gc, sys
from alpha_panda.runtime.process import run_process

async def main(process):
    assert gc.get_freeze_count() == 0
    process.health.ready = True
    while gc.get_freeze_count() == 0:
        process.health.turn()
        await asyncio.sleep(0.05)

sys.exit(run_process(main))
"""


def test_what_a_service_needs_to_be_ready_is_kept_out_of_the_collection_of_garbage():
    done = run_apart(FREEZING)
    assert done.returncode == 0, done.stderr


def test_a_start_that_takes_long_is_no_hanging_loop():
    done = run_apart(HANGING.format(ready=False, seconds=3), PANDA_RUN__HANG_SECONDS="1")
    assert done.returncode == 0, done.stderr


def run_apart(program: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A service in a process of its own, which it may take down with it."""
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        env={**os.environ, **settings, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_that_is_taken_ends_it_and_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PANDA_HTTP__PORT", str(port))
        assert run_process(ending_with(None)) == EXIT_FATAL
    last = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert f"port {port} on 127.0.0.1 is in use" in last["reason"]
    assert "http.port" in last["remedy"]
