from datetime import date
from pathlib import Path

import pytest
from tests.support.market import RELIANCE, YESBANK, at, session
from tests.unit.market_feed.replays import BARS, bar_line, good_bars, replay, ticks_of, write

from alpha_panda.domain.bars import BarBuilder
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.events.market import Timeframe

MARKET = Path("tests/fixtures/market")


def test_a_bar_file_becomes_an_epoch_a_minute_the_close_and_the_final_one(tmp_path: Path):
    source = replay(write(tmp_path, good_bars(2)))
    found = list(source.epochs())
    assert [(each.number, each.watermark, len(each.ticks), each.final) for each in found] == [
        (1, at("09:16"), 4, False),
        (2, at("09:17"), 4, False),
        (3, session().close, 0, False),
        (4, session().close, 0, True),
    ]
    assert [tick.sequence for tick in ticks_of(found)] == list(range(1, 9))
    assert source.description.endswith("1-minute bars of 1 instrument, 2019-07-09")
    assert [each.name for each in source.instruments] == ["NSE:YESBANK"]


def test_the_epochs_are_the_same_each_time_they_are_asked_for(tmp_path: Path):
    source = replay(write(tmp_path, good_bars(5) + bar_line("09:15", "1,2,1,nan")))
    first, rejected = list(source.epochs()), source.drain_rejected()
    report = source.report
    assert list(source.epochs()) == first
    assert source.drain_rejected() == rejected
    assert source.report == report
    assert source.drain_rejected() == ()


def test_three_real_days_are_rebuilt_bar_by_bar():
    source = replay(MARKET / "yesbank")
    builder = BarBuilder(default_calendar())
    bars = []
    for batch in source.epochs():
        for tick in batch.ticks:
            assert builder.take(tick) is None
        bars += builder.advance(batch.watermark)
    minutes = [bar.data for bar in bars if bar.data.timeframe is Timeframe.M1]
    assert len(minutes) == 1125
    assert (minutes[0].open_paise, minutes[0].high_paise, minutes[0].low_paise, minutes[0].close_paise) == (
        9500,
        9500,
        9390,
        9485,
    )
    assert [bar.data.volume for bar in bars if bar.data.timeframe is Timeframe.D1] == [
        sum(minute.volume for minute in minutes[day * 375 : day * 375 + 375]) for day in range(3)
    ]
    assert source.report.lines() == [
        "1130 rows of 1 file gave 4500 ticks",
        "5 rows outside the session left out",
    ]


def test_files_of_many_instruments_are_merged_by_time():
    source = replay(MARKET / "many")
    found = list(source.epochs())
    assert len(source.instruments) == 11
    assert [len(batch.ticks) for batch in found] == [44] * 375 + [0]
    for batch in found:
        order = [(tick.event_time, tick.data.instrument_token) for tick in batch.ticks]
        assert order == sorted(order)
    assert source.report.ticks == 375 * 11 * 4


def test_one_file_may_hold_many_instruments(tmp_path: Path):
    text = "Symbol,Exchange,Date Time\n".replace("Date Time", "DateTime, Open ,HIGH,Low,Close,Volume")
    text += "".join(
        f"{symbol},NSE,2019-07-09 09:1{minute},95,96,94,95,10\n"
        for minute in (5, 6)
        for symbol in ("YESBANK", "Reliance")
    )
    source = replay(write(tmp_path, text, "whole-market.csv"))
    assert {tick.data.instrument_token for tick in ticks_of(list(source.epochs()))} == {YESBANK, RELIANCE}
    assert source.report.naive_times == 4
    assert "4 times without an offset from UTC, taken as IST" in source.report.lines()


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\n\n").encode(),
        lambda text: text.upper().replace("VOLUME", " Volume ").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: text.replace("95,96", '"95","96"').encode(),
    ],
    ids=["byte order mark", "CRLF", "blank lines", "capitals and spaces", "no last line end", "quotes"],
)
def test_the_way_a_file_is_written_makes_no_difference(tmp_path: Path, encode):  # noqa: ANN001
    plain = replay(write(tmp_path, good_bars())).epochs()
    other = replay(write(tmp_path / "other", encode(good_bars()))).epochs()
    assert list(other) == list(plain)


