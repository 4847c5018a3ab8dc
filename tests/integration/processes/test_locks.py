"""A lock is one holder's, and gone when its holder is."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from alpha_panda.local.locks import exclusive
from alpha_panda.runtime.file_lock import FileLock

HOLD = "import sys; from pathlib import Path; from alpha_panda.local.locks import FileLock; \
lock = FileLock(Path(sys.argv[1])); assert lock.try_acquire(); print('held', flush=True); sys.stdin.read()"


def test_a_lock_has_one_holder_whose_process_it_names(tmp_path: Path):
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert second.holder() is None
    assert first.try_acquire()
    assert not second.try_acquire()
    assert second.holder() == os.getpid()
    first.release()
    first.release()
    assert second.try_acquire()
    second.release()


def test_threads_that_share_a_lock_take_turns_and_leave_it_free(tmp_path: Path):
    lock, inside, together = FileLock(tmp_path / "lock"), [0], []

    def take_turns() -> None:
        for _ in range(200):
            lock.acquire()
            inside[0] += 1
            together.append(inside[0])
            inside[0] -= 1
            lock.release()

    threads = [threading.Thread(target=take_turns) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert together == [1] * 800
    assert FileLock(tmp_path / "lock").try_acquire()


def test_a_lock_of_a_killed_process_is_free(tmp_path: Path):
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:  # noqa: S603
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        lock = FileLock(tmp_path / "lock")
        assert not lock.try_acquire()
        assert lock.holder() == holder.pid
        holder.kill()
        holder.wait()
        assert lock.try_acquire()
        lock.release()


def test_whoever_waits_for_a_lock_is_told_for_what(tmp_path: Path):
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    said: list[str] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:  # noqa: S603
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"

        def tell(line: str) -> None:
            said.append(line)
            holder.kill()

        with exclusive(tmp_path / "lock", tell, "filling the cache"):
            assert said == [f"waiting for process {holder.pid}, which is filling the cache"]
