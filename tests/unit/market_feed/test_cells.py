from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from tests.support.market import at

from alpha_panda.domain.calendar import IST
from alpha_panda.market_feed.sources import cells


@pytest.mark.parametrize(
    ("cell", "paise"),
    [
        ("95.05", 9505),
        (" 95.5 ", 9550),
        ("95", 9500),
        ("95.", 9500),
        ("95.0500", 9505),
        ("+95.05", 9505),
        ("9.505e1", 9505),
        ("0.05", 5),
        (95, 9500),
        (95.05, 9505),
        (0.1 + 0.2, 30),
        (Decimal("95.05"), 9505),
        ("10000000000", 10**12),
    ],
)
def test_rupees_become_whole_paise(cell: object, paise: int):
    assert cells.price_paise("close", cell) == paise


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "close is empty"),
        (None, "close is empty"),
        ("NaN", "close NaN is not a number"),
        (float("nan"), "close nan is not a number"),
        ("inf", "close inf is not a number"),
        ("abc", "close abc is not a number"),
        ("1,000.00", "close 1,000.00 is not a number"),
        ("1_000", "close 1_000 is not a number"),
        (True, "close True is not a number"),
        ("0", "close 0 is not above 0"),
        ("-95.05", "close -95.05 is not above 0"),
        (-95.05, "close -95.05 is not above 0"),
        ("95.005", "close 95.005 has more than two decimals"),
        (95.005, "close 95.005 has more than two decimals"),
        ("10000000000.01", "close 10000000000.01 is above 10000000000"),
    ],
)
def test_what_is_no_price_is_refused_with_its_reason(cell: object, reason: str):
    with pytest.raises(cells.UnusableCellError) as raised:
        cells.price_paise("close", cell)
    assert str(raised.value) == reason


@pytest.mark.parametrize(("cell", "shares"), [("100", 100), ("100.0", 100), (100.0, 100), ("0", 0), (7, 7)])
def test_a_volume_is_whole_shares(cell: object, shares: int):
    assert cells.volume("volume", cell) == shares


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "volume is empty"),
        ("1.5", "volume 1.5 is not a whole number"),
        ("-1", "volume -1 is below 0"),
        ("nan", "volume nan is not a number"),
        ("1e16", "volume 1e16 is above 1000000000000000"),
    ],
)
def test_what_is_no_volume_is_refused_with_its_reason(cell: object, reason: str):
    with pytest.raises(cells.UnusableCellError) as raised:
        cells.volume("volume", cell)
    assert str(raised.value) == reason


@pytest.mark.parametrize(
    "cell",
    [
        "2019-07-09T09:15:00+05:30",
        "2019-07-09 03:45:00Z",
        "2019-07-08T23:45:00-04:00",
        datetime(2019, 7, 9, 3, 45, tzinfo=UTC),
        datetime(2019, 7, 9, 9, 15, tzinfo=ZoneInfo("Asia/Kolkata")),
    ],
)
def test_an_offset_from_utc_counts(cell: object):
    assert cells.moment("timestamp", cell, IST) == (at("09:15"), False)


def test_a_time_without_an_offset_is_of_the_stated_zone():
    assert cells.moment("timestamp", "2019-07-09 09:15", IST) == (at("09:15"), True)
    assert cells.moment("timestamp", datetime(2019, 7, 9, 9, 15), IST) == (at("09:15"), True)  # noqa: DTZ001
    utc = cells.moment("timestamp", "2019-07-09 09:15", UTC)
    assert utc == (at("09:15") + timedelta(hours=5, minutes=30), True)
    assert cells.moment("date", date(2019, 7, 9), IST) == (at("00:00"), True)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "timestamp '' is not a time such as 2019-07-09T09:15:00+05:30"),
        (None, "timestamp is empty"),
        ("09-07-2019 09:15", "timestamp 09-07-2019 09:15 is not a time such as 2019-07-09T09:15:00+05:30"),
        ("1562643900000", "timestamp 1562643900000 is a number; allowed: a time such as 2019-07-09T09:15:00+05:30"),
        (1562643900, "timestamp 1562643900 is a number; allowed: a time such as 2019-07-09T09:15:00+05:30"),
        ("0001-01-01T00:00:00", "timestamp 0001-01-01T00:00:00 is not a time that can be converted to UTC"),
    ],
)
def test_what_is_no_time_is_refused_with_its_reason(cell: object, reason: str):
    with pytest.raises(cells.UnusableCellError) as raised:
        cells.moment("timestamp", cell, IST)
    assert str(raised.value) == reason
