"""A run that is archived can be opened where it lies, and its place is free."""

from __future__ import annotations

from pathlib import Path

import pytest

from alpha_panda.errors import UnavailableError
from alpha_panda.local.archive import archive_run
from alpha_panda.local.layout import Layout


def test_a_run_is_moved_beside_itself_with_all_it_holds(tmp_path: Path):
    layout = Layout(tmp_path / "data")
    layout.create()
    (layout.logs / "api.log").write_text("a line")
    target = archive_run(layout)
    assert not layout.root.exists()
    assert target.parent == tmp_path / "data-archive"
    assert (Layout(target).logs / "api.log").read_text() == "a line"
    Layout(target).create()


def test_each_archived_run_has_its_own_place(tmp_path: Path):
    targets = set()
    for _ in range(3):
        layout = Layout(tmp_path / "data")
        layout.create()
        targets.add(archive_run(layout))
    assert len(targets) == 3


def test_a_run_that_cannot_be_moved_is_told(tmp_path: Path):
    layout = Layout(tmp_path / "data")
    with pytest.raises(UnavailableError, match="cannot be moved to"):
        archive_run(layout)
