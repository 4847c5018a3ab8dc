from pathlib import Path

import pytest

from alpha_panda.domain.instrument_table import InstrumentTable, format_instruments, load_instruments, parse_instruments
from alpha_panda.errors import InputError

HEADER = "token,exchange,symbol,segment,tick_size_paise,lot_size,freeze_quantity,sector\n"
GOOD = "738561,NSE,RELIANCE,EQUITY,5,1,,Energy\n"


def test_the_shipped_table_knows_yes_bank_by_token_and_by_name():
    table = load_instruments()
    found = table.require(3_050_241)
    assert found.name == "NSE:YESBANK"
    assert table.require_name("NSE", "YESBANK") is found
    assert len(table) == 11


def test_the_example_table_is_the_shipped_one():
    shipped = load_instruments()
    example = load_instruments(Path("examples/instruments.csv"))
    assert list(example) == list(shipped)


def test_a_table_is_read_with_a_byte_order_mark_and_windows_line_ends(tmp_path: Path):
    path = tmp_path / "mine.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (HEADER + GOOD).replace("\n", "\r\n").encode())
    assert [each.symbol for each in load_instruments(path)] == ["RELIANCE"]


def test_what_is_not_in_the_table_is_named_with_the_table():
    table = parse_instruments(HEADER + GOOD, "mine.csv")
    assert table.get(1) is None
    assert table.find("BSE", "RELIANCE") is None
    with pytest.raises(InputError, match=r"token 1 is not one of the 1 instruments of mine\.csv"):
        table.require(1)
    with pytest.raises(InputError, match=r"BSE:RELIANCE is not one of the 1 instruments of mine\.csv"):
        table.require_name("BSE", "RELIANCE")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.csv: holds no instruments"),
        ("# only a note\n", "mine.csv: holds no instruments"),
        (HEADER, "mine.csv: has a header and no instruments"),
        ("token,exchange\n1,NSE\n", "mine.csv:1: the header lacks symbol, segment, tick_size_paise, lot_size; "),
        (HEADER.replace("sector", "colour"), "mine.csv:1: the header has colour; "),
        (HEADER.replace("sector", "token"), "mine.csv:1: the header has token twice; "),
        (HEADER + "1,NSE,A\n", "mine.csv:2: 3 cells where the header has 8"),
        (HEADER + "x,NSE,A,EQUITY,5,1,,\n", "mine.csv:2: token: 'x': allowed: a whole number from 1 to "),
        (HEADER + "0,NSE,A,EQUITY,5,1,,\n", "mine.csv:2: token: '0': allowed: a whole number from 1 to "),
        (HEADER + "1,NASDAQ,A,EQUITY,5,1,,\n", "mine.csv:2: exchange: 'NASDAQ': allowed: NSE, BSE"),
        (HEADER + "1,NSE,a b,EQUITY,5,1,,\n", "mine.csv:2: symbol: 'a b': allowed: the exchange's symbol in capitals"),
        (HEADER + "1,NSE,A,BOND,5,1,,\n", "mine.csv:2: segment: 'BOND': allowed: EQUITY"),
        (HEADER + "1,CDS,USDINR,CDS,25,1,,\n", "mine.csv:2: segment: 'CDS': currency derivatives are not supported"),
        (HEADER + "1,BCD,USDINR,FUTURES,25,1,,\n", "mine.csv:2: segment: 'FUTURES': currency derivatives are not"),
        (HEADER + "1,NSE,A,FUTURES,5,1,,\n", "mine.csv:2: exchange: 'NSE': FUTURES is listed elsewhere"),
        (HEADER + "1,NSE,A,EQUITY,0.05,1,,\n", "mine.csv:2: tick_size_paise: '0.05': allowed: a whole number from 1"),
        (HEADER + "1,NSE,A,EQUITY,5,-1,,\n", "mine.csv:2: lot_size: '-1': allowed: a whole number from 1"),
        (HEADER + GOOD + "738561,NSE,A,EQUITY,5,1,,\n", "mine.csv:3: token: 738561: taken by NSE:RELIANCE"),
        (HEADER + GOOD + "1,NSE,RELIANCE,EQUITY,5,1,,\n", "mine.csv:3: symbol: 'RELIANCE': NSE:RELIANCE is on line 2"),
    ],
)
def test_a_mistake_is_refused_with_its_place_and_what_is_allowed(text: str, message: str):
    with pytest.raises(InputError) as raised:
        parse_instruments(text, "mine.csv")
    assert str(raised.value).startswith(message)
    assert raised.value.remedy


def test_a_table_that_cannot_be_read_is_named(tmp_path: Path):
    missing = tmp_path / "missing.csv"
    with pytest.raises(InputError, match=r"instrument table .*missing\.csv: .*No such file"):
        load_instruments(missing)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"instrument table .*binary\.csv: .*utf-8"):
        load_instruments(binary)


def test_instruments_come_by_token_whatever_the_order_of_the_rows():
    text = HEADER + GOOD + "5,NSE,A,EQUITY,5,1,1000,\n"
    table: InstrumentTable = parse_instruments(text, "mine.csv")
    assert [each.token for each in table] == [5, 738_561]
    assert table.require(5).freeze_quantity == 1000
    assert table.require(5).sector is None


def test_futures_options_and_indices_are_read_with_what_is_known_of_them():
    header = "token,exchange,symbol,segment,tick_size_paise,lot_size,derivatives,band_percent\n"
    rows = "1,NFO,NIFTY26DECFUT,FUTURES,10,75,,\n2,NSE,NIFTY,INDEX,5,1,,\n3,NSE,SMALL,EQUITY,1,1,no,5\n"
    table = parse_instruments(header + rows, "mine.csv")
    assert [str(each.segment) for each in table] == ["FUTURES", "INDEX", "EQUITY"]
    small = table.require_name("NSE", "SMALL")
    assert (small.derivatives, small.band_percent) == (False, 5)
    assert table.require(1).derivatives is None
    assert list(parse_instruments(format_instruments(table), "again")) == list(table)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("perhaps,", "mine.csv:2: derivatives: 'perhaps': allowed: yes, no, or nothing"),
        ("no,0", "mine.csv:2: band_percent: '0': allowed: a whole number from 1 to 100"),
    ],
)
def test_what_is_not_known_of_an_instrument_is_left_out_and_not_guessed(cells: str, message: str):
    header = "token,exchange,symbol,segment,tick_size_paise,lot_size,derivatives,band_percent\n"
    with pytest.raises(InputError) as raised:
        parse_instruments(f"{header}1,NSE,A,EQUITY,5,1,{cells}\n", "mine.csv")
    assert str(raised.value).startswith(message)
