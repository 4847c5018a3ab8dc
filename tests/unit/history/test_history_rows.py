"""Every event that history keeps becomes the rows of its table, and what fits no column is refused."""

import json
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from tests.unit.portfolio.trades import START, fill, tick
from tests.unit.strategies.market_days import bar
from tests.unit.strategy_runner.scripted import bar_event, broker

from alpha_panda.domain.processor import RefusedEventError
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import event_id
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import (
    OrderAcknowledged,
    OrderCancelled,
    OrderFailed,
    OrderModified,
    OrderSubmitted,
)
from alpha_panda.events.signals import Intent, Product, Side, SignalRaised, SignalRejected, SignalValidated
from alpha_panda.history.rows import COLUMNS, OrderRow, rows_of

ORDER = fill(Side.BUY, 10, 9_500).data.order
RAISED = SignalRaised(
    strategy="s",
    instrument_token=1,
    intent=Intent.ENTER,
    side=Side.BUY,
    product=Product.MIS,
    reference_price_paise=100,
    reason="because",
    expires_at=datetime(2026, 1, 5, tzinfo=UTC),
)
SIGNAL_ID = event_id(START, "signal")
VERDICT_ID = event_id(START, "verdict")


def event(data: msgspec.Struct, identity: str = SIGNAL_ID) -> Event[msgspec.Struct]:
    return Event(id=identity, event_time=START, data=data, key="k", correlation_id="c")


def test_a_tick_and_a_bar_are_the_markets():
    [row] = rows_of(tick(9_500, 3), None)
    assert (row.schema, row.table, row.values[3:]) == ("market", "ticks", (9_500, None))
    [row] = rows_of(bar_event(bar(9_500)), None)
    assert (row.schema, row.table, row.values[1]) == ("market", "bars", "1m")


@pytest.mark.parametrize(
    ("data", "identity", "stage"),
    [
        (RAISED, SIGNAL_ID, "raw"),
        (
            SignalValidated(signal_id=SIGNAL_ID, signal=RAISED, quantity=5, binding_constraint="risk"),
            VERDICT_ID,
            "validated",
        ),
        (
            SignalRejected(signal_id=SIGNAL_ID, signal=RAISED, code="c", value="1", limit="0", message="no"),
            VERDICT_ID,
            "rejected",
        ),
    ],
)
def test_a_signal_and_its_verdict_share_the_signals_id(data: msgspec.Struct, identity: str, stage: str):
    [row] = rows_of(event(data, identity), "paper")
    assert (row.schema, row.table) == ("paper", "signals")
    assert row.values[:5] == (UUID(identity), UUID(SIGNAL_ID), stage, "s", 1)
    assert msgspec.json.decode(row.values[-1], type=type(data)) == data


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (OrderSubmitted(order=ORDER, order_sequence=0), "submitted"),
        (OrderAcknowledged(order=ORDER, order_sequence=1, broker_order_id="x"), "open"),
        (OrderModified(order=ORDER, order_sequence=2, reason="smaller"), "open"),
        (OrderFailed(order=ORDER, order_sequence=2, code="c", message="m"), "failed"),
        (OrderCancelled(order=ORDER, order_sequence=2, filled_quantity=0, code="c", message="m"), "cancelled"),
    ],
)
def test_an_order_event_is_the_order_in_the_state_that_it_leaves_it_in(data: msgspec.Struct, status: str):
    [row] = rows_of(event(data), "paper")
    order = OrderRow(*row.values)
    assert (row.table, order.status, str(order.order_id)) == ("orders", status, ORDER.order_id)
    assert json.loads(order.data)["order"]["product"] == "MIS"


def test_a_fill_is_a_row_of_its_own_and_a_change_of_its_order():
    whole = fill(Side.BUY, 10, 9_500, charges=100)
    part = msgspec.structs.replace(whole, data=msgspec.structs.replace(whole.data, quantity=4, filled_quantity=4))
    assert [row.table for row in rows_of(whole, "paper")] == ["orders", "fills"]
    assert OrderRow(*rows_of(whole, "paper")[0].values).status == "filled"
    assert OrderRow(*rows_of(part, "paper")[0].values).status == "partially_filled"
    assert rows_of(part, "paper")[1].values[5:8] == (4, 9_500, 100)


def test_rows_have_a_value_for_each_column():
    events = [(tick(1), None), (bar_event(bar(1)), None), (event(RAISED), "paper"), (fill(Side.BUY, 1, 1), "paper")]
    for each, owner in events:
        for row in rows_of(each, owner):
            assert len(row.values) == len(COLUMNS[row.table])


@pytest.mark.parametrize(
    ("given", "owner", "told"),
    [
        (event(RAISED), None, "its topic belongs to none"),
        (broker(), None, "BrokerConfigured"),
        (event(RAISED, "not-an-id"), "paper", "no UUID: 'not-an-id'"),
        (event(msgspec.structs.replace(RAISED, reason="a\0b")), "paper", "NUL"),
        (
            event(Tick(instrument_token=1, price_paise=1, volume=2**63)),
            None,
            "volume 9223372036854775808",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused_before_it_spoils_a_batch(given: Event[msgspec.Struct], owner: str, told: str):
    with pytest.raises(RefusedEventError) as caught:
        rows_of(given, owner)
    assert told in str(caught.value)


def test_what_a_person_wished_and_nobody_raised_is_listed_among_the_signals_all_the_same():
    validated = SignalValidated(signal_id=SIGNAL_ID, signal=RAISED, quantity=5, binding_constraint="position")
    wish = event_id(START, "wish")
    told = msgspec.structs.replace(event(validated, VERDICT_ID), causation_id=wish)
    signal, verdict = rows_of(told, "paper")
    assert [str(signal.values[0]), str(signal.values[1]), signal.values[2]] == [SIGNAL_ID, SIGNAL_ID, "raw"]
    assert (signal.values[3:6], verdict.values[2]) == (("s", 1, START), "validated")
    caused = msgspec.structs.replace(told, causation_id=SIGNAL_ID)
    assert len(rows_of(caused, "paper")) == 1