@pytest.mark.parametrize(("offset", "shift"), [("Z", "03:4"), ("+00:00", "03:4"), ("+09:00", "12:4")])
def test_times_of_any_offset_are_the_same_moments(tmp_path: Path, offset: str, shift: str):
    plain = BARS + bar_line("09:15") + bar_line("09:16")
    moved = BARS + bar_line(f"{shift}5", offset=offset) + bar_line(f"{shift}6", offset=offset)
    assert list(replay(write(tmp_path, moved)).epochs()) == list(replay(write(tmp_path / "plain", plain)).epochs())


def test_times_without_an_offset_are_of_the_zone_that_is_stated(tmp_path: Path):
    naive = BARS + bar_line("03:45", offset="") + bar_line("03:46", offset="")
    source = replay(write(tmp_path, naive), timezone="UTC")
    assert list(source.epochs()) == list(replay(write(tmp_path / "plain", good_bars(2))).epochs())
    assert "2 times without an offset from UTC, taken as UTC" in source.report.lines()


def test_rows_out_of_order_are_sorted_and_counted(tmp_path: Path):
    lines = [bar_line(f"09:{minute}") for minute in (15, 17, 16, 18)]
    source = replay(write(tmp_path, BARS + "".join(lines)))
    assert list(source.epochs()) == list(replay(write(tmp_path / "plain", good_bars(4))).epochs())
    assert "1 row out of order, sorted" in source.report.lines()


def test_days_out_of_order_are_sorted_and_counted(tmp_path: Path):
    second = good_bars().removeprefix(BARS).replace("07-09", "07-10")
    first = good_bars().removeprefix(BARS)
    source = replay(write(tmp_path, BARS + second + first))
    assert list(source.epochs()) == list(replay(write(tmp_path / "plain", BARS + first + second)).epochs())
    assert source.report.out_of_order == 3


def test_repeated_rows_are_left_out_and_counted_whatever_file_they_are_in(tmp_path: Path):
    write(tmp_path, good_bars() + bar_line("09:15"))
    write(tmp_path, good_bars(2), "copy/YESBANK.csv")
    source = replay(tmp_path)
    assert len(ticks_of(list(source.epochs()))) == 12
    assert "3 repeated rows left out" in source.report.lines()


def test_of_two_rows_for_one_bar_the_first_stands_and_the_second_is_set_aside(tmp_path: Path):
    path = write(tmp_path, good_bars() + bar_line("09:15", "95,99,94,95.5"))
    source = replay(path)
    assert max(tick.data.price_paise for tick in ticks_of(list(source.epochs()))) == 9600
    (rejected,) = source.drain_rejected()
    assert (rejected.line, rejected.raw) == (5, "2019-07-09T09:15:00+05:30,95,99,94,95.5,100")
    assert rejected.reason == f"{path}:2 gives the bar of 09:15 IST other numbers and stands"


def test_gaps_are_counted_by_instrument_and_make_no_epochs(tmp_path: Path):
    source = replay(write(tmp_path, BARS + bar_line("09:15") + bar_line("09:16") + bar_line("09:20")))
    assert [each.watermark for each in source.epochs()][:3] == [at("09:16"), at("09:17"), at("09:21")]
    assert source.report.missing_bars == {"NSE:YESBANK": 372}
    assert "372 bars missing (NSE:YESBANK)" in source.report.lines()


def test_rows_outside_the_session_are_left_out_and_counted(tmp_path: Path):
    source = replay(write(tmp_path, good_bars() + bar_line("15:30") + bar_line("09:14")))
    assert len(ticks_of(list(source.epochs()))) == 12
    assert source.report.outside_session == 2
    assert source.drain_rejected() == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (bar_line("09:18", "nan,96,94,95"), "open nan is not a number"),
        (bar_line("09:18", "95,96,-94,95"), "low -94 is not above 0"),
        (bar_line("09:18", "95,96,0,95"), "low 0 is not above 0"),
        (bar_line("09:18", "95,94,96,95"), "high is below low: open 95.00, high 94.00, low 96.00, close 95.00"),
        (bar_line("09:18", "99,96,94,95"), "open or close is outside low to high: open 99.00, high 96.00, "),
        (bar_line("09:18", volume="-5"), "volume -5 is below 0"),
        (bar_line("09:18", volume=""), "volume is empty"),
        ("yesterday,95,96,94,95,1\n", "timestamp yesterday is not a time such as 2019-07-09T09:15:00+05:30"),
        ("1562643900000,95,96,94,95,1\n", "timestamp 1562643900000 is a number; allowed: a time such as "),
        ("2019-07-09T09:18:30+05:30,95,96,94,95,1\n", "09:18:30 IST is not where a 1-minute bar begins, counted from"),
        ("2009-07-09T09:18:00+05:30,95,96,94,95,1\n", "2009-07-09 is outside the session table, which covers "),
        ("2019-07-09T09:18:00+05:30,95,96\n", "3 cells where the header has 6"),
        ("\n", ""),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason_and_the_day_goes_on(tmp_path: Path, line: str, reason: str):
    rest = "".join(bar_line(f"09:{minute}") for minute in range(20, 29))
    path = write(tmp_path, good_bars() + line + rest)
    source = replay(path)
    assert len(ticks_of(list(source.epochs()))) == 48
    rejected = source.drain_rejected()
    if not reason:
        assert rejected == ()
        return
    (row,) = rejected
    assert row.reason.startswith(reason)
    assert (row.file, row.line, row.raw) == (str(path), 5, line.rstrip("\n"))
    assert str(row) == f"{path}:5: {row.reason}"
    assert source.report.rejected == 1


