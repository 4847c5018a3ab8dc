"""The table of services says the same thing twice in places; here it must agree with itself."""

import pytest

from alpha_panda.events.topics import BROKER_EPOCHS, CONTROL_QUARANTINE, MARKET_EPOCHS, TOPICS, Scope
from alpha_panda.resources.broker import BrokerType
from alpha_panda.topology.graph import MARKET_FEED, PAPER, SERVICES, Redis, Service

EPOCHS = {MARKET_EPOCHS, BROKER_EPOCHS}
ROWS = {row.name: row for row in SERVICES}
IN_STEP = [row for row in SERVICES if EPOCHS & set(row.reads)]


@pytest.mark.parametrize("row", [row for row in IN_STEP if row is not MARKET_FEED], ids=lambda row: row.name)
def test_a_service_waits_for_exactly_the_services_that_write_what_it_reads(row: Service) -> None:
    facts = set(row.reads) - EPOCHS - set(row.writes)
    writers = {
        each.name for each in SERVICES if each is not row and facts & set(each.writes) and EPOCHS & set(each.writes)
    }
    assert set(row.upstream) | set(row.upstream_previous) == writers
    assert not set(row.upstream) & set(row.upstream_previous)


@pytest.mark.parametrize("row", IN_STEP, ids=lambda row: row.name)
def test_a_service_reads_the_markers_of_those_it_waits_for(row: Service) -> None:
    for name in (*row.upstream, *row.upstream_previous):
        assert EPOCHS & set(row.reads) & set(ROWS[name].writes)


def test_within_an_epoch_no_service_waits_for_itself_in_a_circle() -> None:
    def reaches(name: str, sought: str) -> bool:
        return any(each == sought or reaches(each, sought) for each in ROWS[name].upstream)

    assert not [name for name in ROWS if reaches(name, name)]


def test_the_loop_is_closed_with_its_delay() -> None:
    assert MARKET_FEED.upstream_previous == ("paper-trading",)
    assert ROWS["paper-trading"].upstream_previous == ("risk-manager",)
    assert "paper-trading" in ROWS["risk-manager"].upstream


def test_no_two_services_write_one_topic_but_the_markers() -> None:
    for topic in set(TOPICS) - EPOCHS:
        for kind in BrokerType:
            rows = [row for row in SERVICES if topic in row.writes and (row.shared or kind in row.brokers)]
            assert len(rows) <= 1


def test_a_brokers_service_writes_and_keeps_only_what_is_its_brokers() -> None:
    for row in SERVICES:
        if not row.shared:
            assert {topic.scope for topic in row.writes} == {Scope.BROKER}
            assert all(table.brokers for table in row.tables)


def test_only_the_portfolio_writes_redis() -> None:
    assert [row.name for row in SERVICES if row.redis is Redis.WRITE] == ["portfolio"]


def test_the_paper_market_exists_for_paper_brokers_only() -> None:
    assert ROWS["paper-trading"].brokers == PAPER == {BrokerType.PAPER}


def test_only_runners_say_that_a_strategy_is_quarantined() -> None:
    assert [row.name for row in SERVICES if CONTROL_QUARANTINE in row.writes] == ["strategy-runner"]
    assert {row.name for row in SERVICES if CONTROL_QUARANTINE in row.reads} == {
        "market-feed",
        "strategy-runner",
        "notifier",
        "api",
    }
