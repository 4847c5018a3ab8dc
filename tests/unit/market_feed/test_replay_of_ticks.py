from pathlib import Path

import pytest
from tests.support.market import at, session
from tests.unit.market_feed.replays import replay, ticks_of, write

D = "2019-07-09 "


@pytest.mark.parametrize("column", ["price", "last_price", "LTP"])
def test_ticks_have_an_epoch_for_each_second_with_ticks_and_each_minute(tmp_path: Path, column: str):
    text = f"timestamp,{column}\n{D}09:15:00.100,95.05\n{D}09:15:00.900,95.10\n{D}09:15:07,95\n"
    found = list(replay(write(tmp_path, text)).epochs())
    assert [(each.watermark, len(each.ticks)) for each in found[:3]] == [
        (at("09:15:01"), 2),
        (at("09:15:08"), 1),
        (at("09:16"), 0),
    ]
    assert len(found) == 2 + 375 + 1
    assert (found[-1].final, found[-1].watermark) == (True, session().close)
    assert [(tick.data.price_paise, tick.data.volume, tick.sequence) for tick in ticks_of(found)] == [
        (9505, None, 1),
        (9510, None, 2),
        (9500, None, 3),
    ]


def test_a_volume_is_what_was_traded_since_the_row_before_and_may_be_missing(tmp_path: Path):
    text = f"timestamp,price,volume\n{D}09:15:01,95,10\n{D}09:15:02,95,\n{D}09:15:02,95,7\n"
    found = ticks_of(list(replay(write(tmp_path, text)).epochs()))
    assert [tick.data.volume for tick in found] == [10, None, 7]


def test_a_volume_since_the_start_of_the_session_becomes_steps_and_begins_anew_each_day(tmp_path: Path):
    day = f"{D}09:15:01,95,100\n{D}09:15:02,95,130\n{D}09:15:03,95,120\n{D}09:15:04,95,125\n"
    text = "timestamp,price,volume_traded\n" + day + day.replace("07-09", "07-10")
    found = ticks_of(list(replay(write(tmp_path, text)).epochs()))
    assert [tick.data.volume for tick in found] == [100, 30, 0, 5] * 2


def test_two_equal_trades_in_a_second_are_two_trades(tmp_path: Path):
    source = replay(write(tmp_path, "timestamp,price,volume\n" + f"{D}09:15:01,95,10\n" * 2))
    assert len(ticks_of(list(source.epochs()))) == 2
    assert source.report.duplicates == 0


@pytest.mark.parametrize(("header", "row"), [("", ""), (",volume_traded", ",100")])
def test_two_equal_rows_that_state_no_trade_are_one(tmp_path: Path, header: str, row: str):
    source = replay(write(tmp_path, f"timestamp,price{header}\n" + f"{D}09:15:01,95{row}\n" * 2))
    assert len(ticks_of(list(source.epochs()))) == 1
    assert source.report.duplicates == 1


def test_ticks_out_of_order_are_sorted_and_those_of_one_moment_keep_their_order(tmp_path: Path):
    text = f"timestamp,price\n{D}09:15:02,95\n{D}09:15:01,96\n{D}09:15:02,97\n"
    source = replay(write(tmp_path, text))
    assert [tick.data.price_paise for tick in ticks_of(list(source.epochs()))] == [9600, 9500, 9700]
    assert source.report.out_of_order == 1


def test_the_last_second_of_the_session_ends_with_it(tmp_path: Path):
    source = replay(write(tmp_path, f"timestamp,price\n{D}15:29:59.5,95\n{D}15:30:00,95\n"))
    found = list(source.epochs())
    assert [len(batch.ticks) for batch in found[-2:]] == [1, 0]
    assert found[-2].watermark == session().close
    assert source.report.outside_session == 1
