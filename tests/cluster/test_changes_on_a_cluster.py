"""Each field of a spec, edited as a person does: what it changes, or who refuses it."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

import pytest
from tests.support.cluster import Cluster, image
from tests.support.waiting import until

from alpha_panda.resources.broker import BrokerSpec
from alpha_panda.resources.common import API_VERSION
from alpha_panda.resources.strategy import StrategySpec

TOLD: dict[str, Any] = {
    "params": {"fast": 9},
    "strategy": "momentum",
    "instruments": [{"exchange": "NSE", "symbol": "RELIANCE"}],
    "timeframes": ["5m"],
    "sizing": {"riskPercent": "0.7"},
    "levels": {"stopLossPercent": "0.8"},
    "risk": {"maxOrderValue": "30000"},
    "product": "CNC",
    "algoId": "NSE1234",
    "signalTimeToLiveSeconds": 30,
    "deletionPolicy": "Delete",
    "rollout": {"deadlineSeconds": 900},
}
"""Fields of a Strategy that running services take over: no pod restarts."""
PARAMETERS = {"fast": None, "slow": None, "lookback": 15, "entryPercent": 0.8, "exitPercent": 0}
"""What another class of strategy takes instead."""
CONDITIONS: dict[str, Any] = {"state": "Paused"}
"""Fields that a condition tells of."""
RESTARTS: dict[str, Any] = {"image": "IMAGE"}
"""Fields that give it a pod of its own."""
REFUSED: dict[str, Any] = {"mode": "Live", "acknowledgeLive": None, "brokers": ["second"]}
"""Fields that may not change while it runs, and what belongs to them."""
BROKERS = {"account", "halted", "paper", "deletionPolicy", "rollout"}
BROKERS_REFUSED: dict[str, Any] = {
    "type": "Zerodha",
    "live": True,
    "zerodha": {"ordersPerSecond": 4},
    "credentialsSecretRef": {"name": "kite"},
}


def test_no_field_is_forgotten():
    strategy = TOLD.keys() | CONDITIONS.keys() | RESTARTS.keys() | REFUSED.keys()
    assert strategy == {field.alias or name for name, field in StrategySpec.model_fields.items()}
    broker = BROKERS | BROKERS_REFUSED.keys()
    assert broker == {field.alias or name for name, field in BrokerSpec.model_fields.items()}


@pytest.mark.parametrize("field", TOLD)
def test_running_services_take_over_what_is_edited(cluster: Cluster, field: str):
    pods = cluster.service_pods()
    name = "ema-cross-1m" if field in {"strategy", "params"} else "momentum"
    before = cluster.get("strategy", name)["spec"]
    cluster.patch("strategy", name, {field: TOLD[field]} | ({"params": PARAMETERS} if field == "strategy" else {}))
    until(lambda: _holds(cluster.ask(f"/strategies/{name}"), field, TOLD[field]), f"services know the {field}")
    cluster.await_ready(f"strategy/{name}")
    assert cluster.service_pods() == pods
    cluster.restore("strategy", name, before)


def test_a_strategy_that_is_paused_says_so_and_goes_on_when_it_is_let(cluster: Cluster):
    for state, trading in (("Paused", "False"), ("Running", "True")):
        cluster.patch("strategy", "momentum", {"state": state})
        until(lambda wanted=trading: cluster.condition("strategy", "momentum", "Trading") == wanted, f"it is {state}")
        assert cluster.condition("strategy", "momentum", "Ready") == "True"


def test_an_image_gives_a_strategy_a_runner_of_its_own_until_it_is_taken_back(cluster: Cluster):
    own = {"image": image("services")}
    for change, runners in ((own, 1), ({"image": None}, 0)):
        cluster.patch("strategy", "momentum", change)
        until(
            lambda wanted=runners: len(cluster.get("pods", "-l", _RUNNER)["items"]) == wanted, f"{runners} run for it"
        )
        cluster.await_ready("strategy/momentum")


def test_what_may_not_change_while_a_strategy_runs_is_refused_with_the_way(cluster: Cluster):
    live = {"mode": "Live", "acknowledgeLive": "momentum", "risk": {"maxDailyLoss": "500", "maxOrderValue": "30000"}}
    for change in (live, {"brokers": REFUSED["brokers"]}):
        said = cluster.refused("patch", "strategy", "momentum", "--type=merge", "-p", json.dumps({"spec": change}))
        assert "Stopped" in said


def test_parameters_that_its_class_refuses_are_told_and_what_runs_is_left_alone(cluster: Cluster):
    pods = cluster.service_pods()
    cluster.patch("strategy", "ema-cross-5m", {"params": {"fast": 50, "slow": 13}})
    until(lambda: cluster.condition("strategy", "ema-cross-5m", "Accepted") == "False", "it is told")
    cluster.patch("strategy", "ema-cross-5m", {"params": {"fast": 5, "slow": 13}})
    cluster.await_ready("strategy/ema-cross-5m")
    assert cluster.service_pods() == pods


@pytest.mark.parametrize("field", sorted(BROKERS))
def test_a_broker_takes_over_what_is_edited(cluster: Cluster, field: str):
    pods = cluster.service_pods()
    edited = {
        "account": {"maxOpenPositions": 4},
        "halted": True,
        "paper": {"slippageBps": "3"},
        "deletionPolicy": "Delete",
        "rollout": {"deadlineSeconds": 900},
    }[field]
    before = cluster.get("broker", "paper")["spec"]
    cluster.patch("broker", "paper", {field: edited})
    cluster.await_ready("broker/paper")
    if field == "halted":
        until(lambda: cluster.condition("broker", "paper", "Halted") == "True", "it is halted")
        until(lambda: (cluster.ask("/portfolios/paper") or {}).get("halts"), "services know that it is halted")
    if field == "deletionPolicy":
        until(lambda: cluster.get("broker", "paper")["metadata"].get("finalizers"), "its data will be deleted with it")
    cluster.restore("broker", "paper", before)
    cluster.await_ready("broker/paper")
    until(lambda: cluster.condition("broker", "paper", "Halted") == "False", "nobody halts it")
    until(lambda: not cluster.get("broker", "paper")["metadata"].get("finalizers"), "nothing holds it")
    assert cluster.service_pods() == pods


@pytest.mark.parametrize("field", BROKERS_REFUSED)
def test_what_is_no_business_of_an_account_on_paper_is_refused(cluster: Cluster, field: str):
    change = json.dumps({"spec": {field: BROKERS_REFUSED[field]}})
    assert field in cluster.refused("patch", "broker", "paper", "--type=merge", "-p", change)


def test_twenty_strategies_get_ready_and_how_soon(cluster: Cluster):
    spec = cluster.get("strategy", "momentum")["spec"]
    names = [f"twin-{number}" for number in range(20)]
    seconds = [_applied_until_ready(cluster, name, spec) for name in names]
    twentieths = statistics.quantiles(seconds, n=20)
    figures = f"median {twentieths[9]:.2f} s, p95 {twentieths[18]:.2f} s, most {max(seconds):.2f} s"
    print(f"from apply to Ready: {figures}")  # noqa: T201 - shown with -s
    cluster.kubectl("delete", "strategy", *names)
    until(lambda: not any(cluster.ask(f"/strategies/{name}") for name in names), "services forget them")


_RUNNER = "alphapanda.io/service=strategy-runner-momentum"


def _applied_until_ready(cluster: Cluster, name: str, spec: dict[str, Any]) -> float:
    resource = {"apiVersion": API_VERSION, "kind": "Strategy", "metadata": {"name": name}, "spec": spec}
    begun = time.monotonic()
    cluster.apply(json.dumps(resource))
    cluster.await_ready(f"strategy/{name}")
    return time.monotonic() - begun


def _holds(strategy: Any, field: str, wanted: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether the API tells of the wanted value; of a group of fields, of those that were edited."""
    if strategy is None:
        return False
    found = strategy["spec"].get(field)
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(found.get(key) == value for key, value in wanted.items())
    return bool(found == wanted)
