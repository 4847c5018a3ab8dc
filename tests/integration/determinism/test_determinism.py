"""A replay's result depends on its data and resources alone: not on speed, partitions, other Brokers, or what dies."""

from __future__ import annotations

import pytest
from tests.integration.determinism.conftest import Outcome

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def same(ours: Outcome, theirs: Outcome, owner: str) -> None:
    """Compare row by row first, so that a failure shows where two runs part."""
    parted = [pair for pair in zip(ours.rows[owner], theirs.rows[owner], strict=False) if pair[0] != pair[1]]
    assert not parted[:1]
    assert len(ours.rows[owner]) == len(theirs.rows[owner])
    assert ours.digests[owner] == theirs.digests[owner]


def test_the_reference_trades_and_its_log_adds_up(reference: Outcome):
    assert reference.contradicted == {}
    assert reference.count("paper", "OrderFilled") >= 10
    assert reference.count("paper", "SignalRejected") >= 1
    assert reference.findings["markers"]["examined"] > 0


def agrees_with_a_backtest(outcome: Outcome) -> None:
    """Every event of the log is that of a backtest in every field; the first differences where not."""
    assert outcome.parity["differences"][:3] == []
    assert outcome.parity["agrees"]
    fills = sum(outcome.count(owner, "OrderFilled") for owner in outcome.rows)
    assert outcome.parity["equal"]["OrderFilled"] == fills


def test_a_backtest_says_what_four_partitions_of_the_services_said(reference: Outcome):
    agrees_with_a_backtest(reference)


def test_a_second_run_gives_the_same(reference: Outcome, anew: Outcome):
    assert anew.contradicted == {}
    same(reference, anew, "market")
    same(reference, anew, "paper")


def test_one_partition_at_market_speed_gives_the_same_as_four_at_full_speed(reference: Outcome, slow: Outcome):
    assert slow.contradicted == {}
    same(reference, slow, "market")
    same(reference, slow, "paper")


def test_a_backtest_says_what_two_brokers_at_market_speed_said(slow: Outcome):
    agrees_with_a_backtest(slow)


def test_another_broker_trades_the_same_signals_to_an_end_of_its_own(slow: Outcome):
    raised = [
        [
            (row["time"], row["strategy"], row["instrument"], row["side"], row["price_paise"])
            for row in slow.rows[owner]
            if row["kind"] == "SignalRaised"
        ]
        for owner in ("paper", "second")
    ]
    assert raised[0] == raised[1]
    ids = [{row["id"] for row in slow.rows[owner]} for owner in ("paper", "second")]
    assert not ids[0] & ids[1]
    assert slow.digests["paper"] != slow.digests["second"]


@pytest.mark.operations
@pytest.mark.long
def test_a_run_whose_every_service_was_killed_gives_the_same(slow: Outcome, killed: tuple[Outcome, dict[str, int]]):
    outcome, restarts = killed
    assert {name: count for name, count in restarts.items() if name != "api" and count < 1} == {}
    assert outcome.contradicted == {}
    for owner in ("market", "paper", "second"):
        same(slow, outcome, owner)
    agrees_with_a_backtest(outcome)
