"""What the real Kite Connect says is what we take it to say: market data and margins, never an order.

`make test-kite` runs these; nothing else does.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from kiteconnect import KiteConnect
from tests.kite.conftest import OrderAttemptedError
from tests.support.waiting import until

from alpha_panda.domain.calendar import default_calendar, trading_date
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.raw_bars import check
from alpha_panda.downloads.kite import KiteHistory
from alpha_panda.events.market import Timeframe
from alpha_panda.market_feed.sources.kite.edges import read_instruments
from alpha_panda.market_feed.sources.kite.master import Master
from alpha_panda.market_feed.sources.kite.packets import Packet, decode
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.zerodha.session import Session
from alpha_panda.zerodha.ticker import TickerLine

pytestmark = [pytest.mark.kite, pytest.mark.timeout(180)]
INFY = load_instruments().require_name("NSE", "INFY")
ORDER = {
    "exchange": "NSE",
    "tradingsymbol": "INFY",
    "transaction_type": "BUY",
    "variety": "regular",
    "product": "MIS",
    "order_type": "LIMIT",
    "quantity": 1,
    "price": 1500.0,
}


def test_the_wall_lets_no_order_pass(kite: KiteConnect) -> None:
    with pytest.raises(OrderAttemptedError):
        kite.place_order(validity="DAY", **ORDER)
    with pytest.raises(OrderAttemptedError):
        kite.cancel_order("regular", "1")


def test_the_login_is_good(kite: KiteConnect) -> None:
    assert kite.profile()["user_id"]


def test_our_instruments_are_listed_as_we_know_them(settings: ZerodhaSettings, session: Session) -> None:
    master = Master(read_instruments(settings, session), trading_date(datetime.now(UTC)))
    assert len(master) > 0
    assert master.faults([INFY]) == {}


def test_a_quote_has_what_orders_are_held_to(kite: KiteConnect) -> None:
    quote: dict[str, Any] = kite.quote([INFY.name])[INFY.name]
    assert quote["instrument_token"] == INFY.token
    assert 0 < quote["lower_circuit_limit"] < quote["last_price"] < quote["upper_circuit_limit"]


def test_the_last_session_is_there_in_minutes_none_of_which_is_refused(
    settings: ZerodhaSettings, session: Session
) -> None:
    calendar, now = default_calendar(), datetime.now(UTC)
    day: date = calendar.previous_session(now).date
    rows = KiteHistory(settings, session).ask(INFY, Timeframe.M1, day, day)
    found = check(rows, INFY.token, Timeframe.M1, calendar, now + timedelta(minutes=1))
    assert found.refused == ()
    assert len(found.bars) == len(rows) - found.unfinished


def test_the_ticker_says_something_that_can_be_read(settings: ZerodhaSettings, session: Session) -> None:
    frames: list[bytes] = []
    line = TickerLine(settings, session, frames.append)
    line.subscribe((INFY.token,))
    line.open()
    try:
        until(lambda: line.connected or line.ended, "the ticker is connected", 60)
        assert (line.connected, line.refused) == (True, False), line.ended
        opened = time.monotonic()
        until(lambda: frames or line.heard_at > opened, "a heartbeat or a packet comes", 60)
    finally:
        line.close()
    packets: list[Packet] = [each for frame in frames for each in decode(frame)]
    assert {each.token for each in packets} <= {INFY.token}
    assert all(each.price_paise > 0 for each in packets)


def test_the_account_has_margins(kite: KiteConnect) -> None:
    margins = kite.margins("equity")
    assert {"net", "available", "utilised"} <= margins.keys()


def test_what_an_order_would_take_is_told(kite: KiteConnect) -> None:
    (margin,) = kite.order_margins([{**ORDER, "trigger_price": 0}])
    assert margin["total"] > 0
