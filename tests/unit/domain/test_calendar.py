from datetime import UTC, date, datetime, timedelta

import pytest
from tests.support.market import DAY, at, session

from alpha_panda.domain.calendar import (
    HorizonError,
    default_calendar,
    parse_sessions,
    trading_date,
)

TABLE = "# horizon: 2024-01-01 to 2024-01-31\ndate,open,close\n2024-01-02,09:15,15:30\n2024-01-03,18:15,19:15\n"


def test_a_regular_session_is_from_nine_fifteen_to_half_past_three_in_india():
    assert session().open == datetime(2019, 7, 9, 3, 45, tzinfo=UTC)
    assert session().close == datetime(2019, 7, 9, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        (date(2015, 2, 28), "09:15", "15:30"),
        (date(2019, 10, 27), "18:15", "19:15"),
        (date(2021, 2, 24), "09:15", "17:00"),
        (date(2024, 1, 20), "09:15", "15:30"),
        (date(2024, 3, 2), "09:15", "12:30"),
        (date(2025, 10, 21), "13:45", "14:45"),
        (date(2026, 2, 1), "09:15", "15:30"),
    ],
)
def test_special_sessions_have_their_own_dates_and_hours(day: date, opens: str, closes: str):
    assert (session(day).open, session(day).close) == (at(opens, day), at(closes, day))


@pytest.mark.parametrize("day", [date(2024, 1, 22), date(2026, 1, 15), date(2019, 7, 13), date(2026, 11, 8)])
def test_holidays_weekends_and_unconfirmed_evenings_have_no_session(day: date):
    assert default_calendar().session_of(day) is None


def test_a_session_holds_its_open_and_not_its_close():
    calendar = default_calendar()
    assert calendar.session_at(session().open) == session()
    assert calendar.session_at(session().close - timedelta(microseconds=1)) == session()
    assert calendar.session_at(session().close) is None
    assert calendar.session_at(session().open - timedelta(microseconds=1)) is None


def test_the_next_session_opens_after_the_weekend():
    friday = session(date(2019, 7, 12))
    assert default_calendar().next_session_open(friday.open) == at("09:15", date(2019, 7, 15))
    assert default_calendar().next_session_open(friday.open - timedelta(seconds=1)) == friday.open


def test_the_previous_session_is_the_last_one_that_has_closed():
    calendar = default_calendar()
    monday = session(date(2019, 7, 15))
    assert calendar.previous_session(monday.close - timedelta(seconds=1)).date == date(2019, 7, 12)
    assert calendar.previous_session(monday.close) == monday


def test_outside_its_horizon_the_calendar_refuses_to_answer():
    calendar = parse_sessions(TABLE)
    late = datetime(2024, 2, 1, tzinfo=UTC)
    for ask in (calendar.session_at, calendar.next_session, calendar.previous_session):
        with pytest.raises(HorizonError) as raised:
            ask(late)
        assert "2024-02-01 is outside the session table, which covers 2024-01-01 to 2024-01-31" in str(raised.value)
        assert "generate_sessions.py" in (raised.value.remedy or "")
    with pytest.raises(HorizonError):
        calendar.session_of(date(2023, 12, 31))


def test_the_ends_of_the_table_have_no_next_or_previous_session():
    calendar = parse_sessions(TABLE)
    with pytest.raises(HorizonError, match="the session after 2024-01-04"):
        calendar.next_session_open(datetime(2024, 1, 4, tzinfo=UTC))
    with pytest.raises(HorizonError, match="the session before 2024-01-01"):
        calendar.previous_session(datetime(2024, 1, 1, tzinfo=UTC))


def test_a_trading_date_is_the_date_in_india():
    assert trading_date(datetime(2019, 7, 8, 20, 0, tzinfo=UTC)) == DAY


@pytest.mark.parametrize(
    "text",
    [TABLE.replace("date,open", "day,open"), TABLE + "2024-01-02,09:15,15:30\n"],
)
def test_a_broken_table_is_no_calendar(text: str):
    with pytest.raises(ValueError, match="session"):
        parse_sessions(text)


def test_the_shipped_table_is_in_order_and_covers_its_horizon():
    calendar = default_calendar()
    sessions = list(calendar)
    assert (calendar.first, calendar.last) == (date(2015, 1, 1), date(2026, 12, 31))
    assert len(sessions) == 2972
    assert all(one.open < one.close for one in sessions)
