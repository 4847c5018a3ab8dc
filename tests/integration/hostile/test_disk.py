"""A data directory that cannot be written: a read-only mount, and a disk that fills while the platform trades."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.integration.hostile.conftest import Besieged
from tests.integration.live_changes.conftest import EAGER, broker, strategy
from tests.integration.panda_command import Panda

from alpha_panda.local.status_file import SILENCE_SECONDS

SMALL = "700m"

pytestmark = [
    pytest.mark.operations,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount"),
]


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A tmpfs at `folder`."""
    folder.mkdir()
    mount = shutil.which("mount")
    tried = subprocess.run([str(mount), "-t", "tmpfs", "-o", options, "panda-test", str(folder)], check=False)  # noqa: S603
    if tried.returncode != 0:
        pytest.skip("this machine lets nobody mount")
    try:
        yield folder
    finally:
        subprocess.run([str(shutil.which("umount")), "-l", str(folder)], check=True)  # noqa: S603


def test_a_read_only_place_is_refused_in_one_line_with_the_documented_code(tmp_path: Path) -> None:
    with mounted(tmp_path / "read-only", "ro,size=1m") as place:
        done = Panda(place / "data").run("up", check=False)
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        f"the data directory {place / 'data'} cannot be written: Read-only file system",
        "remedy: choose another one with --data-dir, or make room or rights",
    ]


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that everybody may enter, as PostgreSQL's own user must; pytest's are for their owner alone."""
    place = Path(tempfile.mkdtemp(prefix="panda-disk-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.fixture
def cramped(tmp_path: Path, open_place: Path) -> Iterator[tuple[Besieged, Path]]:
    """A platform that trades on a small disk of its own, its PostgreSQL too."""
    with mounted(open_place / "disk", f"size={SMALL},mode=755") as disk:
        resources = tmp_path / "resources.yaml"
        resources.write_text("\n---\n".join(map(json.dumps, (broker("paper"), strategy("eager")))))
        panda = Panda(disk / "data", (EAGER,))
        try:
            panda.run("up", "-f", str(resources), "--synthetic", "5", "--rate", "50")
            besieged = Besieged(panda)
            panda.run("down")
            move_database(besieged, disk / "postgres")
            panda.run("up")
            besieged.wait_ready()
            yield besieged, disk
        finally:
            panda.reset()


def move_database(besieged: Besieged, target: Path) -> None:
    """A run of root's has it elsewhere, where its own user can reach it."""
    link = besieged.layout.postgres
    source = link.resolve()
    subprocess.run([str(shutil.which("cp")), "-a", str(source), str(target)], check=True)  # noqa: S603
    shutil.rmtree(source)
    link.unlink()
    link.symlink_to(target)


def fill(disk: Path) -> Path:
    """A file that leaves no byte free."""
    filler = disk / "filler"
    block = b"x" * 65_536
    with filler.open("wb", buffering=0) as file:  # what a buffer held back would fail at its end
        try:
            while True:
                file.write(block)
        except OSError:
            return filler


@pytest.mark.long
def test_a_full_disk_is_told_and_all_goes_on_when_there_is_room(cramped: tuple[Besieged, Path]) -> None:
    besieged, disk = cramped
    orders = "SELECT count(*) AS n FROM paper.orders"
    filler = fill(disk)
    deadline = time.monotonic() + 60
    while "is full: make room" not in (said := besieged.panda.run("status", check=False)).stdout:
        assert time.monotonic() < deadline, said.stdout
        time.sleep(SILENCE_SECONDS / 2)
    assert said.returncode == 1
    wrong = besieged.doctor()
    assert re.match(r"\d MiB free for the run at ", wrong["disk"])

    filler.unlink()
    besieged.wait_ready()
    (before,) = besieged.sql(orders)
    time.sleep(1)
    besieged.wait_for(lambda _: besieged.sql(orders)[0]["n"] > before["n"], "it trades again")
    besieged.panda.run("halt", "--reason", "the books are compared")
    verdicts = {each["invariant"]: each for each in besieged.panda.json("verify", check=False)}
    for name in ("unique_ids", "one_verdict", "one_order", "fills", "true_letters", "letters_for_malformed"):
        assert verdicts[name]["verdict"] != "FAIL", verdicts[name]
