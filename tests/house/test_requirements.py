"""The pinned requirements fit pyproject.toml and carry a hash for everything."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import requirements

LOCKS = sorted(requirements.FILES)


def test_the_tree_has_no_stale_requirements() -> None:
    assert requirements.stale(requirements.FOLDER, requirements.digest(requirements.ROOT / "pyproject.toml")) == []


def test_a_changed_dependency_makes_every_file_stale(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    text = (requirements.ROOT / "pyproject.toml").read_text()
    pyproject.write_text(text.replace('"aiokafka>=', '"aiokafka>=0.0.1,>=', 1))
    assert requirements.stale(requirements.FOLDER, requirements.digest(pyproject)) == list(requirements.FILES)


def test_a_changed_comment_or_tool_setting_makes_none_stale(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text((requirements.ROOT / "pyproject.toml").read_text() + "\n# a comment\n[tool.x]\ny = 1\n")
    assert requirements.stale(requirements.FOLDER, requirements.digest(pyproject)) == []


def test_a_missing_file_is_stale(tmp_path: Path) -> None:
    shutil.copytree(requirements.FOLDER, tmp_path / "r")
    (tmp_path / "r" / "api.txt").unlink()
    assert requirements.stale(tmp_path / "r", requirements.digest(requirements.ROOT / "pyproject.toml")) == ["api.txt"]


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_hashes(name: str) -> None:
    text = (requirements.FOLDER / name).read_text()
    packages = re.findall(r"^[a-z0-9][^\n]*(?:\n    [^\n]*)*", text, flags=re.MULTILINE)
    assert packages
    assert [package for package in packages if "==" not in package or "--hash=sha256:" not in package] == []


@pytest.mark.parametrize("name", sorted(set(LOCKS) - requirements.APART))
def test_all_files_agree_on_every_version(name: str) -> None:
    pins = re.compile(r"^([a-z0-9-]+)==(\S+)", flags=re.MULTILINE)
    newest = set(pins.findall((requirements.FOLDER / "dev.txt").read_text()))
    assert set(pins.findall((requirements.FOLDER / name).read_text())) <= newest
