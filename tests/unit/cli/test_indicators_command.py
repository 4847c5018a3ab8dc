"""`panda indicators` prints what a strategy would see of a file, and says what it left out or could not do."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from tests.unit.cli.desk import Said

from alpha_panda.cli.bar_file import read_bars
from alpha_panda.cli.indicators import register
from alpha_panda.cli.main import guarded, invoke
from alpha_panda.domain.indicators import INDICATORS, Macd, Rsi

MARKET = Path(__file__).parents[2] / "fixtures" / "market"
MINUTES = MARKET / "yesbank" / "YESBANK.csv"
HEADER = "timestamp,open,high,low,close,volume"
ROW = "2023-07-10T09:15:00+05:30,10,12,9,11.5,100"
Panda = Callable[..., Said]


@pytest.fixture
def panda(capsys: pytest.CaptureFixture[str]) -> Panda:
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    register(app)

    def run(*words: object) -> Said:
        capsys.readouterr()
        code = guarded(lambda: invoke(app, [str(word) for word in words]))
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def bars(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of lines."""

    def write(*lines: str, name: str = "INFY.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def test_each_bar_is_a_line_with_its_time_and_every_output(panda: Panda):
    said = panda(MINUTES, "rsi:9", "macd", "bollinger:20,2.5", "vwap", "obv")
    assert said.code == 0
    rows = list(csv.DictReader(said.out.splitlines()))
    bars = read_bars(MINUTES).bars
    assert [row["time"] for row in rows][:2] == ["2019-07-09T09:15:00+05:30", "2019-07-09T09:16:00+05:30"]
    assert list(rows[0])[1:] == [
        "rsi_9",
        *("macd_12_26_9_line", "macd_12_26_9_signal", "macd_12_26_9_histogram"),
        *("bollinger_20_2.5_upper", "bollinger_20_2.5_middle", "bollinger_20_2.5_lower"),
        *("vwap", "obv"),
    ]
    rsi, macd = Rsi(9), Macd()
    for row, bar in zip(rows, bars, strict=True):
        strength, lines = rsi.update(bar), macd.update(bar)
        assert row["rsi_9"] == ("" if strength is None else f"{strength:.12g}")
        assert row["macd_12_26_9_signal"] == ("" if lines is None else f"{lines.signal / 100:.12g}")
    assert rows[0]["obv"] == "1730100"


def test_daily_bars_are_read_and_each_is_a_session(panda: Panda):
    said = panda(MARKET / "daily" / "RELIANCE.csv", "sma:2", "vwap")
    assert said.out.splitlines()[:3] == [
        "time,sma_2,vwap",
        "2020-10-01T00:00:00+05:30,,1064.88333333",
        "2020-10-05T00:00:00+05:30,1057.425,1059.21666667",
    ]
    assert said.err == ""


def test_bars_outside_the_session_are_left_out_and_counted(panda: Panda, bars: Callable[..., Path]):
    late = ROW.replace("09:15", "15:30")
    said = panda(bars(HEADER, ROW, late), "sma:1")
    assert said.out == "time,sma_1\n2023-07-10T09:15:00+05:30,11.5\n"
    assert "INFY.csv: 1 bar outside the session" in said.err


def test_rows_are_put_in_order_and_of_two_for_one_time_the_first_stands(panda: Panda, bars: Callable[..., Path]):
    later, again = ROW.replace("09:15", "09:16").replace("11.5", "11"), ROW.replace("11.5", "9.5")
    said = panda(bars(HEADER, later, ROW, again), "sma:1")
    assert said.out.splitlines()[1:] == ["2023-07-10T09:15:00+05:30,11.5", "2023-07-10T09:16:00+05:30,11"]
    assert "INFY.csv:4: has the time of line 3, which stands" in said.err


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2023-07-10T09:16:00+05:30,10,12,9,0,100", "close 0 is not above 0"),
        ("2023-07-10T09:16:00+05:30,10,12,9,-5,100", "close -5 is not above 0"),
        ("2023-07-10T09:16:00+05:30,10,9,12,11,100", "open or close is outside low to high"),
        ("2023-07-10T09:16:00+05:30,10,12,9,11,-1", "volume -1 is below 0"),
        ("2023-07-10T09:16:00+05:30,10,12,9,11", "5 cells where the header has 6"),
        ("1688960760,10,12,9,11,100", "timestamp 1688960760 is a number"),
    ],
)
def test_a_row_that_cannot_be_used_is_left_out_with_its_reason(
    panda: Panda, bars: Callable[..., Path], row: str, reason: str
):
    said = panda(bars(HEADER, ROW, row), "sma:1")
    assert said.code == 0
    assert len(said.out.splitlines()) == 2
    assert f"INFY.csv:3: {reason}" in said.err


