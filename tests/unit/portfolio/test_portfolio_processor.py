"""The portfolio keeps the account to the paisa and says so when something has changed."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.portfolio.trades import START, TOKEN, account, at, broker, feed, fill, tick

from alpha_panda.domain.processor import RefusedEventError
from alpha_panda.events.envelope import Event
from alpha_panda.events.orders import OrderFilled
from alpha_panda.events.signals import Side
from alpha_panda.events.topics import BARS
from alpha_panda.portfolio.processor import PortfolioProcessor

TRADES = st.lists(
    st.builds(
        fill,
        st.sampled_from(Side),
        st.integers(1, 500),
        st.integers(1, 20_000),
        st.integers(0, 20_000),
        charges=st.integers(0, 5_000),
        strategy=st.sampled_from(["a", "b"]),
        token=st.sampled_from([1, 2, 3]),
        name=st.uuids().map(str),
    ),
    max_size=25,
)
FEW = settings(max_examples=40, deadline=None)


def test_the_first_watermark_tells_of_the_starting_cash():
    [event] = account().on_watermark(START)
    assert (event.data.cash_paise, event.data.equity_paise, event.data.fills) == (5_000_000, 5_000_000, 0)
    assert (event.key, event.broker, event.event_time) == ("paper", "paper", START)


def test_a_fill_is_told_at_its_watermark_with_the_fill_as_its_cause():
    processor = account()
    list(processor.on_watermark(START))
    bought = fill(Side.BUY, 100, 9_500, 10, charges=300)
    feed(processor, bought, tick(9_600, 12))
    [event] = processor.on_watermark(at(15))
    assert (event.causation_id, event.correlation_id) == (bought.id, "its tick")
    assert event.data.cash_paise == 5_000_000 - 950_000 - 300
    assert event.data.unrealised_paise == 10_000
    assert event.data.equity_paise == 5_000_000 + 10_000 - 300
    [position] = event.data.positions
    assert (position.quantity, position.cost_paise, position.price_paise) == (100, 950_000, 9_600)


def test_a_fill_that_comes_late_is_told_at_the_same_watermark_under_another_id():
    processor = account()
    [before] = processor.on_watermark(at(15))
    feed(processor, fill(Side.BUY, 100, 9_500, 10))
    [after] = processor.on_watermark(at(15))
    assert (before.data.fills, after.data.fills) == (0, 1)
    assert before.event_time == after.event_time
    assert before.id != after.id


def test_marks_are_told_once_a_minute_and_only_where_they_moved_the_account():
    processor = account(fill(Side.BUY, 100, 9_500, 1))
    told = []
    for second, price in ((5, 9_500), (20, 9_600), (59, 9_700), (60, 9_700), (75, 9_800), (120, 9_700), (180, 9_700)):
        feed(processor, tick(price, second))
        told += [(event.event_time, event.data.unrealised_paise) for event in processor.on_watermark(at(second))]
    assert told == [(at(5), 0), (at(60), 20_000)]


def test_an_account_is_not_told_before_its_broker_is_known():
    processor = PortfolioProcessor("paper")
    feed(processor, fill(Side.BUY, 1, 100), broker(name="other"))
    assert list(processor.on_watermark(START)) == []


def test_a_position_without_a_tick_is_marked_at_its_last_fill():
    [event] = account(fill(Side.SELL, 10, 9_500), fill(Side.SELL, 10, 9_400, 1)).on_watermark(at(2))
    [position] = event.data.positions
    assert (position.price_paise, position.quantity, position.unrealised_paise) == (9_400, -20, 1_000)


def test_a_tick_that_is_older_than_the_mark_changes_nothing():
    processor = account(fill(Side.BUY, 1, 100), tick(120, 10), tick(90, 9))
    [event] = processor.on_watermark(at(11))
    assert event.data.positions[0].price_paise == 120
    assert processor.diagnostics()["late_ticks"] == 1


def test_a_fill_that_comes_twice_is_booked_once():
    bought = fill(Side.BUY, 100, 9_500)
    processor = account(bought, bought)
    assert processor.diagnostics()["fills"] == processor.diagnostics()["duplicate_fills"] == 1
    assert len([entry for entry in processor.pending_ledger() if entry.account == "cash"]) == 2


def test_entries_stay_pending_over_a_restart_until_they_are_forgotten():
    processor = account(fill(Side.BUY, 100, 9_500))
    other = PortfolioProcessor("paper")
    other.restore(processor.snapshot())
    assert other.pending_ledger() == processor.pending_ledger() != ()
    other.forget_ledger()
    assert other.pending_ledger() == ()


def test_a_change_of_the_starting_cash_is_paid_in_or_out():
    processor = account()
    feed(processor, broker("60000"))
    [event] = processor.on_watermark(START)
    assert event.data.starting_cash_paise == event.data.cash_paise == 6_000_000
    assert [entry.amount_paise for entry in processor.pending_ledger()] == [
        5_000_000,
        -5_000_000,
        1_000_000,
        -1_000_000,
    ]


def test_an_event_of_another_kind_or_with_a_wrong_spec_is_refused_and_changes_nothing():
    processor = account()
    before = processor.snapshot()
    with pytest.raises(RefusedEventError, match="broker paper"):
        feed(processor, broker("much"))
    with pytest.raises(RefusedEventError, match="takes no int"):
        processor.on_event(Event(id="", event_time=START, data=1, key="", correlation_id=""), BARS)
    assert processor.snapshot() == before


def total(accounts: dict[str, int], beginning: str) -> int:
    return sum(paise for name, paise in accounts.items() if name.startswith(beginning))


@FEW
@given(trades=TRADES)
def test_the_books_balance_after_any_trades(trades: list[Event[OrderFilled]]):
    processor = account(*trades)
    [event] = processor.on_watermark(at(30_000))
    accounts: defaultdict[str, int] = defaultdict(int)
    causes: defaultdict[str, int] = defaultdict(int)
    for entry in processor.pending_ledger():
        accounts[entry.account] += entry.amount_paise
        causes[entry.id] += entry.amount_paise
    assert set(causes.values()) <= {0}
    snapshot = event.data
    assert accounts["cash"] == snapshot.cash_paise
    assert accounts["capital"] == -snapshot.starting_cash_paise
    by_kind = {
        kind: sum(v for k, v in accounts.items() if k.startswith(kind)) for kind in ("position", "real", "charge")
    }
    assert by_kind == {
        "position": snapshot.cost_paise,
        "real": -snapshot.realised_paise,
        "charge": snapshot.charges_paise,
    }
    assert processor.diagnostics()["imbalance_paise"] == 0
    held = {(each.strategy, each.instrument_token): each.quantity for each in snapshot.positions}
    bought: defaultdict[tuple[str, int], int] = defaultdict(int)
    for trade in trades:
        order = trade.data.order
        bought[order.strategy, order.instrument_token] += order.side.sign * trade.data.quantity
    assert held == {key: quantity for key, quantity in bought.items() if quantity}


@FEW
@given(trades=TRADES, cut=st.integers(0, 25))
def test_a_restored_portfolio_goes_on_exactly(trades: list[Event[OrderFilled]], cut: int):
    processor = account(*trades[:cut], tick(9_000, 3, token=1))
    list(processor.on_watermark(at(61)))
    other = PortfolioProcessor("paper")
    other.restore(processor.snapshot())
    for each in (processor, other):
        feed(each, *trades[cut:], tick(9_100, 100, token=1))
    assert list(other.on_watermark(at(120))) == list(processor.on_watermark(at(120)))
    assert other.pending_ledger() == processor.pending_ledger()
    assert other.read_model() == processor.read_model()
    assert other.snapshot() == processor.snapshot()


def test_the_read_model_shows_the_account_its_strategies_and_its_latest_fills_first():
    processor = account(
        fill(Side.BUY, 100, 9_500, 1, charges=100, strategy="a"),
        fill(Side.BUY, 10, 9_500, 2, charges=10, strategy="b"),
        fill(Side.SELL, 100, 9_600, 3, charges=100, strategy="a"),
        tick(9_400, 4),
    )
    assert processor.read_model() is None
    list(processor.on_watermark(at(5)))
    model = processor.read_model()
    assert model is not None
    assert (model.summary.as_of, model.summary.broker, model.summary.open_positions) == (at(5), "paper", 1)
    assert [(each.strategy, each.profit_paise, each.open_positions) for each in model.strategies] == [
        ("a", 9_800, 0),
        ("b", -1_010, 1),
    ]
    assert [(each.strategy, each.price_at) for each in model.positions] == [("b", at(4))]
    assert [each.realised_paise for each in model.fills] == [10_000, 0, 0]
    assert [point.equity_paise for point in model.equity] == [model.summary.equity_paise]
    assert model.positions[0].instrument_token == TOKEN


def test_what_is_kept_for_showing_is_bounded():
    trades = [fill(Side.BUY if n % 2 else Side.SELL, 1, 100 + n, n) for n in range(300)]
    processor = account(*trades)
    for n in range(1_100):
        feed(processor, fill(Side.BUY if n % 2 else Side.SELL, 1, 100, 1_000 + n))
        list(processor.on_watermark(at(1_000 + n)))
    model = processor.read_model()
    assert model is not None
    assert (len(model.fills), len(model.equity)) == (100, 1_000)
