"""What the operator says of a resource is kept whole and reads well; only who may write the status can."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.operator.conftest import manifest
from tests.support.kube_api import KubeApi
from tests.support.rule_cases import PAPER, broker, strategy

from alpha_panda.resources.common import API_VERSION, RolloutWindow
from alpha_panda.resources.documents import write_object
from alpha_panda.resources.fields import Model
from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.status import (
    BrokerStatus,
    Condition,
    ConditionStatus,
    ConditionType,
    ResourceStatus,
    RolloutPhase,
    RolloutRecord,
    ServiceStatus,
    StrategyStatus,
)

pytestmark = pytest.mark.operator

M = TypeVar("M", bound=Model)


def made(model: type[M], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[M]:
    """Models of these fields by their inside names, which pydantic's signature does not show."""
    return st.fixed_dictionaries(fields).map(lambda given: model(**given))


NOW = datetime(2026, 4, 1, 9, 15, tzinfo=UTC)
times = st.datetimes(datetime(1970, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware
generations = st.integers(1, 2**53)
names = st.from_regex(r"[a-f][-.a-f0-9]{0,20}[a-f0-9]", fullmatch=True)
revisions = st.from_regex(r"[a-f0-9]{1,64}", fullmatch=True)
conditions = st.lists(
    made(
        Condition,
        type=st.sampled_from(ConditionType),
        status=st.sampled_from(ConditionStatus),
        reason=st.sampled_from(Reason),
        message=st.text(max_size=200) | st.just("é" * 2000),
        observed_generation=generations,
        last_transition_time=times,
    ),
    unique_by=lambda each: each.type,
).map(tuple)
services = st.lists(
    made(ServiceStatus, name=names, ready=st.booleans(), revision=st.none() | revisions),
    unique_by=lambda each: each.name,
    max_size=32,
).map(tuple)
rollouts = st.none() | made(
    RolloutRecord,
    phase=st.sampled_from(RolloutPhase),
    window=st.sampled_from(RolloutWindow),
    services=st.lists(names, min_size=1, max_size=32, unique=True).map(tuple),
    from_revision=st.none() | revisions,
    to_revision=revisions,
    started_at=times,
    deadline=times,
)
common: dict[str, Any] = {
    "observed_generation": st.none() | generations,
    "conditions": conditions,
    "services": services,
    "rollout": rollouts,
}
broker_names = st.from_regex(r"[a-f][a-f0-9]{0,19}", fullmatch=True)
strategy_statuses = made(
    StrategyStatus,
    **common,
    runner=st.none() | names,
    brokers=st.lists(broker_names, max_size=10, unique=True).map(tuple),
)
broker_statuses = made(
    BrokerStatus, **common, strategies=st.none() | st.integers(0, 10**6), session_expires_at=st.none() | times
)


def path(namespace: str, plural: str, name: str) -> str:
    """Where the API server has it."""
    return f"/apis/{API_VERSION}/namespaces/{namespace}/{plural}/{name}"


def write_status(server: KubeApi, where: str, status: ResourceStatus) -> dict[str, Any]:
    """The status as the API server keeps it, after it was written there."""
    patch = {"status": status.model_dump(mode="json", by_alias=True, exclude_none=True)}
    found = server.http.get(where).raise_for_status().json()
    answer = server.http.put(
        f"{where}/status", params={"fieldValidation": "Strict"}, json={**found, "status": patch["status"]}
    )
    assert answer.is_success, answer.text
    kept: dict[str, Any] = answer.json()["status"]
    return kept


@pytest.fixture
def applied(kube_api: KubeApi, namespace: str) -> str:
    """A namespace with a Broker `desk` and a Strategy `mine`."""
    for resource in (broker(PAPER), strategy(brokers=("desk",))):
        kube_api.kubectl("apply", "-n", namespace, "-f-", text=json.dumps(write_object(resource)))
    return namespace


slow = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@slow
@given(strategy_statuses)
def test_every_status_of_a_strategy_is_kept_whole(kube_api: KubeApi, applied: str, status: StrategyStatus) -> None:
    kept = write_status(kube_api, path(applied, "strategies", "mine"), status)
    assert StrategyStatus.model_validate(kept) == status


@slow
@given(broker_statuses)
def test_every_status_of_a_broker_is_kept_whole(kube_api: KubeApi, applied: str, status: BrokerStatus) -> None:
    kept = write_status(kube_api, path(applied, "brokers", "desk"), status)
    assert BrokerStatus.model_validate(kept) == status


def condition(kind: ConditionType, status: ConditionStatus, reason: Reason, message: str = "") -> Condition:
    """A condition of the first generation."""
    return Condition(
        type=kind, status=status, reason=reason, message=message, observed_generation=1, last_transition_time=NOW
    )


READY = StrategyStatus(
    observed_generation=1,
    conditions=(
        condition(ConditionType.READY, ConditionStatus.TRUE, Reason.AS_ASKED),
        condition(ConditionType.TRADING, ConditionStatus.FALSE, Reason.MARKET_CLOSED, "The market opens at 09:15."),
    ),
    runner="strategy-runner",
    brokers=("desk",),
)


def test_the_columns_tell_a_trader_what_there_is(kube_api: KubeApi, applied: str) -> None:
    write_status(kube_api, path(applied, "strategies", "mine"), READY)
    ready = condition(ConditionType.READY, ConditionStatus.FALSE, Reason.KAFKA_UNAVAILABLE, "Kafka does not answer.")
    write_status(kube_api, path(applied, "brokers", "desk"), BrokerStatus(conditions=(ready,), strategies=1))
    strategies = kube_api.kubectl("get", "strat", "-n", applied).splitlines()
    assert strategies[0].split() == ["NAME", "MODE", "STATE", "BROKERS", "READY", "TRADING", "REASON", "AGE"]
    assert strategies[1].split()[:7] == ["mine", "Paper", "Running", '["desk"]', "True", "False", "AsAsked"]
    brokers = kube_api.kubectl("get", "brk", "-n", applied).splitlines()
    assert brokers[0].split() == ["NAME", "TYPE", "LIVE", "HALTED", "STRATEGIES", "READY", "REASON", "AGE"]
    assert brokers[1].split()[:7] == ["desk", "Paper", "false", "false", "1", "False", "KafkaUnavailable"]
    everything = kube_api.kubectl("get", "alphapanda", "-n", applied, "-o", "name").splitlines()
    assert everything == ["broker.alphapanda.io/desk", "strategy.alphapanda.io/mine"]


def test_kubectl_wait_does_not_take_the_status_of_an_older_spec(kube_api: KubeApi, applied: str) -> None:
    write_status(kube_api, path(applied, "strategies", "mine"), READY)
    wait = ("wait", "strat/mine", "-n", applied, "--for=condition=Ready", "--timeout=2s")
    assert kube_api.run_kubectl(*wait).code == 0
    kube_api.kubectl("patch", "strat", "mine", "-n", applied, "--type=merge", '-p={"spec":{"state":"Paused"}}')
    assert "timed out" in kube_api.run_kubectl(*wait).err


def test_a_condition_has_one_entry_of_its_type(kube_api: KubeApi, applied: str) -> None:
    twice = READY.model_copy(update={"conditions": (READY.conditions[0], READY.conditions[0])})
    patch = json.dumps({"status": twice.model_dump(mode="json", by_alias=True, exclude_none=True)})
    words = ("patch", "strat", "mine", "-n", applied, "--subresource=status", "--type=merge", "-p", patch)
    assert "Duplicate value" in kube_api.run_kubectl(*words).err


def test_a_trader_cannot_write_the_status(kube_api: KubeApi, namespace: str) -> None:
    said = manifest("Broker", "desk", {"type": "Paper"})
    with_status = json.dumps({**json.loads(said), "status": {"strategies": 7}})
    kube_api.kubectl("apply", "-n", namespace, "-f-", text=with_status)
    assert "status" not in kube_api.get("brk", "desk", "-n", namespace)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("strategy.spec.risk", "maxDailyLoss"),
        ("strategy.spec.sizing.kelly", "winRatePercent"),
        ("broker.spec.account.protections.stopLossGuard", "lookbackMinutes"),
        ("strategy.status.conditions", "observedGeneration"),
        ("broker.spec", "credentialsSecretRef"),
    ],
)
def test_kubectl_explains_every_field(kube_api: KubeApi, field: str, expected: str) -> None:
    text = kube_api.kubectl("explain", field)
    assert expected in text
    assert "<no description>" not in text
