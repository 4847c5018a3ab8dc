"""History of Yahoo through the unmodified yfinance, which speaks TLS to a fake of Yahoo's chart API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.outside.shelves import MemoryShelf
from tests.support.yahoo import Yahoo
from yfinance.data import YfData

from alpha_panda.domain.calendar import IST, default_calendar
from alpha_panda.domain.instrument import Exchange, Instrument, Segment
from alpha_panda.downloads.fetch import TRIES, Download, Downloader
from alpha_panda.downloads.report import Fetched, lines
from alpha_panda.downloads.spans import sessions_of
from alpha_panda.downloads.yahoo import YahooHistory
from alpha_panda.errors import InputError
from alpha_panda.events.market import Timeframe
from alpha_panda.runtime.yahoo_settings import YahooSettings
from alpha_panda.yahoo.names import symbol_of

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CALENDAR = default_calendar()
SESSIONS = sessions_of(CALENDAR, (NOW - timedelta(days=9)).date(), NOW.date(), NOW)
OPEN = datetime(2026, 11, 20, 9, 15, tzinfo=IST)


def share(symbol: str, token: int = 1) -> Instrument:
    return Instrument(token=token, exchange=Exchange.NSE, symbol=symbol, tick_size_paise=5)


INFY = share("INFY")


class Asking:
    """A fake Yahoo and what was kept of it."""

    def __init__(self, yahoo: Yahoo, settings: Callable[..., YahooSettings]) -> None:
        self.yahoo = yahoo
        self.settings = settings
        self.shelf = MemoryShelf()

    async def fetch(self, *instruments: Instrument, timeframe: Timeframe = Timeframe.M1) -> tuple[Fetched, ...]:
        wanted = Download(instruments=instruments or (INFY,), timeframe=timeframe, sessions=SESSIONS)
        return await Downloader(YahooHistory(self.settings()), self.shelf, CALENDAR, lambda: NOW).fetch(wanted)

    def begin_anew(self) -> None:
        """Nothing is kept, neither by us nor by the client."""
        self.shelf = MemoryShelf()
        YfData.cache_get.cache_clear()


@pytest.fixture
def asking(served: tuple[Yahoo, Callable[..., YahooSettings]]) -> Asking:
    yahoo, settings = served
    yahoo.forget()
    return Asking(yahoo, settings)


async def test_minutes_of_sixty_symbols_come_in_pieces_of_seven_days(asking: Asking) -> None:
    shares = [share(f"MADEUP{index}", 1000 + index) for index in range(60)]
    for each in shares:
        asking.yahoo.minutes(f"{each.symbol}.NS", OPEN, [100.0, 101.0])
    found = await asking.fetch(*shares)
    assert [(each.new, each.questions, each.failed) for each in found] == [(2, 2, None)] * 60
    assert len(asking.shelf.bars) == 120
    assert all(len(each.missing) == len(SESSIONS) - 1 for each in found)


async def test_rows_without_prices_below_zero_or_out_of_session_are_refused_and_told(asking: Asking) -> None:
    at = int(OPEN.timestamp())
    asking.yahoo.candles["INFY.NS"] = [
        (at, 1500.0, 1501.0, 1499.0, 1500.05, 10),
        (at + 60, None, None, None, None, None),
        (at + 120, -5.0, 1501.0, -5.0, 1500.0, 10),
        (at + 180, 1500.0, 1501.0, 1499.0, 1500.0, -3),
        (at + 240 + 30, 1500.0, 1501.0, 1499.0, 1500.0, 3),
    ]
    (found,) = await asking.fetch()
    assert (found.new, found.refused) == (1, 4)
    said = " ".join(lines(found))
    assert "4 rows refused" in said
    assert "open nan is not a number" in said
    assert [bar.close_paise for bar in asking.shelf.bars.values()] == [150005]


async def test_a_symbol_in_the_time_of_another_country_is_refused(asking: Asking) -> None:
    asking.yahoo.minutes("INFY.NS", OPEN, [1500.0])
    asking.yahoo.zone = "America/New_York"
    (found,) = await asking.fetch()
    assert "America/New_York" in str(found.failed)
    assert asking.shelf.bars == {}


async def test_an_unknown_symbol_is_told_and_the_others_go_on(asking: Asking) -> None:
    asking.yahoo.minutes("INFY.NS", OPEN, [1500.0])
    unknown, known = await asking.fetch(share("NOSUCH", 2), INFY)
    assert "NOSUCH.NS" in str(unknown.failed)
    assert (known.new, known.failed) == (1, None)


async def test_being_asked_too_much_is_waited_for_with_growing_pauses_and_then_it_goes_on(asking: Asking) -> None:
    asking.yahoo.minutes("INFY.NS", OPEN, [1500.0])
    await asking.fetch()
    asking.begin_anew()
    asking.yahoo.too_many = 4
    (found,) = await asking.fetch()
    assert (found.new, found.failed, asking.yahoo.too_many) == (1, None, 0)


async def test_answers_that_cannot_be_read_end_after_a_bounded_number_of_questions(asking: Asking) -> None:
    asking.yahoo.minutes("INFY.NS", OPEN, [1500.0])
    await asking.fetch()
    asking.begin_anew()
    before = len(asking.yahoo.questions)
    asking.yahoo.broken = 10**6
    (found,) = await asking.fetch()
    assert "Yahoo gave no answer" in str(found.failed)
    assert len(asking.yahoo.questions) - before == TRIES


async def test_days_longer_ago_than_yahoo_goes_back_are_not_asked_for(asking: Asking) -> None:
    asking.yahoo.minutes("INFY.NS", OPEN, [1500.0])
    old = sessions_of(CALENDAR, NOW.date() - timedelta(days=90), NOW.date(), NOW)
    wanted = Download(instruments=(INFY,), timeframe=Timeframe.M1, sessions=old)
    (found,) = await Downloader(YahooHistory(asking.settings()), asking.shelf, CALENDAR, lambda: NOW).fetch(wanted)
    oldest = min(int(each["period1"]) for each in asking.yahoo.questions)
    assert NOW.timestamp() - oldest < timedelta(days=31).total_seconds()
    assert found.beyond == len([each for each in old if (NOW.date() - each.date).days > 29])


async def test_a_day_of_yahoo_is_the_session(asking: Asking) -> None:
    asking.yahoo.candles["INFY.NS"] = [(int(OPEN.timestamp()), 1500.0, 1510.0, 1490.0, 1505.0, 10**6)]
    (found,) = await asking.fetch(timeframe=Timeframe.D1)
    (bar,) = asking.shelf.bars.values()
    assert (found.new, bar.start, bar.close_paise) == (1, OPEN, 150500)


def test_yahoos_names_are_those_of_shares_and_indices_and_derivatives_have_none() -> None:
    index = Instrument(token=9, exchange=Exchange.NSE, symbol="NIFTY 50", segment=Segment.INDEX, tick_size_paise=5)
    future = Instrument(
        token=8, exchange=Exchange.NFO, symbol="NIFTY26NOVFUT", segment=Segment.FUTURES, tick_size_paise=5
    )
    assert [symbol_of(each) for each in (INFY, share("M&M"), index)] == ["INFY.NS", "M&M.NS", "^NSEI"]
    with pytest.raises(InputError, match="NFO:NIFTY26NOVFUT is not at Yahoo"):
        symbol_of(future)
