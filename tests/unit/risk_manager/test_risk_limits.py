"""Each limit of the account refuses or holds down an entry, and says so in words that a trader can act on."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from tests.support.trading import ACME, BOLT, LOTS, broker, broker_spec, feed, moment, price, signal, strategy_spec
from tests.unit.risk_manager.positions import account, fill, quoted, refused, sized

from alpha_panda.domain.instrument import Exchange, Instrument
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.sectors import UNKNOWN
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Tick
from alpha_panda.events.signals import Intent, OrderType, Product, Side

AUCTION_DAY = date(2026, 8, 3)
EXIT: dict[str, Any] = {"intent": Intent.EXIT, "side": Side.SELL}
BANKS = InstrumentTable(
    [
        Instrument(token=ACME, exchange=Exchange.NSE, symbol="ACME", tick_size_paise=5, sector="Banks", band_percent=5),
        Instrument(token=BOLT, exchange=Exchange.NSE, symbol="BOLT", tick_size_paise=5, sector="Banks"),
        Instrument(token=LOTS, exchange=Exchange.BSE, symbol="LOTS", tick_size_paise=5, sector="Steel"),
    ],
    "tests",
)


def test_an_entry_goes_to_the_continuous_market_only() -> None:
    late = signal(moment("15:20:00", AUCTION_DAY), product=Product.CNC)
    assert refused(account(), late).message == (
        "rejected: market_phase: NSE:ACME is in closing_auction from 15:15 to 15:35 at 15:20: "
        "entries go to the continuous market only"
    )


def test_an_intraday_entry_comes_before_positions_are_flattened() -> None:
    assert refused(account(), signal("15:10:00")).message == (
        "rejected: intraday_cutoff: intraday positions in NSE:ACME are closed from 15:10 on, before the broker's own "
        "square-off at 15:20: no new one at 15:10"
    )
    assert sized(account(), signal("15:09:59"))[0] > 0
    assert sized(account(), signal("15:10:00", product=Product.CNC))[0] > 0


def test_an_entry_needs_a_price_that_is_fresh() -> None:
    desk = account({"maxDataAgeSeconds": 60})
    assert refused(desk, signal("10:00:00")).message == (
        "rejected: stale_data: no price of instrument 257 was seen yet (account.maxDataAgeSeconds)"
    )
    feed(desk, *quoted("10:00:00"))
    late = refused(desk, signal("10:01:00.500", n=1))
    assert (late.code, late.value, late.limit) == ("stale_data", "60.5 s", "60 s")
    assert late.message == (
        "rejected: stale_data: the last price is 60.5 s old, limit 60 s (account.maxDataAgeSeconds)"
    )
    assert sized(desk, signal("10:01:00", n=2))[0] > 0


def late(clock: str) -> Event[Tick]:
    """A price that its source tells late."""
    tick = price(clock, 100_00)
    return msgspec.structs.replace(tick, data=msgspec.structs.replace(tick.data, delayed=True))


def test_no_real_money_follows_from_prices_that_come_late_and_paper_money_does() -> None:
    spec = {"mode": "Live", "acknowledgeLive": "mo", "risk": {"maxDailyLoss": "100"}}
    live = account(strategies={"mo": strategy_spec(**spec)})
    feed(live, broker({**broker_spec(account={"maxDataAgeSeconds": 0}), "live": True}), late("10:00:00"))
    found = refused(live, signal("10:00:01"))
    assert "delayed_data" in [each.code for each in found.reasons]
    assert 100_00 not in live._state.exposure.marks.values()  # noqa: SLF001 - what it knows of the market
    feed(live, *quoted("10:00:02"))
    assert sized(live, signal("10:00:03", n=1))[0] > 0
    paper = account()
    feed(paper, late("10:00:00"))
    assert sized(paper, signal("10:00:01"))[0] > 0


def test_the_age_of_a_price_counts_within_the_session_only() -> None:
    desk = account({"maxDataAgeSeconds": 60})
    feed(desk, *quoted("15:29:59"))
    tomorrow = date(2026, 6, 3)
    assert sized(desk, signal(moment("09:15:00", tomorrow)))[0] > 0
    assert refused(desk, signal(moment("09:16:01", tomorrow), n=1, instrument_token=BOLT)).code == "stale_data"
    assert "61 s old" in refused(desk, signal(moment("09:16:01", tomorrow), n=2)).reasons[0].message


def test_after_a_silence_entries_wait_as_long_again() -> None:
    desk = account({"maxDataGapSeconds": 60})
    feed(desk, *quoted("10:00:00"), *quoted("10:05:00"))
    assert refused(desk, signal("10:05:59")).message == (
        "rejected: data_gap: there was no price for 300 s, limit 60 s; entries wait 60 s after that "
        "(account.maxDataGapSeconds)"
    )
    assert sized(desk, signal("10:06:00", n=1))[0] > 0


def test_a_silence_before_the_open_is_none() -> None:
    desk = account({"maxDataGapSeconds": 60})
    feed(desk, *quoted("09:05:00"), *quoted("09:15:30"))
    assert sized(desk, signal("09:15:31"))[0] > 0


@pytest.mark.parametrize(
    ("limits", "product", "message"),
    [
        ({"maxOpenPositions": 1}, Product.CNC, "max_open_positions 2 > limit 1 (account.maxOpenPositions)"),
        ({"maxIntradayPositions": 1}, Product.MIS, "max_intraday_positions 2 > limit 1 (account.maxIntradayPositions)"),
        ({"maxSwingPositions": 1}, Product.CNC, "max_swing_positions 2 > limit 1 (account.maxSwingPositions)"),
    ],
)
def test_positions_are_counted_in_all_and_by_how_they_are_held(
    limits: dict[str, Any], product: Product, message: str
) -> None:
    desk = account(limits)
    feed(desk, fill("10:00:00", Side.BUY, 10, 10_000, product=product))
    raw = signal("10:00:01", instrument_token=BOLT, product=product)
    assert refused(desk, raw).message == f"rejected: {message}"


def test_positions_within_the_day_leave_room_for_those_over_days() -> None:
    desk = account({"maxIntradayPositions": 1, "maxSwingPositions": 1})
    feed(desk, fill("10:00:00", Side.BUY, 10, 10_000))
    assert sized(desk, signal("10:00:01", instrument_token=BOLT, product=Product.CNC))[0] > 0


@pytest.mark.parametrize(
    ("limits", "fields", "expected"),
    [
        ({"maxPositionPercent": "20"}, {}, (100, "max_position_percent")),
        ({"maxRiskPercent": "0.5"}, {}, (50, "max_risk_per_trade")),
        ({"maxSectorPercent": "10"}, {}, (50, "sector_concentration")),
        ({"minCashReserve": "49000"}, {}, (9, "cash")),
        ({}, {"bar_volume": 250}, (25, "liquidity")),
        ({}, {}, (100, "risk_per_trade")),
    ],
)
def test_a_size_keeps_within_the_accounts_shares_and_names_the_one_that_binds(
    limits: dict[str, Any], fields: dict[str, Any], expected: tuple[int, str]
) -> None:
    spec = strategy_spec(sizing={"riskPercent": "1" if expected[1] != "max_position_percent" else "5"})
    assert sized(account(limits, {"mo": spec}), signal("10:00:00", **fields)) == expected


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            {"maxPositionPercent": "0.1"},
            "max_position_percent allows 0 < lot 1, limit 0.1 % of ₹50,000.00 (account.maxPositionPercent)",
        ),
        (
            {"maxRiskPercent": "0.001"},
            "max_risk_per_trade allows 0 < lot 1, limit 0.001 % of ₹50,000.00 at ₹5.00 a unit (account.maxRiskPercent)",
        ),
        (
            {"maxSectorPercent": "0.1"},
            (
                f"sector_concentration allows 0 < lot 1, limit 0.1 % of ₹50,000.00 in {UNKNOWN}, of which ₹0.00 "
                "are taken (account.maxSectorPercent)"
            ),
        ),
        (
            {"minCashReserve": "49950"},
            (
                "cash allows 0 < lot 1, limit ₹50.00 free beyond the reserve of ₹49,950.00 "
                "(paper.startingCash, account.minCashReserve)"
            ),
        ),
    ],
)
def test_a_share_that_holds_not_even_one_lot_refuses(limits: dict[str, Any], message: str) -> None:
    assert refused(account(limits), signal("10:00:00")).message == f"rejected: {message}"


def test_a_sector_is_shared_by_its_positions_and_pending_entries() -> None:
    desk = account({"maxSectorPercent": "40"}, table=BANKS)
    feed(desk, *quoted("09:59:59", 10_000, ACME, BOLT, LOTS), fill("10:00:00", Side.BUY, 150, 10_000))
    assert sized(desk, signal("10:00:01", instrument_token=BOLT)) == (50, "sector_concentration")
    assert sized(desk, signal("10:00:02", instrument_token=LOTS)) == (100, "risk_per_trade")
    feed(desk, fill("10:00:03", Side.SELL, 150, 10_000), *quoted("10:00:04"))
    assert sized(desk, signal("10:00:05"))[0] < 150


def test_instruments_whose_sector_nobody_knows_count_as_one() -> None:
    desk = account({"maxSectorPercent": "40"})
    feed(desk, fill("10:00:00", Side.SELL, 200, 10_000))
    assert refused(desk, signal("10:00:01", instrument_token=BOLT)).limit == (
        f"40 % of ₹50,000.00 in {UNKNOWN}, of which ₹20,000.00 are taken"
    )


def test_a_target_must_be_worth_its_stop_give_or_take_a_tick() -> None:
    desk = account({"minRewardRisk": "1.5"})
    near = refused(desk, signal("10:00:00", target_paise=10_740))
    assert (near.code, near.value, near.limit) == ("reward_risk", "1.48", "1.5")
    assert near.message == (
        "rejected: reward_risk: the target is ₹7.40 away and the stop ₹5.00: 1.48 < 1.5 (account.minRewardRisk)"
    )
    assert sized(desk, signal("10:00:01", target_paise=10_745))[0] > 0
    assert sized(desk, signal("10:00:02", instrument_token=BOLT))[0] > 0


@pytest.mark.parametrize(
    ("fields", "name", "shown"),
    [
        ({"reference_price_paise": 10_505, "stop_loss_paise": 10_400}, "reference price ₹105.05", "5.05%"),
        ({"order_type": OrderType.LIMIT, "limit_price_paise": 11_000}, "limit price ₹110.00", "10.00%"),
        ({"order_type": OrderType.SL_M, "trigger_price_paise": 11_000}, "trigger price ₹110.00", "10.00%"),
    ],
)
def test_a_price_far_from_the_last_trade_is_taken_for_a_slip(fields: dict[str, Any], name: str, shown: str) -> None:
    desk = account({"maxPriceDeviationPercent": "5"})
    feed(desk, *quoted("09:59:59"))
    assert refused(desk, signal("10:00:00", **fields)).message == (
        f"rejected: far_from_market: the {name} is {shown} from the last trade at ₹100.00, limit 5 % "
        "(account.maxPriceDeviationPercent)"
    )


def test_neither_the_entry_nor_its_stop_may_be_outside_the_days_band() -> None:
    desk = account(table=BANKS)
    feed(desk, *quoted("15:29:59"))
    next_day = date(2026, 6, 3)
    feed(desk, price(moment("09:15:00", next_day), 10_000))
    high = signal(moment("10:00:00", next_day), order_type=OrderType.LIMIT, limit_price_paise=10_505)
    assert refused(desk, high).message == (
        "rejected: price_band: price ₹105.05 of ACME is outside its band, 5 % around ₹100.00: ₹95.00 to ₹105.00"
    )
    assert refused(desk, signal(moment("10:00:01", next_day), stop_loss_paise=9_495)).value == "₹94.95"
    assert sized(desk, signal(moment("10:00:02", next_day)))[0] > 0


def test_an_entry_that_cannot_earn_its_costs_is_refused_where_that_is_asked_for() -> None:
    desk = account({"minEdgeMultiple": "3"})
    assert refused(desk, signal("10:00:00", target_paise=10_005)).code == "edge_below_cost"
    assert refused(desk, signal("10:00:01")).code == "edge_unknown"
    assert sized(desk, signal("10:00:02", target_paise=11_000))[0] > 0


def test_a_signal_is_told_all_that_is_against_it_and_the_first_is_its_code() -> None:
    desk = account({"maxOpenPositions": 1, "minRewardRisk": "2", "maxPriceDeviationPercent": "5"})
    feed(desk, *quoted("09:59:59"), fill("10:00:00", Side.BUY, 10, 10_000))
    feed(desk, broker(broker_spec(halted=True, account={"maxOpenPositions": 1, "minRewardRisk": "2"})))
    raw = signal("10:00:01", target_paise=10_500, product=Product.CNC, side=Side.BUY)
    found = refused(desk, raw)
    codes = [each.code for each in found.reasons]
    assert codes == ["trading_halted", "duplicate_position", "max_open_positions", "reward_risk"]
    assert (found.code, found.message) == (found.reasons[0].code, found.reasons[0].message)


def test_a_limit_that_is_changed_holds_for_the_next_signal() -> None:
    desk = account({"maxPositionPercent": "20"}, {"mo": strategy_spec(sizing={"riskPercent": "5"})})
    assert sized(desk, signal("10:00:00")) == (100, "max_position_percent")
    feed(desk, broker(broker_spec(account={"maxPositionPercent": "10"}, paper={"startingCash": "50000"})))
    assert sized(desk, signal("10:00:01", instrument_token=BOLT)) == (50, "max_position_percent")


def test_an_exit_passes_whatever_limit_keeps_entries_out() -> None:
    desk = account(
        {
            "maxOpenPositions": 1,
            "maxDataAgeSeconds": 1,
            "maxPriceDeviationPercent": "0.01",
            "maxPositionPercent": "0.01",
            "minCashReserve": "50000",
            "drawdownPercent": "0.01",
            "maxOrdersPerMinute": 1,
        }
    )
    feed(desk, fill("10:00:00", Side.BUY, 10, 10_000), *quoted("10:00:01", 8_000))
    assert len(refused(desk, signal("10:30:00", instrument_token=BOLT)).reasons) > 3
    assert sized(desk, signal("10:30:01", **EXIT)) == (10, "position")
