"""Intraday positions are closed ahead of the broker's own square-off, whatever else of their trades works."""

from tests.support.trading import NEXT_DAY, ends, entry, exit_of, feed, fills, legs, moment, order_of, paper, price

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.orders import Leg
from alpha_panda.events.signals import OrderType, Product, Side
from alpha_panda.paper_trading.processor import PaperTradingProcessor

FLATTEN = "15:10:00"


def held(product: Product = Product.MIS, side: Side = Side.BUY) -> PaperTradingProcessor:
    """A market with a position of 100 and both its legs."""
    market = paper()
    levels = (9_500, 11_000) if side is Side.BUY else (10_500, 9_000)
    fields = {"side": side, "product": product, "stop_loss_paise": levels[0], "target_paise": levels[1]}
    feed(market, entry("10:00:00", 100, **fields), price("10:00:01", 10_000))
    return market


def at_the_time(market: PaperTradingProcessor) -> list[AnyEvent]:
    return list(market.on_watermark(moment(FLATTEN)))


def test_its_legs_make_room_for_an_order_at_the_market_that_the_next_price_fills() -> None:
    market = held()
    out = at_the_time(market)
    assert ends(out) == [(Leg.STOP, "intraday_flatten"), (Leg.TARGET, "intraday_flatten")]
    assert legs(out)[2:] == [("Submitted", Leg.FLATTEN, 100), ("Acknowledged", Leg.FLATTEN, 100)]
    order = order_of(out[2])
    assert (order.side, order.order_type, order.reduce_only) == (Side.SELL, OrderType.MARKET, True)
    assert out[2].causation_id == out[1].id
    assert not feed(market, price(FLATTEN, 9_000)), "a price of that very moment was before the order"
    assert fills(feed(market, price("15:10:02", 9_900))) == [(Leg.FLATTEN, 100, 9_900)]
    assert market.state.books == {}


def test_a_short_position_is_bought_back() -> None:
    market = held(side=Side.SELL)
    assert order_of(at_the_time(market)[2]).side is Side.BUY


def test_a_position_for_delivery_stays() -> None:
    assert not at_the_time(held(Product.CNC))


def test_an_entry_that_waits_is_given_up() -> None:
    market = paper()
    feed(market, entry("10:00:00", 10, order_type=OrderType.LIMIT, limit_price_paise=9_000))
    assert ends(at_the_time(market)) == [(Leg.ENTRY, "intraday_flatten")]
    assert market.state.books == {}


def test_fills_in_parts_place_no_leg_again() -> None:
    market = held()
    at_the_time(market)
    first = feed(market, price("15:10:01", 9_900, volume=300))
    assert legs(first) == [("Filled", Leg.FLATTEN, 30)]
    assert fills(feed(market, price("15:10:02", 9_900, volume=9_000))) == [(Leg.FLATTEN, 70, 9_900)]


def test_an_exit_of_the_strategy_meanwhile_trades_no_more_than_is_held() -> None:
    market = held()
    at_the_time(market)
    feed(market, exit_of("15:10:01", 100))
    closed = feed(market, price("15:10:03", 9_900))
    assert fills(closed) == [(Leg.FLATTEN, 100, 9_900)]
    assert ends(closed) == [(Leg.EXIT, "position_closed")]


def test_what_found_no_price_is_closed_at_the_next_open() -> None:
    market = held()
    at_the_time(market)
    assert ends(market.on_watermark(moment("15:30:00"))) == [(Leg.FLATTEN, "session_closed")]
    out = feed(market, price(moment("09:15:00", NEXT_DAY), 9_800))
    assert legs(out)[0] == ("Submitted", Leg.FLATTEN, 100)
    assert fills(out) == [(Leg.FLATTEN, 100, 9_800)]


def test_a_price_after_the_time_finds_the_position_on_its_way_out() -> None:
    """No watermark came in between: the stop that this price would have met no longer works."""
    assert fills(feed(held(), price("15:12:00", 9_000))) == [(Leg.FLATTEN, 100, 9_000)]


def test_a_restored_market_closes_it_as_the_one_that_was_kept() -> None:
    market, again = held(), paper()
    again.restore(market.snapshot())
    assert at_the_time(again) == at_the_time(market)
