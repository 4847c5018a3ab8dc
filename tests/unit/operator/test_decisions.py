"""What the operator decides, from plain values."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.operator.installations import NAMESPACE, objects, release
from tests.unit.topology.stored_resources import paper, strategy

from alpha_panda.resources.broker import BrokerType
from alpha_panda.resources.common import Rollout
from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.status import BrokerStatus, ConditionStatus, ConditionType, StrategyStatus
from alpha_panda.resources.strategy import StrategyState
from alpha_panda_operator.cluster.cache import Cache
from alpha_panda_operator.decisions.announcements import announcements
from alpha_panda_operator.decisions.drift import is_as_applied
from alpha_panda_operator.decisions.names import owns_principal, owns_role
from alpha_panda_operator.decisions.observed import Seen, ServiceSeen, Trouble, seen_service
from alpha_panda_operator.decisions.pruning import decide_pruning
from alpha_panda_operator.decisions.rollouts import Change, Moment, decide_rollout
from alpha_panda_operator.decisions.statuses import StrategySeen, broker_status, strategy_status, written
from alpha_panda_operator.engine.queue import WorkQueue
from alpha_panda_operator.objects.model import Manifest

NOW = datetime(2026, 1, 5, 6, 30, tzinfo=UTC)
KEY = ("Strategy", NAMESPACE, "momentum")
SERVES = ServiceSeen(name="strategy-runner", revision="abc")


def made() -> tuple[Manifest, ...]:
    return objects((paper(namespace=NAMESPACE), strategy(namespace=NAMESPACE)))


def seen(**changes: object) -> Seen:
    values = {"generation": 2, "now": NOW, "provisioned": True, "needed": (SERVES,)}
    return Seen(**{**values, **changes})


def said(status: BrokerStatus | StrategyStatus, kind: ConditionType) -> tuple[ConditionStatus, str]:
    found = next(each for each in status.conditions if each.type is kind)
    return found.status, found.reason


def a_strategy(given: Seen, state: StrategyState = StrategyState.RUNNING, **changes: object) -> StrategyStatus:
    values = {"state": state, "runner": "strategy-runner", "brokers": ("paper",), **changes}
    return strategy_status(given, StrategySeen(**values), StrategyStatus())


def test_a_strategy_that_has_all_it_needs_is_ready_and_trades():
    status = a_strategy(seen())
    assert said(status, ConditionType.READY) == (ConditionStatus.TRUE, "AsAsked")
    assert said(status, ConditionType.TRADING) == (ConditionStatus.TRUE, "Running")
    assert status.observed_generation == 2


@pytest.mark.parametrize(
    ("changes", "kind", "reason"),
    [
        ({"refused": (Trouble(reason=Reason.UNKNOWN_BROKER, message="…"),)}, ConditionType.ACCEPTED, "UnknownBroker"),
        (
            {"stores": Trouble(reason=Reason.KAFKA_UNAVAILABLE, message="…")},
            ConditionType.DEPENDENCIES_READY,
            "KafkaUnavailable",
        ),
        ({"provisioned": False}, ConditionType.TOPICS_READY, "NotYet"),
        (
            {"needed": (ServiceSeen(name="x", revision=None, trouble=Trouble(reason=Reason.CRASHING, message="…")),)},
            ConditionType.WORKLOAD_AVAILABLE,
            "Crashing",
        ),
        (
            {"broken": Trouble(reason=Reason.TOO_MANY_DELETIONS, message="…")},
            ConditionType.WORKLOAD_AVAILABLE,
            "TooManyDeletions",
        ),
    ],
)
def test_ready_says_the_first_thing_that_is_missing(changes: dict, kind: ConditionType, reason: str):
    status = a_strategy(seen(**changes))
    assert said(status, kind) == (ConditionStatus.FALSE, reason)
    assert said(status, ConditionType.READY) == (ConditionStatus.FALSE, reason)


def test_a_stopped_strategy_is_ready_because_that_is_what_was_asked_and_does_not_trade():
    status = a_strategy(seen(runs=False, needed=()), StrategyState.STOPPED, runner=None)
    assert said(status, ConditionType.READY)[0] is ConditionStatus.TRUE
    assert said(status, ConditionType.TRADING) == (ConditionStatus.FALSE, "Stopped")


def test_a_closed_market_makes_nothing_unready():
    market = Trouble(reason=Reason.MARKET_CLOSED, message="no session is on")
    status = a_strategy(seen(), market=market)
    assert said(status, ConditionType.READY)[0] is ConditionStatus.TRUE
    assert said(status, ConditionType.TRADING) == (ConditionStatus.FALSE, "MarketClosed")


def test_the_time_of_a_transition_changes_only_with_the_status():
    first = a_strategy(seen())
    later = seen(now=NOW + timedelta(hours=1), refused=(Trouble(reason=Reason.NO_BROKER, message="…"),))
    second = strategy_status(later, StrategySeen(state=StrategyState.RUNNING, runner=None, brokers=()), first)
    times = {each.type: each.last_transition_time for each in second.conditions}
    assert times[ConditionType.ACCEPTED] == NOW + timedelta(hours=1)
    assert times[ConditionType.TOPICS_READY] == NOW


def test_a_status_takes_away_what_it_does_not_have():
    patch = written(a_strategy(seen(runs=False), StrategyState.STOPPED, runner=None))
    assert patch["runner"] is None
    assert patch["rollout"] is None


def test_a_roll_out_that_was_written_down_stays_while_nothing_could_be_looked_at():
    record = decide_rollout(None, a_change(), Moment(now=NOW, market_open=True, flat=None)).record
    before = BrokerStatus(rollout=record)
    down = seen(stores=Trouble(reason=Reason.KAFKA_UNAVAILABLE, message="…"))
    assert broker_status(down, BrokerType.ZERODHA, halted=False, strategies=0, before=before).rollout == record


def a_change() -> Change:
    return Change(live={"a": "old"}, wanted={"a": "new"}, available=frozenset(), guarded=True, rollout=Rollout())


def test_each_condition_that_becomes_another_is_told_once():
    unready = broker_status(
        seen(needed=(ServiceSeen(name="x", revision=None, trouble=Trouble(reason=Reason.NOT_READY, message="…")),)),
        *(BrokerType.PAPER,),
        halted=False,
        strategies=0,
        before=BrokerStatus(),
    )
    assert announcements((), unready.conditions) == ()
    ready = broker_status(seen(), BrokerType.PAPER, halted=False, strategies=1, before=unready)
    assert {each.reason for each in announcements(unready.conditions, ready.conditions)} == {
        "Ready",
        "WorkloadAvailable",
    }
    assert announcements(ready.conditions, ready.conditions) == ()
    halted = broker_status(seen(), BrokerType.PAPER, halted=True, strategies=1, before=ready)
    assert [(each.reason, each.warning) for each in announcements(ready.conditions, halted.conditions)] == [
        ("Halted", True)
    ]


def test_only_objects_of_the_owner_that_nothing_wants_are_pruned():
    everything = made()
    feed = [each for each in everything if each["metadata"]["name"] == "alpha-panda-history"]
    kept = [each for each in everything if each not in feed]
    pruning = decide_pruning(release(), everything, kept)
    assert {each["kind"] for each in pruning.surplus} == {each["kind"] for each in feed}
    assert {each["metadata"]["name"] for each in pruning.surplus} == {"alpha-panda-history"}


def test_more_than_half_of_an_owner_s_services_are_not_pruned_unless_that_is_explained():
    everything = made()
    refused = decide_pruning(release(), everything, ())
    assert refused.surplus == ()
    assert "5 of 5 services" in refused.refusal
    assert decide_pruning(release(), everything, (), explained=True).surplus


def test_an_object_is_as_applied_though_the_server_has_added_to_it_and_not_when_a_field_was_changed():
    wanted = next(each for each in made() if each["kind"] == "Deployment")
    live = {**wanted, "status": {}, "spec": {**wanted["spec"], "paused": False}}
    assert is_as_applied(live, wanted)
    assert not is_as_applied({**live, "spec": {**live["spec"], "strategy": {"type": "RollingUpdate"}}}, wanted)
    assert not is_as_applied(None, wanted)


@pytest.mark.parametrize("name", ["bar-builder", "paper.risk-manager", "strategy-runner-mine", "operations"])
def test_names_that_a_plan_could_have_made_are_ours(name: str):
    assert owns_principal("")(name)
    assert owns_principal("demo_")(f"demo_{name}")
    assert owns_role("demo_")(f"demo_{name}".replace("-", "_").replace(".", "_"))


@pytest.mark.parametrize("name", ["admin", "alice", "demo_paper.portfolio", "paper.accounting", "connect-worker"])
def test_names_of_others_are_not_ours(name: str):
    assert not owns_principal("")(name)
    assert not owns_principal("mine_")(name)


def test_a_deployment_serves_only_when_its_new_pods_do():
    deployment = next(each for each in made() if each["kind"] == "Deployment")
    deployment = {**deployment, "metadata": {**deployment["metadata"], "generation": 3}}
    serving = {"observedGeneration": 3, "availableReplicas": 1, "updatedReplicas": 1}
    assert seen_service("x", {**deployment, "status": serving}).ready
    assert not seen_service("x", {**deployment, "status": {**serving, "observedGeneration": 2}}).ready
    assert not seen_service("x", {**deployment, "status": {**serving, "updatedReplicas": 0}}).ready
    assert not seen_service("x", None).ready


def resource(name: str, version: int, uid: str = "one", generation: int = 1) -> Manifest:
    metadata = {
        "name": name,
        "namespace": NAMESPACE,
        "uid": uid,
        "resourceVersion": str(version),
        "generation": generation,
    }
    return {"kind": "Strategy", "metadata": metadata}


def test_a_list_tells_of_what_the_watch_has_lost():
    cache = Cache()
    assert cache.see(resource("kept", 5))
    assert cache.see(resource("lost", 6, "two"))
    cache.begin_list()
    assert cache.replace("Strategy", NAMESPACE, [resource("kept", 5)], "9") == {("Strategy", NAMESPACE, "lost")}
    assert set(cache.objects) == {("Strategy", NAMESPACE, "kept")}


def test_a_list_that_is_older_than_the_watch_changes_nothing():
    cache = Cache()
    cache.begin_list()
    cache.see(resource("new", 12))
    cache.see(resource("gone", 4, "two"))
    cache.lose(resource("gone", 13, "two"))
    assert cache.replace("Strategy", NAMESPACE, [resource("gone", 4, "two")], "10") == set()
    assert set(cache.objects) == {("Strategy", NAMESPACE, "new")}


def test_a_new_status_is_no_news():
    cache = Cache()
    cache.see(resource("momentum", 5))
    assert not cache.see({**resource("momentum", 6), "status": {"observedGeneration": 1}})
    assert cache.see(resource("momentum", 7, generation=2))


async def test_a_key_that_is_worked_on_is_not_given_out_twice_and_comes_again_if_asked():
    queue = WorkQueue(0.01, 1)
    queue.add(KEY)
    assert await queue.take() == KEY
    queue.add(KEY)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.take(), 0.05)
    queue.done(KEY)
    assert await asyncio.wait_for(queue.take(), 1) == KEY


async def test_pauses_grow_with_failures_up_to_the_longest_and_nothing_is_kept_after_success():
    queue = WorkQueue(1, 60)
    pauses = []
    for _ in range(12):
        queue.add(KEY)
        assert await queue.take() == KEY
        pauses.append(queue.failed(KEY))
        queue.add(KEY)
    assert all(0.5 * 2**count <= pause <= 2**count for count, pause in enumerate(pauses[:6]))
    assert max(pauses) <= 60
    assert await queue.take() == KEY
    queue.done(KEY)
    assert queue.is_idle


async def test_a_thousand_keys_that_came_and_went_leave_nothing_behind():
    queue = WorkQueue(1, 60)
    for index in range(1000):
        queue.add(("Strategy", NAMESPACE, f"s{index}"))
    for _ in range(1000):
        queue.done(await queue.take())
    assert queue.is_idle
    assert len(queue) == 0
