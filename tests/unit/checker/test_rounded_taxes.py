"""The checker reckons the whole rupees of a closed day's tax itself, and finds an account that does not."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from tests.support.logged_run import MINUTES, Run, changed
from tests.support.trading import BROKER, moment

from alpha_panda.checker.check import check
from alpha_panda.checker.model import Finding, Log, Verdict
from alpha_panda.checker.reading import Facts
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.topics import ORDERS_FILLED, PNL_SNAPSHOTS


@functools.cache
def closed_day() -> Log:
    """The small day, with the portfolio told that its session is over."""
    run = Run()
    for number in range(1, MINUTES + 1):
        run.turn(number)
    run.writer.write(f"{BROKER}.portfolio", run.portfolio.on_watermark(moment("15:30:00")), MINUTES)
    return run.log


def findings(log: Log) -> dict[str, Finding]:
    return {finding.invariant: finding for finding in check(Facts(log))}


def shifted(name: str, by: int) -> Any:  # noqa: ANN401 — a change of JSON
    def change(value: dict[str, Any]) -> None:
        value["data"][name] += by

    return change


def test_a_closed_day_in_whole_rupees_holds():
    said = max(Facts(closed_day()).of(PnlSnapshot, BROKER), key=lambda pair: pair[0].record.offset)[1]
    assert said.stt_rounding_paise != 0
    found = findings(closed_day())
    assert {found[name].verdict for name in ("accounting", "ledger", "positions", "unique_ids")} == {Verdict.PASS}


@pytest.mark.parametrize("name", ["stt_rounding_paise", "charges_paise", "cash_paise"])
def test_a_rounding_that_is_another_is_found(name: str):
    found = findings(changed(closed_day(), PNL_SNAPSHOTS, -1, shifted(name, 1)))
    assert found["accounting"].verdict is Verdict.FAIL


def test_books_without_the_rounding_are_found():
    log = closed_day()
    log.ledger[BROKER]["charge:stt"] += 1
    log.ledger[BROKER]["cash"] -= 1
    try:
        assert findings(log)["ledger"].verdict is Verdict.FAIL
    finally:
        log.ledger[BROKER]["charge:stt"] -= 1
        log.ledger[BROKER]["cash"] += 1


def test_a_tax_that_was_charged_differently_is_found():
    def change(value: dict[str, Any]) -> None:
        value["data"]["charges"]["stt_paise"] += 100

    assert findings(changed(closed_day(), ORDERS_FILLED, -1, change))["accounting"].verdict is Verdict.FAIL
