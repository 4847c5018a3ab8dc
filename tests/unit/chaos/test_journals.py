"""What clients saw is held against the log: each way in which the two can part is found and named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.chaos.journals import Journals

from alpha_panda.checker.model import Finding, Log, Record, Verdict
from alpha_panda.runtime.journal import digest_of

LOG = Log(
    records=tuple(Record(topic="t", partition=0, offset=offset, key=b"k", value=b"%d" % offset) for offset in range(3))
)


def written(offset: int, value: bytes, saw: str = "written") -> dict[str, Any]:
    return {"saw": saw, "topic": "t", "partition": 0, "offset": offset, "digest": digest_of(value)}


def read(*seen: tuple[int, bytes]) -> dict[str, Any]:
    records = [[offset, digest_of(value)] for offset, value in seen]
    return {"saw": "read", "topic": "t", "partition": 0, "records": records}


def sought(offset: int) -> dict[str, Any]:
    return {"saw": "sought", "topic": "t", "partition": 0, "offset": offset}


def findings_of(folder: Path, *lines: dict[str, Any], rest: str = "") -> dict[str, Finding]:
    (folder / "one.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + rest)
    return {each.invariant: each for each in Journals(folder, LOG).findings()}


def test_a_true_journal_holds_and_its_half_line_says_nothing(tmp_path: Path):
    found = findings_of(tmp_path, written(0, b"0"), sought(0), read((0, b"0"), (1, b"1")), rest='{"saw": "rea')
    verdicts = {name: (each.verdict, each.examined) for name, each in found.items()}
    assert verdicts == {
        "acknowledged_is_kept": (Verdict.PASS, 1),
        "same_for_all_readers": (Verdict.PASS, 2),
        "readers_go_forward": (Verdict.PASS, 2),
        "failed_is_not_there": (Verdict.VACUOUS, 0),
    }


@pytest.mark.parametrize(
    ("invariant", "lines", "witness"),
    [
        ("acknowledged_is_kept", [written(3, b"3")], "t/0@00000003"),
        ("acknowledged_is_kept", [written(1, b"other")], "t/0@00000001"),
        ("same_for_all_readers", [read((1, b"1"), (2, b"other"))], "t/0@00000002"),
        ("readers_go_forward", [read((1, b"1")), read((1, b"1"))], "t/0@00000001"),
        ("failed_is_not_there", [written(2, b"2", "refused")], "t/0@00000002"),
    ],
)
def test_what_parts_from_the_log_is_named(tmp_path: Path, invariant: str, lines: list[dict[str, Any]], witness: str):
    found = findings_of(tmp_path, *lines)[invariant]
    assert (found.verdict, found.witness) == (Verdict.FAIL, witness)


def test_a_reader_that_was_sent_back_may_read_again(tmp_path: Path):
    found = findings_of(tmp_path, read((1, b"1")), sought(1), read((1, b"1")))
    assert found["readers_go_forward"].verdict is Verdict.PASS


def test_what_was_refused_and_written_later_may_be_there(tmp_path: Path):
    found = findings_of(tmp_path, written(2, b"2", "refused"), written(2, b"2"))
    assert found["failed_is_not_there"].verdict is Verdict.PASS
