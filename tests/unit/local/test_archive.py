"""A run that is archived can be opened where it lies, and its place is free."""

from __future__ import annotations

from pathlib import Path

import pytest

from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.local.archive import archive_run, forget_kept, keep_resources, kept_resources
from alpha_panda.local.layout import Layout
from alpha_panda.resources.broker import Broker, BrokerMetadata, BrokerSpec, BrokerType


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


def broker(name: str) -> Broker:
    return Broker(metadata=BrokerMetadata(name=name), spec=BrokerSpec(type=BrokerType.PAPER))


def test_what_the_next_run_is_to_keep_waits_in_the_archive_until_it_has_it(tmp_path: Path):
    layout = Layout(tmp_path / "data")
    layout.create()
    keep_resources(layout, [broker("paper"), broker("other")])
    assert kept_resources(layout) == [], "it is not archived yet, so nothing is missing"
    archive_run(layout)
    kept = kept_resources(layout)
    assert [each.resource for each in kept] == [broker("paper"), broker("other")]
    forget_kept(layout)
    assert kept_resources(layout) == []
    forget_kept(layout)


def test_what_an_older_run_left_is_not_taken_for_the_newest(tmp_path: Path):
    layout = Layout(tmp_path / "data")
    for _ in range(2):
        layout.create()
        archive_run(layout)
    (oldest, _) = sorted((tmp_path / "data-archive").iterdir())
    keep_resources(Layout(oldest), [broker("paper")])
    assert kept_resources(layout) == []


def test_a_damaged_list_of_what_is_to_be_kept_is_named(tmp_path: Path):
    layout = Layout(tmp_path / "data")
    layout.create()
    keep_resources(layout, [])
    target = archive_run(layout)
    (target / "kept-resources.json").write_text("[{")
    with pytest.raises(InputError, match=r"kept-resources\.json is damaged"):
        kept_resources(layout)
