"""A book that is looked at each second is understood row by row, and only what has changed is read again."""

from __future__ import annotations

from typing import Any

from alpha_panda.zerodha_trading.reports import OrderReport, Reader, order_report


def row(name: str, **changes: object) -> dict[str, Any]:
    return {
        "order_id": name,
        "status": "OPEN",
        "quantity": 10,
        "filled_quantity": 0,
        "exchange": "NSE",
        "tradingsymbol": "YESBANK",
        "instrument_token": 3050241,
        "transaction_type": "BUY",
        "product": "MIS",
        **changes,
    }


def test_only_rows_that_changed_are_read_again_and_all_are_told() -> None:
    read: list[object] = []

    def reads(data: object) -> OrderReport:
        read.append(data)
        return order_report(data)

    reader = Reader(reads, "order_id")
    first = reader.understood([row("1"), row("2")], [])
    again = reader.understood([row("1"), row("2", filled_quantity=4), row("3")], [])
    assert [each.part.filled for each in again] == [0, 4, 0]
    assert again[0] == first[0]
    assert read == [row("1"), row("2"), row("2", filled_quantity=4), row("3")]


def test_rows_that_make_no_sense_are_told_of_at_every_look_and_hide_no_other() -> None:
    reader = Reader(order_report, "order_id")
    for _ in range(2):
        said: list[str] = []
        found = reader.understood([row("1", quantity=-1), "nonsense", {"order_id": ["1"]}, row("2")], said)
        assert [each.part.broker_order_id for each in found] == ["2"]
        assert len(said) == len(("-1", "a text", "a list"))


def test_a_row_that_was_sensible_and_is_no_longer_is_not_answered_from_memory() -> None:
    reader, said = Reader(order_report, "order_id"), list[str]()
    reader.understood([row("1")], said)
    assert reader.understood([row("1", status=None)], said) == []
    assert len(said) == 1
