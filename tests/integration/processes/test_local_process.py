"""A server process is started, found again after a crash, and stopped; never is another process touched."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from alpha_panda.errors import UnavailableError
from alpha_panda.local.process import ServerProcess, _tied

OBEDIENT = "import signal, sys; print('up', flush=True); signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {OBEDIENT}"
ENVIRONMENT = {"LC_ALL": "C"}


def server(folder: Path, marker: str) -> ServerProcess:
    return ServerProcess(name="Server", log=folder / "server.log", pid_file=folder / "server.json", marker=marker)


def start(process: ServerProcess, program: str) -> int:
    process.start([sys.executable, "-c", program, process.marker], cwd=Path("/"), env=ENVIRONMENT)
    while not process.log.read_text().endswith("up\n"):
        process.require_running()
    assert process.pid is not None
    return process.pid


@pytest_asyncio.fixture
async def process(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    made = server(tmp_path, str(tmp_path))
    yield made
    await made.stop(grace=0)


async def test_a_server_stops_when_it_is_asked(process: ServerProcess):
    start(process, OBEDIENT)
    await process.stop()
    assert process.pid is None
    assert not process.pid_file.exists()
    await process.stop()


async def test_a_server_that_does_not_stop_is_killed(process: ServerProcess):
    pid = start(process, STUBBORN)
    await process.stop(grace=0.1)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_the_end_of_a_server_is_told_with_its_code_and_its_last_words(process: ServerProcess):
    process.start([sys.executable, "-c", "print('no disk'); raise SystemExit(3)"], cwd=Path("/"), env=ENVIRONMENT)
    assert await process.ended() == 3
    with pytest.raises(UnavailableError, match=r"Server ended with code 3(.|\n)*no disk"):
        process.require_running()


async def test_a_server_of_a_crashed_start_is_found_and_stopped(process: ServerProcess, tmp_path: Path):
    pid = start(process, OBEDIENT)
    assert await server(tmp_path, str(tmp_path)).stop_leftover() == pid
    assert await process.ended() == -signal.SIGTERM
    assert await server(tmp_path, str(tmp_path)).stop_leftover() is None


async def test_another_process_with_a_reused_id_is_left_alone(process: ServerProcess, tmp_path: Path):
    start(process, OBEDIENT)
    record = process.pid_file.read_text()
    with subprocess.Popen([sys.executable, "-c", OBEDIENT, str(tmp_path)]) as other:  # noqa: ASYNC220, S603
        process.pid_file.write_text(record.replace(f'"pid":{process.pid}', f'"pid":{other.pid}'))
        assert await server(tmp_path, str(tmp_path)).stop_leftover() is None
        assert other.poll() is None
        other.kill()


async def test_a_process_of_another_run_is_left_alone(process: ServerProcess, tmp_path: Path):
    pid = start(process, OBEDIENT)
    assert await server(tmp_path, "/another/run/redis.conf").stop_leftover() is None
    assert process.pid == pid


async def test_a_damaged_process_file_is_named(process: ServerProcess):
    process.pid_file.write_text("{")
    with pytest.raises(UnavailableError, match=r"server\.json is damaged"):
        await process.stop_leftover()


async def test_a_program_that_cannot_be_executed_says_so(process: ServerProcess):
    process.start(["/no/such/program"], cwd=Path("/"), env=ENVIRONMENT)
    assert await process.ended() == 127
    with pytest.raises(UnavailableError, match=r"Server ended with code 127(.|\n)*no/such/program"):
        process.require_running()


def test_a_long_log_makes_room_for_a_new_one(process: ServerProcess):
    process.log.write_bytes(b"x" * (17 * 1024 * 1024))
    start(process, OBEDIENT)
    assert process.log.read_text() == "up\n"
    assert process.log.with_suffix(".old.log").stat().st_size == 17 * 1024 * 1024


async def test_a_server_whose_starter_died_before_the_kernel_tied_them_does_not_start(tmp_path: Path):
    started = tmp_path / "started"
    command = [*_tied(["/usr/bin/touch", str(started)], signal.SIGTERM)]
    command[command.index(str(os.getpid()))] = "1"
    ended = await asyncio.create_subprocess_exec(*command)
    assert await ended.wait() == 1
    assert not started.exists()


async def test_a_server_that_the_next_start_could_not_find_does_not_run(process: ServerProcess):
    process.pid_file.mkdir()
    with pytest.raises(UnavailableError, match="cannot be written"):
        process.start([sys.executable, "-c", OBEDIENT, process.marker], cwd=Path("/"), env=ENVIRONMENT)
    assert process.pid is None
    process.pid_file.rmdir()


def test_a_server_whose_log_cannot_be_opened_is_not_started(tmp_path: Path):
    made = ServerProcess(name="Server", log=tmp_path, pid_file=tmp_path / "server.json", marker="none")
    with pytest.raises(UnavailableError, match=f"{tmp_path} cannot be written: Is a directory"):
        made.start([sys.executable, "-c", OBEDIENT], cwd=Path("/"), env=ENVIRONMENT)
    assert made.pid is None
