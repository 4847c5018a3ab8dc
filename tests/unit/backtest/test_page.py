"""The page of a backtest: complete, readable without a network, and safe to open."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alpha_panda.backtest.page import page
from alpha_panda.backtest.page.scales import MarketTime, round_ticks, thinned
from alpha_panda.backtest.report import account_reports
from alpha_panda.backtest.run import Result, Selection, run_backtest
from alpha_panda.backtest.setup import make_setup
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments

EXAMPLES = Path(__file__).parents[3] / "examples"
VOID = {"meta", "br", "link"}


class Reader(HTMLParser):
    """Counts elements and keeps their attributes; an end without its beginning is a mistake."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] += 1
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] += 1
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def result() -> Result:
    setup = make_setup([each.resource for each in read_resources([str(EXAMPLES)])])
    return run_backtest(setup, Selection(path=EXAMPLES / "market"), load_instruments(None))


def test_the_page_shows_every_curve_table_and_trade(result: Result):
    accounts = account_reports(result)
    text = page(accounts, result)
    read = Reader(text)
    assert read.counts["svg"] == 4
    for title in ("Equity", "Drawdown", "Monthly returns", "Trades by result in R", "Rejected signals", "Trades"):
        assert title in read.text
    markers = [value for name, value in read.attributes if name == "class" and (value or "").startswith("marker")]
    assert len(markers) == 2 * len(accounts[0].trades)
    stops = [value for name, value in read.attributes if (name, value) == ("class", "stop")]
    assert len(stops) == len(accounts[0].trades)
    for trade in accounts[0].trades:
        assert trade.exit_reason in text.replace("&#x27;", "'")


def test_the_page_loads_nothing_and_runs_nothing(result: Result):
    text = page(account_reports(result), result)
    read = Reader(text)
    assert not {"script", "link", "iframe", "img", "object"} & set(read.counts)
    assert not {"src", "href", "onload", "onclick"} & {name for name, _ in read.attributes}
    assert not re.search(r"url\(|@import|https?:", text)


def test_what_a_strategy_says_is_text_and_no_markup(result: Result):
    (account,) = account_reports(result)
    evil: Any = [msgspec.structs.replace(each, exit_reason="<script>alert(1)</script>") for each in account.trades]
    text = page([msgspec.structs.replace(account, trades=tuple(evil))], result)
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_problems_of_the_data_are_on_the_page(result: Result):
    assert "<li>a.csv:3: open &lt;0&gt;</li>" in page(account_reports(result), result, problems=["a.csv:3: open <0>"])


def test_a_run_without_trades_has_a_page(result: Result):
    (account,) = account_reports(result)
    bare = msgspec.structs.replace(account, trades=(), rejections=(), equity=account.equity[:1])
    assert Reader(page([bare], result)).counts["svg"] == 2


def test_nights_take_no_room_on_the_time_scale():
    calendar = default_calendar()
    sessions = [calendar.session_of(date(2026, 6, day)) for day in (2, 3)]
    first, second = (each for each in sessions if each is not None)
    scale = MarketTime([first, second])
    assert scale.share(first.open) == 0
    assert scale.share(first.close) == scale.share(second.open) == scale.share(first.close + timedelta(hours=5)) == 0.5
    assert scale.share(second.close) == scale.share(datetime.fromisoformat("2027-01-01T00:00:00+00:00")) == 1


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (-3, 0, [-3, -2.5, -2, -1.5, -1, -0.5, 0]), (5, 5, [5, 6])],
)
def test_ticks_are_round_and_hold_the_values(low: float, high: float, ticks: list[float]):
    found = round_ticks(low, high)
    assert found[0] <= low
    assert found[-1] >= high
    assert len(found) > 1
    if low != high:
        assert found == pytest.approx(ticks)


def test_thinning_keeps_the_extremes_and_the_ends():
    points = [(index / 10_000, float((index * 7919) % 1000)) for index in range(10_000)]
    points[5_003] = (0.5003, -50.0)
    kept = thinned(points, 100)
    assert len(kept) <= 400
    assert {points[0], points[-1], points[5_003]} <= set(kept)
    assert kept == sorted(kept)
