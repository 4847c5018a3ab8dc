"""The cache of programs holds only what it must hold, whatever happens while it is filled."""

import hashlib
from pathlib import Path

import pytest

from alpha_panda.errors import UnavailableError
from alpha_panda.local.cache import Pinned, cache_folder, fill
from alpha_panda.local.progress import silent

CONTENT = {"a.jar": b"first", "b.jar": b"second"}
PINNED = tuple(
    Pinned(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())
    for name, content in CONTENT.items()
)


class Mirror:
    """Serves the files of `content` and notes what was asked for."""

    def __init__(self, content: dict[str, bytes]) -> None:
        self.content = content
        self.asked: list[tuple[str, ...]] = []

    def fetch(self, missing: tuple[Pinned, ...], into: Path) -> None:
        self.asked.append(tuple(pinned.name for pinned in missing))
        for pinned in missing:
            (into / pinned.name).write_bytes(self.content[pinned.name])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALPHA_PANDA_CACHE", str(tmp_path / "cache"))
    return cache_folder("kafka-1")


def test_an_empty_cache_is_filled_once(folder: Path):
    mirror = Mirror(CONTENT)
    fill(folder, PINNED, mirror.fetch, silent)
    fill(folder, PINNED, mirror.fetch, silent)
    assert mirror.asked == [("a.jar", "b.jar")]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT


@pytest.mark.parametrize("damage", [b"fir", b"FIRST", b""])
def test_a_damaged_file_alone_is_fetched_again_and_that_is_said(folder: Path, damage: bytes):
    mirror = Mirror(CONTENT)
    fill(folder, PINNED, mirror.fetch, silent)
    (folder / "a.jar").write_bytes(damage)
    said: list[str] = []
    fill(folder, PINNED, mirror.fetch, said.append)
    assert mirror.asked[1:] == [("a.jar",)]
    assert said == [f"damaged in the cache {folder}, fetching again: a.jar"]
    assert (folder / "a.jar").read_bytes() == b"first"


def test_a_file_that_is_not_the_pinned_one_never_enters_the_cache(folder: Path):
    with pytest.raises(UnavailableError, match=r"b\.jar was fetched, but it is not the file"):
        fill(folder, PINNED, Mirror({**CONTENT, "b.jar": b"seconD"}).fetch, silent)
    assert not (folder / "b.jar").exists()
    assert [path.name for path in folder.iterdir()] == ["a.jar"]


def test_what_a_killed_download_left_is_cleared_away(folder: Path):
    (folder / "0000.part").mkdir()
    (folder / "0000.part" / "a.jar").write_bytes(b"fi")
    fill(folder, PINNED, Mirror(CONTENT).fetch, silent)
    assert {path.name for path in folder.iterdir()} == set(CONTENT)


def test_a_cache_that_cannot_be_made_is_named_with_the_setting_that_moves_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ALPHA_PANDA_CACHE", "/proc/alpha-panda")
    with pytest.raises(UnavailableError, match="/proc/alpha-panda/kafka-1 cannot be made") as refused:
        cache_folder("kafka-1")
    assert refused.value.remedy == "set ALPHA_PANDA_CACHE to a folder that you may write"
