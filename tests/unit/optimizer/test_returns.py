"""Daily returns stand side by side, from closes or from a backtest's report; what says nothing is refused."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.support.strategy_bars import days

from alpha_panda.optimizer.returns import LEAST_DAYS, ReturnsError, daily_closes, of_closes, of_report

FIRST = date(2026, 1, 1)


def walk(step: int, count: int = LEAST_DAYS + 1) -> dict[date, int]:
    """A price that goes up and down by so many paise, a little more each time."""
    return {FIRST + timedelta(days=n): 10_000 + (n % 2) * step + n for n in range(count)}


def report(*trades: tuple[str, int, int], brokers: tuple[str, ...] = ("paper",), count: int = LEAST_DAYS) -> bytes:
    """A backtest's report with trades of a strategy, on the day of that number, with that result."""
    account: dict[str, Any] = {
        "trades": [
            {
                "strategy": name,
                "left_at": (datetime(2026, 1, 1, 5, tzinfo=UTC) + timedelta(days=day)).isoformat(),
                "net_paise": net,
                "quantity": 1,
            }
            for name, day, net in trades
        ],
        "closes": [[(FIRST + timedelta(days=n)).isoformat(), 5_000_000] for n in range(count)],
    }
    accounts = [{**account, "summary": {"broker": name, "start_paise": 5_000_000}} for name in brokers]
    return json.dumps({"accounts": accounts, "data": {}}).encode()


def test_a_days_return_is_close_over_close():
    bars = days()[:70]
    found = of_closes({"B": daily_closes(bars), "A": daily_closes(days("TATASTEEL")[:70])})
    assert found.names == ("A", "B")
    assert found.rows[0][1] == bars[1].close_paise / bars[0].close_paise - 1
    assert len(found.rows) == len(found.days) == 69


def test_only_days_that_all_have_count():
    late = dict(list(walk(30, 80).items())[10:])
    found = of_closes({"A": walk(20, 80), "B": late})
    assert found.days[0] == FIRST + timedelta(days=11)
    assert len(found.rows) == 69
    assert found.notes == ("10 days are left out, since not all have them; B has 70",)


def test_a_jump_like_a_splits_is_told():
    split = {day: price // (5 if day > FIRST + timedelta(days=30) else 1) for day, price in walk(20).items()}
    (note,) = of_closes({"A": walk(30), "B": split}).notes
    assert note.startswith("B: 2026-02-01 closes at 0.2 times")


def test_a_strategys_return_is_what_its_trades_of_the_day_made():
    found = of_report(report(("one", 0, 50_000), ("one", 0, -10_000), ("two", 3, -25_000)))
    assert found.names == ("one", "two")
    assert found.rows[0] == pytest.approx((0.008, 0))
    assert found.rows[3] == pytest.approx((0, -0.005))
    assert len(found.rows) == LEAST_DAYS


def test_strategies_of_several_accounts_are_told_apart():
    found = of_report(report(("one", 0, 50_000), brokers=("a", "b")))
    assert found.names == ("a/one", "b/one")


@pytest.mark.parametrize(
    ("closes", "told"),
    [
        ({}, "there are 0 instruments|there is no instrument"),
        ({"A": walk(20)}, "only A is there to give capital to"),
        ({str(n): walk(20 + n) for n in range(101)}, "there are 101 instruments"),
        ({"A": walk(20), "B": walk(30, LEAST_DAYS)}, "A, B: 59 daily returns in common; 60 are needed"),
        ({"A": walk(20), "B": dict.fromkeys(walk(20), 100)}, "B never moves: it has no risk that could be measured"),
    ],
)
def test_closes_that_say_nothing_are_refused(closes: dict[str, dict[date, int]], told: str):
    with pytest.raises(ReturnsError, match=told) as caught:
        of_closes(closes)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (b"{", "the report cannot be read"),
        (b'{"accounts": 3}', r"the report cannot be read: .*accounts"),
        (report(), "the report has no trades"),
        (report(("one", 0, 5)), "only one is there to give capital to"),
        (report(("one", 0, 5), ("two", 1, 5), count=20), "20 daily returns in common; 60 are needed"),
        (report(("one", 0, 5), ("two", 1, 0)), "two never moves"),
    ],
)
def test_reports_that_say_nothing_are_refused(document: bytes, told: str):
    with pytest.raises(ReturnsError, match=told) as caught:
        of_report(document)
    assert caught.value.remedy
