from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.support.market import at
from tests.unit.market_feed.replays import good_bars, replay, ticks_of, write

PRICES = {"open": [95.0] * 3, "high": [96.0] * 3, "low": [94.0] * 3, "close": [95.5] * 3, "volume": [100] * 3}


def parquet(folder: Path, times: Any, **columns: Any) -> Path:  # noqa: ANN401 — pyarrow has no types
    path = folder / "YESBANK.parquet"
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table({"timestamp": times, **PRICES, **columns}), path)
    return path


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", None])
def test_a_parquet_file_says_the_same_as_its_csv(tmp_path: Path, unit: str, zone: str | None):
    start = at("09:15") if zone else datetime(2019, 7, 9, 9, 15)  # noqa: DTZ001
    times = pa.array([start + timedelta(minutes=minute) for minute in range(3)], pa.timestamp(unit, tz=zone))
    plain = replay(write(tmp_path / "plain", good_bars())).epochs()
    assert list(replay(parquet(tmp_path, times)).epochs()) == list(plain)


def test_text_times_and_decimal_prices_are_read_as_well(tmp_path: Path):
    times = [f"2019-07-09T09:1{minute}:00+05:30" for minute in (5, 6, 7)]
    path = parquet(tmp_path, times, close=[Decimal("95.50")] * 3)
    plain = replay(write(tmp_path / "plain", good_bars())).epochs()
    assert list(replay(path).epochs()) == list(plain)


def test_a_bad_row_is_set_aside_with_its_number_and_its_values(tmp_path: Path):
    times = [f"2019-07-09T09:1{minute}:00+05:30" for minute in (5, 6, 7)]
    source = replay(parquet(tmp_path, times, close=[95.5, float("nan"), 95.123]))
    assert len(ticks_of(list(source.epochs()))) == 4
    assert [(row.line, row.reason) for row in source.drain_rejected()] == [
        (2, "close nan is not a number"),
        (3, "close 95.123 has more than two decimals"),
    ]


def test_whole_number_times_are_refused_because_their_unit_is_not_stated(tmp_path: Path):
    path = parquet(tmp_path, [1562643900, 1562643960, 1562644020])
    with pytest.raises(Exception, match="none of its 3 rows can be used; line 1: timestamp 1562643900 is a number"):
        replay(path).check()
