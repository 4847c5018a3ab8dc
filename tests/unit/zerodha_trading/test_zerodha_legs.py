"""What follows from a fill: protection that rests at the exchange, its twin's end, and never two closing orders."""

from datetime import timedelta

import pytest
from tests.support.exchange_model import TERMS, WALL, ExchangeModel, Trader
from tests.support.trading import BOLT, entry, exit_of, moment

from alpha_panda.domain.order_terms import Refusal
from alpha_panda.events.orders import Leg, OrderFailed
from alpha_panda.zerodha_trading.agenda import to_send
from alpha_panda.zerodha_trading.state import State


@pytest.fixture
def trader() -> Trader:
    return Trader(ExchangeModel())


def enter(trader: Trader, quantity: int = 10, **fields: object) -> str:
    signal = entry("10:00:00", quantity, instrument_token=BOLT, **{"target_paise": 10_400, **fields})
    trader.desk.signal(signal, WALL, None, None)
    trader.write()
    return signal.data.signal_id


def fill(trader: Trader, leg: Leg, quantity: int) -> None:
    record = at_work(trader, leg)[-1]
    trader.exchange.trade(next(iter(record.parts)), quantity)
    trader.hear_everything()


def at_work(trader: Trader, leg: Leg) -> list:
    return [each for each in trader.desk.book.orders.values() if each.order.leg is leg and not each.over]


def send_all(trader: Trader) -> None:
    while trader.send_next("accepted"):
        pass


def failures(trader: Trader) -> list[str]:
    return [event.data.code for event in trader.events if isinstance(event.data, OrderFailed)]


def test_a_filled_entry_is_protected_by_a_stop_and_a_target(trader: Trader):
    enter(trader)
    send_all(trader)
    fill(trader, Leg.ENTRY, 10)
    waiting = {each.order.leg: each.order for each in to_send(trader.desk.book, trader.desk.legs)}
    assert waiting[Leg.STOP].trigger_price_paise == 9_500
    assert waiting[Leg.TARGET].limit_price_paise == 10_400
    assert {each.quantity for each in waiting.values()} == {10}


def test_a_partial_fill_is_protected_and_the_rest_widens_the_protection(trader: Trader):
    enter(trader)
    send_all(trader)
    fill(trader, Leg.ENTRY, 4)
    send_all(trader)
    fill(trader, Leg.ENTRY, 6)
    trader.do_changes()
    assert [each.order.quantity for each in at_work(trader, Leg.STOP)] == [10]


def test_the_twin_is_cancelled_when_a_leg_has_closed_the_position(trader: Trader):
    enter(trader)
    send_all(trader)
    fill(trader, Leg.ENTRY, 10)
    send_all(trader)
    fill(trader, Leg.TARGET, 10)
    trader.do_changes()
    trader.hear_everything()
    assert not trader.desk.book.trades
    assert not at_work(trader, Leg.STOP)


def test_an_exit_goes_only_after_its_trades_other_orders_are_over(trader: Trader):
    enter(trader)
    send_all(trader)
    fill(trader, Leg.ENTRY, 10)
    send_all(trader)
    trader.desk.signal(exit_of("10:05:00", 10, instrument_token=BOLT), WALL, None, None)
    trader.write()
    assert not to_send(trader.desk.book, trader.desk.legs)
    trader.do_changes()
    trader.hear_everything()
    assert [each.order.leg for each in to_send(trader.desk.book, trader.desk.legs)] == [Leg.EXIT]


def test_a_stop_that_the_exchange_refuses_closes_the_position(trader: Trader):
    enter(trader, target_paise=None)
    send_all(trader)
    fill(trader, Leg.ENTRY, 10)
    trader.send_next("rejected")
    assert [each.order.leg for each in to_send(trader.desk.book, trader.desk.legs)] == [Leg.FLATTEN]


def test_an_order_of_unknown_outcome_freezes_its_instrument_for_entries(trader: Trader):
    enter(trader)
    trader.send_next("lost")
    enter(trader, strategy="other")
    assert failures(trader) == ["instrument_frozen"]


def test_an_order_that_turns_up_late_is_adopted_even_after_it_was_given_up(trader: Trader):
    enter(trader)
    trader.send_next("accepted_unheard")
    record = next(iter(trader.desk.book.orders.values()))
    trader.desk.absent(record.order.order_id)
    assert record.state is State.UNKNOWN_ABSENT
    trader.hear_everything()
    assert record.state is State.ACKED


def test_a_claim_without_a_reply_is_unknown_after_a_restart_and_not_sent_again(trader: Trader):
    enter(trader)
    trader.send_next("crash_before_post")
    assert [each.state for each in trader.desk.book.orders.values()] == [State.UNKNOWN]
    assert not trader.send_next("accepted")
    assert trader.exchange.posts == []


def test_a_locked_desk_refuses_entries_and_says_why(trader: Trader):
    locked = Refusal(code="not_reconciled", value="", limit="", message="the books were not read yet")
    signal = entry("10:00:00", 10, instrument_token=BOLT)
    trader.desk.signal(signal, WALL, locked, None)
    trader.write()
    assert failures(trader) == ["not_reconciled"]


def test_an_intraday_position_is_closed_before_the_broker_does_it(trader: Trader):
    enter(trader, target_paise=None)
    send_all(trader)
    fill(trader, Leg.ENTRY, 10)
    send_all(trader)
    trader.desk.pass_time(moment("15:29:00"))
    trader.write()
    trader.do_changes()
    trader.hear_everything()
    assert [each.order.leg for each in to_send(trader.desk.book, trader.desk.legs)] == [Leg.FLATTEN]


def test_more_than_ten_slices_are_refused(trader: Trader):
    trader.desk.terms = TERMS
    enter(trader, quantity=10_001)
    assert failures(trader) == ["freeze_quantity"]
    assert timedelta(0) < trader.desk.now - moment("09:15:00")
