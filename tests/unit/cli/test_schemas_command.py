"""`panda schemas`: it writes, checks and, when told to, releases the generated files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alpha_panda.cli.main import main
from alpha_panda.cli.schemas import RELEASED, check_files, write_files
from alpha_panda.errors import PandaError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source tree whose generated files are as they should be."""
    (tmp_path / "schemas").mkdir()
    write_files(tmp_path, released=True)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_this_source_tree_is_up_to_date_and_reads_what_was_released():
    check_files(ROOT)


def test_writing_twice_changes_nothing(tree: Path):
    assert write_files(tree) == []


@pytest.mark.parametrize("file", ["schemas/events/Tick.json", "docs/topics.md"])
def test_a_file_that_was_edited_or_lost_is_named_with_the_remedy(tree: Path, file: str):
    (tree / file).write_text("edited")
    with pytest.raises(PandaError, match=file) as edited:
        check_files(tree)
    assert "make schemas" in str(edited.value.remedy)
    (tree / file).unlink()
    with pytest.raises(PandaError, match=file):
        check_files(tree)
    assert [str(path) for path in write_files(tree)] == [file]
    check_files(tree)


def test_the_schema_of_an_event_that_is_gone_is_stale_and_deleted(tree: Path):
    gone = tree / "schemas/events/Gone.json"
    gone.write_text("{}")
    with pytest.raises(PandaError, match=r"Gone\.json"):
        check_files(tree)
    write_files(tree)
    assert not gone.exists()


def test_writing_never_moves_what_was_released(tree: Path):
    released = tree / RELEASED / "Tick.json"
    edit(released, '"minimum": 0', '"minimum": -5')
    before = released.read_text()
    write_files(tree)
    assert released.read_text() == before


def test_a_break_with_what_was_released_fails_with_event_field_and_change(tree: Path):
    edit(tree / RELEASED / "Tick.json", '"minimum": 0', '"minimum": -5')
    with pytest.raises(PandaError, match="Tick: field volume was narrowed: minimum was -5 and is 0"):
        check_files(tree)


def test_an_event_that_was_released_and_is_gone_fails(tree: Path):
    (tree / RELEASED / "TickCorrected.json").write_text(json.dumps({"type": "object"}))
    with pytest.raises(PandaError, match="TickCorrected: the event was removed"):
        check_files(tree)


def test_accepting_takes_the_present_shapes_as_released(tree: Path, capsys: pytest.CaptureFixture[str]):
    edit(tree / RELEASED / "Tick.json", '"minimum": 0', '"minimum": -5')
    assert main(["schemas", "--accept", "--root", str(tree)]) == 0
    assert "schemas/released/Tick.json written" in capsys.readouterr().out
    assert main(["schemas", "--check", "--root", str(tree)]) == 0


def test_without_released_schemas_there_is_nothing_to_compare_with_and_that_is_said(tree: Path):
    for file in (tree / RELEASED).iterdir():
        file.unlink()
    with pytest.raises(PandaError, match="no released schemas"):
        check_files(tree)


def test_elsewhere_than_in_a_source_tree_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["schemas", "--check", "--root", str(tmp_path)]) == 2
    assert "call it in the source tree" in capsys.readouterr().err
