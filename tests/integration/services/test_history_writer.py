"""History in a real PostgreSQL: batches can be written again, in another order, and come to the same."""

import itertools
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
from tests.unit.history.test_history_rows import RAISED, SIGNAL_ID, VERDICT_ID, event
from tests.unit.portfolio.trades import START, fill, tick
from tests.unit.strategies.market_days import bars
from tests.unit.strategy_runner.scripted import bar_event

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.orders import OrderAcknowledged, OrderCancelled, OrderModified, OrderSubmitted
from alpha_panda.events.signals import Side, SignalRejected
from alpha_panda.history.rows import Row, rows_of
from alpha_panda.history.writer import HistoryWriter
from alpha_panda.runtime.errors import TransientError

pytestmark = pytest.mark.integration
Pool = asyncpg.Pool


def rows(*events: AnyEvent, broker: str | None = "paper") -> list[Row]:
    return [row for each in events for row in rows_of(each, broker)]


def part(quantity: int, so_far: int, sequence: int) -> AnyEvent:
    whole = fill(Side.BUY, 10, 9_500, sequence)
    order = fill(Side.BUY, 10, 9_500).data.order
    data = msgspec.structs.replace(
        whole.data, order=order, quantity=quantity, filled_quantity=so_far, order_sequence=sequence
    )
    return msgspec.structs.replace(whole, data=data)


def life_of_an_order() -> list[AnyEvent]:
    order = part(4, 4, 2).data.order
    return [
        event(OrderSubmitted(order=order, order_sequence=0)),
        msgspec.structs.replace(
            event(OrderAcknowledged(order=order, order_sequence=1, broker_order_id="x")),
            event_time=START + timedelta(seconds=1),
        ),
        part(4, 4, 2),
        part(3, 7, 3),
        msgspec.structs.replace(
            event(OrderCancelled(order=order, order_sequence=4, filled_quantity=7, code="session_closed", message="m")),
            event_time=START + timedelta(seconds=4),
        ),
    ]


async def order_of(pool: Pool) -> dict[str, Any]:
    row = await pool.fetchrow('SELECT * FROM "paper".orders')
    return dict(row)


async def test_a_batch_that_is_written_twice_is_there_once(pool: Pool):
    writer = HistoryWriter(pool)
    market = [row for n in range(50) for row in rows_of(tick(9_500 + n, n), None)]
    market += [row for each in bars([9_500, 9_600]) for row in rows_of(bar_event(each), None)]
    batch = [*market, *rows(event(RAISED), *life_of_an_order()), *rows(event(RAISED), broker="second-paper")]
    await writer.write(batch)
    await writer.write([*batch, *market])
    places = (
        ("market", "ticks"),
        ("market", "bars"),
        ("paper", "signals"),
        ("paper", "fills"),
        ("second-paper", "signals"),
    )
    counts = [await pool.fetchval(f'SELECT count(*) FROM "{schema}".{table}') for schema, table in places]  # noqa: S608
    assert counts == [50, 2, 1, 2, 1]


async def test_an_order_is_the_same_in_whatever_order_and_batches_its_events_come(pool: Pool):
    writer = HistoryWriter(pool)
    await writer.write(rows(*life_of_an_order()))
    expected = await order_of(pool)
    assert (expected["status"], expected["filled_quantity"]) == ("cancelled", 7)
    assert expected["filled_value_paise"] == 7 * 9_500
    assert (expected["submitted_at"], expected["changed_at"]) == (START, START + timedelta(seconds=4))
    for mixed in itertools.islice(itertools.permutations(life_of_an_order()), 0, 120, 11):
        await pool.execute('TRUNCATE "paper".orders, "paper".fills')
        for each in mixed:
            await writer.write(rows(each))
        assert await order_of(pool) == expected


async def test_a_modified_order_that_was_filled_in_part_says_both(pool: Pool):
    changed = msgspec.structs.replace(part(4, 4, 2).data.order, quantity=8)
    events = [*life_of_an_order()[:3], event(OrderModified(order=changed, order_sequence=3, reason="smaller"))]
    await HistoryWriter(pool).write(rows(*events))
    found = await order_of(pool)
    assert (found["status"], found["quantity"], found["filled_quantity"]) == ("partially_filled", 8, 4)


async def test_of_two_verdicts_on_one_signal_the_first_stands(pool: Pool):
    verdict = SignalRejected(signal_id=SIGNAL_ID, signal=RAISED, code="c", value="1", limit="0", message="no")
    other = msgspec.structs.replace(verdict, code="other")
    for each in (verdict, other):
        await HistoryWriter(pool).write(rows(event(RAISED), event(each, VERDICT_ID)))
    assert await pool.fetchval("SELECT data->>'code' FROM \"paper\".signals WHERE stage = 'rejected'") == "c"


async def test_a_broker_whose_schema_is_not_there_yet_is_waited_for_and_nothing_is_half_written(pool: Pool):
    batch = [*rows_of(tick(9_500), None), *rows(event(RAISED), broker="not-yet")]
    with pytest.raises(TransientError, match="lacks a table"):
        await HistoryWriter(pool).write(batch)
    assert await pool.fetchval("SELECT count(*) FROM market.ticks") == 0
    assert await pool.fetchval("SELECT count(*) FROM pg_class WHERE relname LIKE 'staged%'") == 0


async def test_nothing_is_asked_of_the_store_for_an_empty_batch(pool: Pool):
    await pool.execute('DROP SCHEMA "paper" CASCADE')
    await HistoryWriter(pool).write([])