def test_of_many_bad_rows_the_first_ten_are_told_and_the_rest_counted(panda: Panda, bars: Callable[..., Path]):
    said = panda(bars(HEADER, ROW, *["x,1,1,1,1,1"] * 15), "sma:1")
    assert len(said.err.splitlines()) == 11
    assert said.err.endswith("left out: 5 more\n")


def test_a_time_without_an_offset_is_of_the_zone_that_is_named(panda: Panda, bars: Callable[..., Path]):
    path = bars(HEADER, "2023-07-10T03:45:00,10,12,9,11.5,100")
    assert panda(path, "sma:1", "--timezone", "UTC").out.splitlines()[1] == "2023-07-10T09:15:00+05:30,11.5"
    assert "inside a session" in panda(path, "sma:1").err


def test_one_instrument_is_chosen_from_a_file_of_several(panda: Panda):
    several = MARKET / "daily.csv"
    refused = panda(several, "sma:1")
    assert (refused.code, refused.out) == (2, "")
    assert "holds 10 instruments: HDFCBANK, " in refused.err
    assert panda(several, "sma:1", "--instrument", "infy").out.splitlines()[1] == "2023-07-10T00:00:00+05:30,1329.15"
    assert "holds no bars of NIFTY" in panda(several, "sma:1", "--instrument", "NIFTY").err


def test_a_symbol_of_two_exchanges_needs_the_exchange(panda: Panda, bars: Callable[..., Path]):
    path = bars(f"exchange,symbol,{HEADER}", f"NSE,INFY,{ROW}", f"BSE,INFY,{ROW}", name="two.csv")
    assert "several exchanges of INFY; there are: BSE:INFY, NSE:INFY" in panda(path, "obv", "--instrument", "INFY").err
    assert panda(path, "obv", "--instrument", "bse:infy").out.endswith(",100\n")


def test_prices_before_the_first_known_session_are_taken_as_they_are(panda: Panda, bars: Callable[..., Path]):
    assert panda(bars(HEADER, ROW.replace("2023", "1999")), "sma:1").out.splitlines()[1].endswith(",11.5")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no file of bars is given"),
        ((MINUTES,), "no indicator is given"),
        ((MINUTES, "rsx"), "rsx is no indicator; did you mean rsi?"),
        ((MINUTES, "rsi:0"), "rsi: period is 0; allowed: a whole number from 2 to 2000"),
        (("missing.csv", "rsi"), "missing.csv: there is no such file"),
        ((MARKET, "rsi"), "is a directory"),
        ((MARKET / "README.md", "rsi"), ".md is no market data"),
        ((MINUTES, "rsi", "--timezone", "Mars"), "timezone 'Mars' is not known here"),
        (("--list", "rsx"), "rsx is no indicator"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_remedy(panda: Panda, words: tuple[object, ...], message: str):
    said = panda(*words)
    assert (said.code, said.out) == (2, "")
    assert message in said.err.splitlines()[0]
    assert len(said.err.splitlines()) <= 2


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "is empty"),
        ((HEADER,), "has no row that can be used"),
        ((HEADER, "x,1,1,1,1,1"), "has no row that can be used; line 2: timestamp x is not a time"),
        (("timestamp,price", "2023-07-10T09:15:00,10"), "holds ticks, not bars"),
        (("when,what", "1,2"), "neither bars nor ticks"),
        ((HEADER, ROW.replace("09:15", "03:15")), "no bar is inside a session"),
    ],
)
def test_a_file_without_bars_is_refused_with_what_is_missing(
    panda: Panda, bars: Callable[..., Path], lines: tuple[str, ...], message: str
):
    said = panda(bars(*lines), "rsi")
    assert (said.code, said.out) == (2, "")
    assert message in said.err


def test_an_indicator_that_is_named_twice_is_printed_once(panda: Panda):
    assert panda(MINUTES, "rsi", "rsi:14", "RSI:14").out.startswith("time,rsi_14\n")


def test_the_list_says_of_each_what_it_takes_gives_and_is_defined_by(panda: Panda):
    said = panda("--list")
    for found in INDICATORS.values():
        assert f"\n{found.about.name}" in f"\n{said.out}"
        assert found.about.formula in said.out
        assert found.about.source in said.out
    only = json.loads(panda("--list", "bollinger", "-o", "json").out)
    assert [each["usage"] for each in only] == ["bollinger:20,2"]
    assert only[0]["warm_up"] == "period = 20"
