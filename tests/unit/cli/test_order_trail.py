"""The trail of an account's orders as it is written: whole, countable, and harmless to a spreadsheet."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from alpha_panda.cli.zerodha_export import _opened, _span, write_csv, write_lines
from alpha_panda.domain.calendar import IST
from alpha_panda.errors import InputError

AT = datetime(2026, 6, 2, 4, 30, tzinfo=UTC)
ORDER: dict[str, Any] = {
    "kind": "order",
    "order_id": UUID(int=1),
    "strategy": "=HYPERLINK(1)",
    "algo_id": "ALGO1",
    "tag": "TAG",
    "state": "FILLED",
    "claimed_at": AT,
    "asked": {"instrument_token": 7, "leg": "entry", "side": "BUY", "quantity": 10},
    "parts": {"260602000000001": {}, "260602000000002": {}},
    "reason": "-1",
}
STRATEGY = {"kind": "strategy", "name": "momentum", "spec": {"algoId": "ALGO1"}}


async def lines() -> AsyncIterator[dict[str, Any]]:
    for each in (STRATEGY, ORDER):
        yield each


def test_the_last_line_counts_the_others_and_has_their_digest() -> None:
    out = io.StringIO()
    assert asyncio.run(write_lines(lines(), out)) == 2
    *body, end = out.getvalue().splitlines(keepends=True)
    assert [json.loads(each)["kind"] for each in body] == ["strategy", "order"]
    digest = hashlib.sha256("".join(body).encode()).hexdigest()
    assert json.loads(end) == {"kind": "end", "lines": 2, "sha256": digest}


def test_a_row_of_the_csv_is_an_order_and_no_formula() -> None:
    out = io.StringIO()
    assert asyncio.run(write_csv(lines(), out)) == 1
    (row,) = csv.DictReader(io.StringIO(out.getvalue()))
    assert (row["tag"], row["algo_id"], row["quantity"]) == ("TAG", "ALGO1", "10")
    assert row["broker_order_ids"] == "260602000000001 260602000000002"
    assert (row["strategy"], row["reason"]) == ("'=HYPERLINK(1)", "-1")
    assert row["claimed_at"] == "2026-06-02T04:30:00+00:00"


def test_days_are_those_of_india_and_in_their_order() -> None:
    first, last = datetime(2026, 6, 1), datetime(2026, 6, 2)  # noqa: DTZ001 - as the option gives them
    span = _span(first, last)
    assert (span.since, span.until) == (datetime(2026, 6, 1, tzinfo=IST), datetime(2026, 6, 3, tzinfo=IST))
    assert (_span(None, last).until - _span(None, last).since).days == 5 * 366
    with pytest.raises(InputError, match="--since is not before --until"):
        _span(datetime(2026, 6, 4), last)  # noqa: DTZ001 - likewise


def test_a_trail_overwrites_nothing(tmp_path: Path) -> None:
    file = tmp_path / "trail.jsonl"
    file.write_text("kept")
    with pytest.raises(InputError, match="is there already"), _opened(file):
        pass
    assert file.read_text() == "kept"
