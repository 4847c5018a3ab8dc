"""`panda data fetch` refuses what cannot be asked for before it asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from alpha_panda.cli.main import UNAVAILABLE, WRONG_INPUT, main


def fetch(folder: Path, *words: str) -> int:
    return main(["data", "fetch", *words, "--data-dir", str(folder)])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("INFY", "--source", "yahoo", "--from", "20.11.2026"), "--from '20.11.2026' is no date"),
        (("NOSUCH", "--source", "yahoo", "--from", "2026-11-16"), "NSE:NOSUCH is not one of"),
        (
            ("INFY", "--source", "yahoo", "--from", "2025-11-20", "--to", "2025-11-19"),
            "--from 2025-11-20 is after --to 2025-11-19",
        ),
        (("INFY", "--source", "yahoo", "--from", "2025-11-15", "--to", "2025-11-16"), "the exchange was closed"),
        (
            ("INFY", "--source", "yahoo", "--from", "2025-11-17", "--to", "2025-11-18", "--into", "somewhere"),
            "--into somewhere is no place for bars",
        ),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert fetch(tmp_path, *words) == WRONG_INPUT
    assert said in capsys.readouterr().err


def test_without_a_platform_there_is_no_history_to_fetch_into_and_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("INFY", "--source", "yahoo", "--from", "2025-11-17", "--to", "2025-11-18")
    assert fetch(tmp_path, *words) in (WRONG_INPUT, UNAVAILABLE)
    assert "panda up" in capsys.readouterr().err
