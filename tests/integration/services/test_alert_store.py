"""Alerts in a real PostgreSQL: kept once, acknowledged once, listed in pages."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import pytest
from tests.unit.domain.test_alerts import RULES, halted, resumed
from tests.unit.portfolio.trades import fill

from alpha_panda.domain.alerts import AlertState, Kind
from alpha_panda.events.signals import Side
from alpha_panda.runtime.alert_pages import Wanted, list_alerts
from alpha_panda.runtime.alert_store import AlertStore

pytestmark = pytest.mark.integration
Pool = asyncpg.Pool


async def test_what_is_read_twice_is_kept_once(pool: Pool):
    store, changes = AlertStore(pool), [*RULES.changes(halted(), None), *RULES.changes(resumed(5), None)]
    assert len(await store.apply(changes)) == 2
    before = await pool.fetch("SELECT * FROM platform.alerts")
    assert await store.apply(changes) == []
    assert await pool.fetch("SELECT * FROM platform.alerts") == before
    assert await store.going_on() == ()


async def test_an_acknowledged_alert_stays_acknowledged_until_it_is_over(pool: Pool):
    store = AlertStore(pool)
    [step] = await store.apply(RULES.changes(halted(), None))
    identity = UUID(step.alert.id)
    assert await store.acknowledge(identity, "ana")
    assert not await store.acknowledge(identity, "ben")
    await store.apply(RULES.changes(halted(3), None))
    [listed], _ = await list_alerts(pool, Wanted(kind=Kind.HALT), 10)
    assert (listed.alert.state, listed.acknowledged_by, listed.alert.count) == (AlertState.ACKNOWLEDGED, "ana", 2)
    await store.apply(RULES.changes(resumed(5), None))
    [listed], _ = await list_alerts(pool, Wanted(state=AlertState.RESOLVED), 10)
    assert listed.acknowledged_by == "ana"


async def test_pages_together_are_the_whole_list_latest_first(pool: Pool):
    store = AlertStore(pool)
    for second in range(7):
        await store.apply(RULES.changes(fill(Side.BUY, 1, 9_500, second), "paper"))
    found, after = [], None
    for expected in (3, 3, 1):
        page, after = await list_alerts(pool, Wanted(broker="paper"), 3, after)
        assert len(page) == expected
        found += page
    assert after is None
    assert [each.alert.raised_at.second for each in found] == [6, 5, 4, 3, 2, 1, 0]
    assert await list_alerts(pool, Wanted(broker="other"), 3) == ([], None)
