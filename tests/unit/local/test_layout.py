"""A run's files lie in one private folder that is never mistaken for somebody else's."""

import errno
import os
from pathlib import Path

import pytest

from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.local.layout import Layout, disk_note, unwritable, write_private


def test_a_new_run_is_readable_by_its_owner_alone(tmp_path: Path):
    layout = Layout(tmp_path / "run")
    layout.create()
    layout.create()
    for folder in (layout.root, layout.kafka, layout.redis, layout.logs, layout.secrets, layout.run):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_secret_is_made_once_and_kept_private(tmp_path: Path):
    layout = Layout(tmp_path / "run")
    layout.create()
    secret = layout.secret("redis-admin")
    assert len(secret) >= 43
    assert Layout(tmp_path / "run").secret("redis-admin") == secret
    assert layout.secret("kafka-admin") != secret
    assert (layout.secrets / "redis-admin").stat().st_mode & 0o777 == 0o600


def test_a_folder_with_other_files_is_neither_used_nor_removed(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(InputError, match="is not a data directory of Alpha Panda"):
        Layout(tmp_path).create()
    with pytest.raises(InputError, match="is not a data directory of Alpha Panda"):
        Layout(tmp_path).remove()
    assert (tmp_path / "thesis.txt").read_text() == "all of it"


def test_a_file_is_no_data_directory(tmp_path: Path):
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError, match="is a file"):
        Layout(tmp_path / "run").create()


def test_a_place_that_cannot_be_written_is_named():
    with pytest.raises(UnavailableError, match="/proc/alpha-panda cannot be written"):
        Layout(Path("/proc/alpha-panda")).create()


def test_removing_a_run_removes_also_what_its_database_link_points_to(tmp_path: Path):
    layout = Layout(tmp_path / "run")
    layout.create()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "PG_VERSION").write_text("16")
    layout.postgres.symlink_to(elsewhere)
    layout.remove()
    layout.remove()
    assert not layout.root.exists()
    assert not elsewhere.exists()


def test_a_relative_run_does_not_move_with_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    layout = Layout(Path(".panda"))
    monkeypatch.chdir("/")
    assert layout.root == tmp_path / ".panda"


def test_a_file_that_cannot_be_written_is_told_with_its_path_and_leaves_no_half(tmp_path: Path):
    taken = tmp_path / "taken"
    taken.mkdir()
    with pytest.raises(UnavailableError, match=f"{taken} cannot be written: Is a directory") as refused:
        write_private(taken, "text")
    assert refused.value.remedy is not None
    assert list(tmp_path.iterdir()) == [taken]


def test_a_full_disk_is_the_remedys_word_where_there_is_no_room(tmp_path: Path):
    refusal = unwritable(tmp_path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert str(refusal) == f"{tmp_path} cannot be written: No space left on device"
    assert refusal.remedy == "make room on its disk; what waits for it goes on by itself"
    assert disk_note(tmp_path) == disk_note(tmp_path / "gone") == ""
