"""What the data have before the first day warms up indicators: nothing is wanted of it, and nothing traded."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from tests.property.test_minutes_property import Kept

from alpha_panda.backtest.data import bar_days, of_days
from alpha_panda.backtest.engine import Engine
from alpha_panda.backtest.minutes import MinuteEngine
from alpha_panda.backtest.parity import compare
from alpha_panda.backtest.run import Result, Selection, run_backtest, source_of
from alpha_panda.backtest.setup import Setup, make_setup
from alpha_panda.backtest.warm_up import warm_up
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.domain.calendar import default_calendar, trading_date
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.market import Timeframe
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.signals import SignalRaised

EXAMPLES = Path(__file__).parents[3] / "examples"
DAYS = Path(__file__).parents[2] / "fixtures" / "market" / "yesbank"
SECOND = date(2019, 7, 10)
TABLE, CALENDAR = load_instruments(None), default_calendar()


@pytest.fixture(scope="module")
def setup() -> Setup:
    return make_setup([each.resource for each in read_resources([str(EXAMPLES)])])


def trade(setup: Setup, path: Path, first: date | None) -> Result:
    return run_backtest(setup, Selection(path=path, first=first, last=SECOND), TABLE)


def raised(setup: Setup, first: date | None) -> list[tuple[str, datetime]]:
    source, kept = source_of(Selection(path=DAYS), TABLE, CALENDAR), Kept(Timeframe.M15)
    engine = MinuteEngine(setup.names, setup.configured(), TABLE, CALENDAR)
    if first is not None:
        warm_up(engine.runner, source, first, CALENDAR)
    engine.run(bar_days(source.bar_days(), first, SECOND), kept)
    return [(each.id, each.event_time) for each in kept.events if isinstance(each.data, SignalRaised)]


def test_indicators_know_the_day_before_the_first_and_nothing_is_traded_there(setup: Setup):
    result = trade(setup, DAYS, SECOND)
    warmed = result.warm_up
    assert warmed is not None
    assert (warmed.first, warmed.sessions) == (date(2019, 7, 9), 1)
    assert warmed.warm == warmed.instances > 0
    assert result.sessions[0].date == SECOND


def test_with_the_day_before_strategies_want_what_they_want_in_a_run_of_both_days(setup: Setup):
    """They stand flat overnight, so nothing but their indicators comes from the day before."""
    both, warmed = raised(setup, None), raised(setup, SECOND)
    assert warmed == [each for each in both if trading_date(each[1]) == SECOND] != []


def test_both_engines_are_warmed_up_alike(setup: Setup):
    source = source_of(Selection(path=DAYS), TABLE, CALENDAR)
    whole, quick = Kept(Timeframe.M15), Kept(Timeframe.M15)
    one = Engine(setup.names, setup.configured(), TABLE, CALENDAR)
    other = MinuteEngine(setup.names, setup.configured(), TABLE, CALENDAR)
    assert warm_up(one.runner, source, SECOND, CALENDAR) == warm_up(other.runner, source, SECOND, CALENDAR) is not None
    one.run(of_days(source.epochs(), SECOND, None), whole.record)
    other.run(bar_days(source.bar_days(), SECOND, None), quick)
    kept = [[each for each in side.events if not isinstance(each.data, PnlSnapshot)] for side in (whole, quick)]
    assert compare(*kept).agrees


def test_without_earlier_days_indicators_begin_cold_and_that_is_said(setup: Setup):
    warmed = trade(setup, EXAMPLES / "market", date(2019, 7, 9)).warm_up
    assert warmed is not None
    assert warmed.says.startswith("indicators begin cold: there are no data before the first day; 0 of ")
