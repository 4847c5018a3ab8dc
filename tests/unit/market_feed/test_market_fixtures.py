from pathlib import Path

import synthesise_minutes
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.ids import partition_of

MARKET = Path("tests/fixtures/market")


def test_the_made_up_minutes_are_what_the_script_writes():
    days = list(synthesise_minutes.days((MARKET / "daily.csv").read_text()))
    assert len(days) == 10
    for day in days:
        assert (MARKET / "many" / f"{day.symbol}.csv").read_text() == synthesise_minutes.text_of(day)


def test_the_made_up_minutes_add_up_to_the_real_day():
    for day in synthesise_minutes.days((MARKET / "daily.csv").read_text()):
        bars = list(synthesise_minutes.bars(day))
        assert bars[0][0] == day.open
        assert max(bar[1] for bar in bars) == day.high
        assert min(bar[2] for bar in bars) == day.low
        assert bars[-1][3] == day.close
        assert sum(bar[4] for bar in bars) == day.volume


def test_each_of_four_partitions_has_an_instrument_of_the_fixture():
    symbols = {path.stem for path in (MARKET / "many").glob("*.csv")}
    tokens = [each.token for each in load_instruments() if each.symbol in symbols]
    assert {partition_of(token, 4) for token in tokens} == {0, 1, 2, 3}


def test_the_example_day_is_the_first_of_the_fixture_days():
    days = (MARKET / "yesbank" / "YESBANK.csv").read_text()
    example = Path("examples/market/YESBANK.csv").read_text()
    assert days.startswith(example)
    assert example.count("\n") == 378
