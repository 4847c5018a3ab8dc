"""Tables and JSON come out whole, in a pipe as on a terminal."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.text import Text

from alpha_panda.cli.output import print_json, print_table


def test_a_table_is_aligned_without_borders_and_has_no_trailing_spaces(capsys: pytest.CaptureFixture[str]):
    print_table(["NAME", "LIVE", "LAG"], [["paper", False, 7], ["zerodha", True, 12]])
    assert capsys.readouterr().out == ("NAME      LIVE    LAG\npaper     false     7\nzerodha   true     12\n")


def test_a_wide_table_in_a_pipe_is_neither_cut_nor_wrapped(capsys: pytest.CaptureFixture[str]):
    cells = ["x" * 300, "y z " * 100, "end"]
    print_table(["A", "B", "C"], [cells])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(cell.strip() in lines[1] for cell in cells)


def test_a_table_without_rows_has_its_heading_and_nothing_else(capsys: pytest.CaptureFixture[str]):
    print_table(["NAME", "AGE"], [])
    assert capsys.readouterr().out == "NAME   AGE\n"


def test_nothing_is_shown_as_none_and_brackets_are_not_markup(capsys: pytest.CaptureFixture[str]):
    print_table(["NAME", "NOTE"], [[None, "[red]x[/red] :smile:"]])
    assert capsys.readouterr().out.splitlines()[1] == "<none>   [red]x[/red] :smile:"


def test_a_value_cannot_steer_the_terminal_or_break_a_line(capsys: pytest.CaptureFixture[str]):
    print_table(["NAME"], [["a\x1b[2Jb\nc"]])
    assert capsys.readouterr().out == "NAME\na [2Jb c\n"


def test_colours_are_left_out_of_a_pipe(capsys: pytest.CaptureFixture[str]):
    print_table(["STATE"], [[Text("up", style="green")]])
    assert capsys.readouterr().out == "STATE\nup\n"


def test_colours_reach_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    print_table(["STATE"], [[Text("up", style="green")]])
    assert "\x1b[32mup" in capsys.readouterr().out


def test_a_row_of_the_wrong_length_is_a_fault():
    with pytest.raises(ValueError, match="a row has 1 cells for 2 columns"):
        print_table(["A", "B"], [["only"]])


def test_json_holds_times_and_paths_and_parses(capsys: pytest.CaptureFixture[str]):
    print_json({"at": datetime(2026, 1, 5, 3, 45, tzinfo=UTC), "file": Path("a/b"), "none": None})
    assert json.loads(capsys.readouterr().out) == {"at": "2026-01-05T03:45:00Z", "file": "a/b", "none": None}
