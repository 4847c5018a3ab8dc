"""Files that cannot be replayed are refused before anything starts, with what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.market_feed.replays import BARS, TICKS, bar_line, good_bars, replay, write

from alpha_panda.errors import InputError

MARKET = "bars need timestamp (or datetime, date), open, high, low, close, volume; "


def refusal(path: Path, **options: object) -> tuple[str, str]:
    with pytest.raises(InputError) as raised:
        replay(path, **options).check()  # type: ignore[arg-type]
    assert raised.value.remedy
    return str(raised.value), raised.value.remedy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": is empty"),
        ("\n\n", ": is empty"),
        (BARS, ": has a header and no rows"),
        ("a,b,c\n1,2,3\n", ": has the columns a, b, c, which are neither bars nor ticks"),
        ("timestamp,open,high,low,close\n", ": has the columns timestamp, open, high, low, close, which are neither"),
        ("price,volume\n", ": has the columns price, volume, which are neither bars nor ticks"),
        (BARS.replace("volume", "volume,Close"), ": has the column close twice"),
        (BARS.replace(",", ";"), ": its columns are separated by semicolons"),
        (BARS.replace(",", "\t"), ": its columns are separated by tabs"),
        (
            BARS + bar_line("09:15", "x,96,94,95") * 2,
            ": none of its 2 rows can be used; line 2: open x is not a number",
        ),
        (BARS + bar_line("08:15") * 2, ": none of its 2 rows is inside a session of the exchange"),
        (
            BARS + bar_line("00:00").replace("09T", "07T"),
            ": none of its 1 rows is of a trading day: the exchange was closed on 2019-07-07",
        ),
        ("\x01\x02,\x03\n1,2\n", ": has the columns (no text that could be names), which are neither"),
        (BARS + bar_line("09:15") + bar_line("09:15").replace("09T", "10T"), ": no day has two bars, so how long they"),
        (
            BARS + bar_line("09:15") + bar_line("09:22"),
            ": its bars are 7 minutes apart; the replay wants 1-minute bars",
        ),
        (
            BARS + bar_line("09:15") + bar_line("09:15").replace(":00+", ":30+"),
            ": 1 of its 2 rows are not at a whole minute; the replay wants 1-minute bars",
        ),
        (
            BARS + bar_line("02:15") + bar_line("09:15")[:-5] + "\n",
            ": none of its 2 rows can be used; line 3: 5 cells where the header has 6",
        ),
    ],
)
def test_a_file_of_the_wrong_kind_is_refused(tmp_path: Path, text: str, message: str):
    path = write(tmp_path, text)
    found, _ = refusal(path)
    assert found.startswith(f"{path}{message}")


def test_the_wanted_columns_are_the_remedy(tmp_path: Path):
    assert refusal(write(tmp_path, "a,b\n"))[1].startswith(MARKET)


def test_a_file_named_after_no_instrument_is_refused(tmp_path: Path):
    path = write(tmp_path, good_bars(), "NOSUCH.csv")
    message, remedy = refusal(path)
    table = "alpha_panda/domain/data/instruments.csv"
    assert message == f"{path}: its name says NSE:NOSUCH, which is not in {table}"
    assert remedy == "name the file after the instrument's symbol, or add the instrument to the table"


def test_utf16_is_refused(tmp_path: Path):
    path = write(tmp_path, good_bars().encode("utf-16"))
    assert refusal(path) == (f"{path}: is UTF-16", "save it as UTF-8")


def test_a_path_with_nothing_to_replay_is_refused(tmp_path: Path):
    missing = tmp_path / "missing"
    assert refusal(missing)[0] == f"{missing}: there is no such file or directory"
    write(tmp_path, "notes", "README.md")
    write(tmp_path, good_bars(), ".hidden/YESBANK.csv")
    assert refusal(tmp_path)[0] == f"{tmp_path}: holds no market data"
    other = write(tmp_path, "x", "YESBANK.txt")
    with pytest.raises(InputError, match=r"YESBANK\.txt: \.txt is no market data; allowed: \.csv, \.parquet"):
        replay(other).check()


def test_bars_beside_ticks_are_refused(tmp_path: Path):
    bars = write(tmp_path, good_bars())
    ticks = write(tmp_path, TICKS + "2019-07-09T09:15:00+05:30,95,1\n", "ITC.csv")
    assert refusal(tmp_path)[0] == f"{bars} holds bars and {ticks} ticks"


def test_bars_of_two_lengths_are_refused(tmp_path: Path):
    five = write(tmp_path, BARS + bar_line("09:15") + bar_line("09:20"), "ITC.csv")
    one = write(tmp_path, good_bars())
    assert refusal(tmp_path)[0] == f"{five} has bars of 5 minutes, {one} of 1 minutes"


def test_daily_bars_beside_minutes_are_refused(tmp_path: Path):
    days = write(tmp_path, BARS + bar_line("00:00"), "ITC.csv")
    minutes = write(tmp_path, good_bars())
    assert refusal(tmp_path)[0] == f"{days} has bars of a day, {minutes} of 1 minutes"


@pytest.mark.parametrize("minutes", [0, 2, 1440])
def test_an_interval_that_is_not_supported_is_refused(tmp_path: Path, minutes: int):
    message, _ = refusal(write(tmp_path, good_bars()), interval_minutes=minutes)
    assert message == f"interval {minutes} minutes; allowed: 1, 3, 5, 10, 15, 30, 60"


def test_an_unknown_zone_is_refused(tmp_path: Path):
    assert refusal(write(tmp_path, good_bars()), timezone="Asia/Atlantis") == (
        "timezone 'Asia/Atlantis' is not known here",
        "allowed: an IANA name such as Asia/Kolkata or UTC",
    )


def test_what_only_calls_itself_parquet_is_refused(tmp_path: Path):
    path = write(tmp_path, "PAR1 but no more", "YESBANK.parquet")
    assert refusal(path)[0].startswith(f"{path}: is no sound Parquet file: ")