def test_a_row_that_is_no_utf8_is_set_aside_as_what_it_is(tmp_path: Path):
    source = replay(write(tmp_path, good_bars().encode() + b"2019-07-09T09:18:00+05:30,\xff,1,1,1,1\n"))
    list(source.epochs())
    (row,) = source.drain_rejected()
    assert row.raw == "2019-07-09T09:18:00+05:30,\\xff,1,1,1,1"


def test_a_row_of_an_unknown_instrument_in_a_mixed_file_is_set_aside(tmp_path: Path):
    lines = [f"{symbol},{line}" for symbol in ("YESBANK", "NOSUCH") for line in good_bars().splitlines()[1:]]
    source = replay(write(tmp_path, "symbol," + BARS + "\n".join(lines), "mixed.csv"))
    assert len(ticks_of(list(source.epochs()))) == 12
    reasons = {row.reason for row in source.drain_rejected()}
    assert reasons == {"NSE:NOSUCH is not in the instrument table alpha_panda/domain/data/instruments.csv"}


def test_longer_bars_are_recognised_and_speak_over_their_length(tmp_path: Path):
    source = replay(write(tmp_path, BARS + bar_line("09:15") + bar_line("10:15") + bar_line("15:15")))
    found = list(source.epochs())
    assert [each.watermark for each in found] == [at("10:15"), at("11:15"), at("15:30"), at("15:30")]
    assert [tick.event_time for tick in found[0].ticks] == [at(c) for c in ("09:16", "09:35", "09:55", "10:14")]
    assert found[2].ticks[-1].event_time == at("15:29:45")


@pytest.mark.parametrize("midnight", ["T00:00:00+05:30", "T00:00:00+00:00", ""], ids=["India", "UTC", "date"])
def test_a_daily_bar_speaks_over_its_session_and_is_rebuilt(tmp_path: Path, midnight: str):
    lines = f"2019-07-09{midnight},95,97,90,96,4001\n2019-07-10{midnight},96,99,95,97,100\n"
    source = replay(write(tmp_path, BARS + lines))
    builder, bars = BarBuilder(default_calendar()), []
    for batch in source.epochs():
        for tick in batch.ticks:
            assert builder.take(tick) is None
        bars += builder.advance(batch.watermark)
    days = [bar.data for bar in bars if bar.data.timeframe is Timeframe.D1]
    assert [(each.start, each.end) for each in days] == [
        (session(day).open, session(day).close) for day in (date(2019, 7, 9), date(2019, 7, 10))
    ]
    first = days[0]
    assert (first.open_paise, first.high_paise, first.low_paise, first.close_paise) == (9500, 9700, 9000, 9600)
    assert first.volume == 4001
    assert source.description.endswith("daily bars of 1 instrument, 2019-07-09 to 2019-07-10")


def test_a_stated_interval_serves_where_none_can_be_told(tmp_path: Path):
    source = replay(write(tmp_path, BARS + bar_line("09:15")), interval_minutes=5)
    assert next(source.epochs()).watermark == at("09:20")


def test_only_one_day_is_read_ahead(tmp_path: Path):
    later = good_bars().removeprefix(BARS).replace("07-09", "07-10") + "2019-07-10T09:20:00+05:30,bad\n"
    source = replay(write(tmp_path, good_bars() + later))
    batches = source.epochs()
    assert next(batches).watermark.date() == date(2019, 7, 9)
    assert source.report.rows == 4
    assert source.drain_rejected() == ()
    list(batches)
    assert len(source.drain_rejected()) == 1
