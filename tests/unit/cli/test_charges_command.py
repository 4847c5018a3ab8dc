"""`panda charges` prints a contract note, and refuses what it cannot charge in one line."""

import json

import pytest
import typer

from alpha_panda.cli.charges import register
from alpha_panda.cli.main import guarded, invoke

TRADE = ("--segment", "intraday", "--buy", "1000", "--sell", "1100", "--quantity", "400", "--date", "2026-04-02")


def run(*words: str) -> int:
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    register(app)
    return guarded(lambda: invoke(app, ["charges", *words]))


def test_each_line_of_the_note_is_printed_for_both_sides(capsys: pytest.CaptureFixture[str]):
    assert run(*TRADE) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "intraday at NSE, 400 units, table of 2026-04-01 (rupees)"
    told = {" ".join(line.split()[:-3]): line.split()[-3:] for line in lines[2:8]}
    assert told == {
        "brokerage": ["20.00", "20.00", "40.00"],
        "securities transaction tax": ["0.00", "110.00", "110.00"],
        "exchange transaction charge": ["12.28", "13.51", "25.79"],
        "SEBI turnover fee": ["0.40", "0.44", "0.84"],
        "stamp duty": ["12.00", "0.00", "12.00"],
        "GST": ["5.88", "6.11", "11.99"],
    }
    assert lines[9].split() == ["charges", "50.56", "150.06", "200.62"]
    assert "profit before charges 40,000.00, after 39,799.38" in lines
    assert "earned back by 0.51 a unit" in lines
    assert any(line.startswith("  stt: Finance Act 2026") for line in lines)


def test_programs_get_whole_paise(capsys: pytest.CaptureFixture[str]):
    assert run(*TRADE, "-o", "json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["total_paise"] == 20_062
    assert said["note"]["sold"]["stt_paise"] == 11_000
    assert said["trade"]["charges_day"] == "2026-04-01"


def test_one_side_alone_is_charged_without_a_profit(capsys: pytest.CaptureFixture[str]):
    assert run("--segment", "options", "--sell", "110.05", "--quantity", "75", "--date", "2024-10-01") == 0
    out = capsys.readouterr().out
    assert "rounding of the day's STT                    -0.25" in out
    assert "profit" not in out


@pytest.mark.parametrize(
    ("words", "message", "remedy"),
    [
        (["--segment", "currency"], "--segment currency: currency derivatives are not supported", "allowed: delivery"),
        (["--segment", "swap"], "--segment 'swap' is unknown", "allowed: delivery, intraday, futures, options"),
        (["--exchange", "CDS"], "--exchange 'CDS' is unknown", "allowed: NSE, BSE, NFO, BFO"),
        (["--quantity", "0"], "--quantity 0 cannot be traded", "allowed: a whole number from 1"),
        (["--buy", "0"], "--buy '0' is no price", "allowed: rupees with at most two decimals, more than 0"),
        (["--buy", "1.005"], "--buy '1.005' is no price", "allowed: rupees"),
        (["--sell", "-5"], "--sell '-5' is no price", "allowed: rupees"),
        (["--sell", "1e9"], "--sell '1e9' is no price", "allowed: rupees"),
        (["--sell", "9" * 20], "is no price", "allowed: rupees"),
        (["--date", "yesterday"], "--date 'yesterday' is no date", "write it as 2026-04-01"),
        (["--date", "2019-07-09"], "a trade on 2019-07-09: the table begins on 2020-07-01", "from 2020-07-01 on"),
        (["--exchange", "BSE", "--date", "2021-06-01"], "intraday at BSE in the table of 2021-04-01", "asOf"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(
    words: list[str], message: str, remedy: str, capsys: pytest.CaptureFixture[str]
):
    assert run(*TRADE, *words) == 2
    said = capsys.readouterr().err
    assert message in said
    assert f"remedy: {remedy}" in said or remedy in said


def test_a_trade_needs_a_price(capsys: pytest.CaptureFixture[str]):
    assert run("--segment", "delivery", "--quantity", "1", "--date", "2026-04-02") == 2
    assert "neither --buy nor --sell says a price" in capsys.readouterr().err
