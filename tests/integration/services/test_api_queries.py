"""The API's pages over a real PostgreSQL: complete, in order, over one Broker or all."""

from typing import Any

import asyncpg
import msgspec
import pytest
from tests.unit.history.test_history_rows import RAISED, event
from tests.unit.portfolio.trades import fill

from alpha_panda.api.queries import FILLS, ORDERS, SIGNALS, Queries
from alpha_panda.events.ids import event_id
from alpha_panda.events.signals import Side, SignalRejected, SignalValidated
from alpha_panda.history.rows import rows_of
from alpha_panda.history.writer import HistoryWriter

pytestmark = pytest.mark.integration
Pool = asyncpg.Pool
BOTH = ("paper", "second-paper")


async def filled(pool: Pool, count: int) -> None:
    """Fills of one lot each, every other one on the second Broker, three in a second."""
    rows = []
    for n in range(count):
        trade = fill(Side.BUY, 1, 100 + n, n // 3, strategy="even" if n % 2 == 0 else "odd", token=1 + n % 3)
        rows += rows_of(trade, BOTH[n % 2])
    await HistoryWriter(pool).write(rows)


@pytest.mark.parametrize("listing", [ORDERS, FILLS])
async def test_pages_together_are_the_whole_list_latest_first(pool: Pool, listing: Any):  # noqa: ANN401
    await filled(pool, 20)
    queries, found, cursor = Queries(pool), [], None
    for expected in (7, 7, 6):
        rows, cursor = await queries.page(listing, BOTH, {"strategy": None}, 7, cursor)
        assert len(rows) == expected
        found += rows
    assert cursor is None
    order = [(row["row_time"], row["row_id"]) for row in found]
    assert order == sorted(set(order), reverse=True)
    assert {row["broker"] for row in found} == set(BOTH)


async def test_filters_narrow_a_list(pool: Pool):
    await filled(pool, 20)
    queries = Queries(pool)
    rows, _ = await queries.page(ORDERS, BOTH, {"strategy": "even", "instrument_token": 1, "status": "filled"}, 100)
    assert {(row["broker"], row["strategy"], row["instrument_token"]) for row in rows} == {("paper", "even", 1)}
    assert (await queries.page(ORDERS, BOTH, {"status": "open"}, 100))[0] == []
    assert len((await queries.page(FILLS, ["second-paper"], {}, 100))[0]) == 10
    assert await queries.page(FILLS, [], {}, 100) == ([], None)


async def test_signals_come_with_their_verdicts(pool: Pool):
    ids = {name: event_id(RAISED.expires_at, name) for name in ("none", "yes", "no")}
    yes = SignalValidated(signal_id=ids["yes"], signal=RAISED, quantity=5, binding_constraint="risk")
    no = SignalRejected(signal_id=ids["no"], signal=RAISED, code="cash", value="1", limit="0", message="m")
    verdicts = [event(yes, event_id(RAISED.expires_at, "v1")), event(no, event_id(RAISED.expires_at, "v2"))]
    raised = [event(RAISED, identity) for identity in ids.values()]
    await HistoryWriter(pool).write([row for each in (*raised, *verdicts) for row in rows_of(each, "paper")])
    queries = Queries(pool)
    for verdict, name in (("pending", "none"), ("validated", "yes"), ("rejected", "no")):
        [row], _ = await queries.page(SIGNALS, ["paper"], {"verdict": verdict}, 10)
        assert str(row["id"]) == ids[name]
        assert row["data"] == msgspec.to_builtins(RAISED)
    assert row["verdict_data"]["code"] == "cash"
    assert len((await queries.page(SIGNALS, ["paper"], {}, 10))[0]) == 3
    await queries.ping()
