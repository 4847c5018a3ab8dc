"""What a person does who tries the platform on Kubernetes: an upgrade, and a real day traded while pods die."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
import yaml
from tests.cluster.conftest import EXAMPLES
from tests.support.cluster import READY_SECONDS, Cluster, image
from tests.support.helm import ROOT
from tests.support.waiting import until

DAY_SECONDS = 600.0
CLOSE = "2019-07-09T10:00:00Z"
DEFINITIONS = ("customresourcedefinition/strategies.alphapanda.io", "customresourcedefinition/brokers.alphapanda.io")
OWN_IMAGE = {
    "apiVersion": "alphapanda.io/v1alpha1",
    "kind": "Strategy",
    "metadata": {"name": "own-image"},
    "spec": {
        "strategy": "momentum",
        "instruments": [{"exchange": "NSE", "symbol": "RELIANCE"}],
        "product": "MIS",
        "state": "Paused",
    },
}


@pytest.fixture(scope="module")
def day() -> Any:  # noqa: ANN401 - JSON
    """The same day in a backtest."""
    command = [ROOT / ".venv/bin/panda", "backtest", "-f", EXAMPLES, "--data", EXAMPLES / "market", "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    return json.loads(done.stdout)["accounts"][0]


def test_an_upgrade_from_the_chart_before_keeps_definitions_and_resources(cluster: Cluster):
    before = _identities(cluster)
    cluster.upgrade()
    cluster.kubectl("rollout", "status", f"deployment/{cluster.release}-operator", f"--timeout={READY_SECONDS:.0f}s")
    cluster.await_ready()
    assert _identities(cluster) == before
    for file in (ROOT / "crds").glob("*.yaml"):
        for definition in yaml.safe_load_all(file.read_text()):
            if definition["kind"] == "CustomResourceDefinition":
                _is_in_force(cluster, definition)


def test_an_operator_that_dies_in_its_work_leaves_a_strategy_that_gets_ready(cluster: Cluster):
    own = {**OWN_IMAGE, "spec": {**OWN_IMAGE["spec"], "image": image("services")}}
    cluster.apply(yaml.safe_dump(own))
    until(lambda: _runner(cluster), "the operator is at work on the strategy's runner")
    _kill(cluster, "app.kubernetes.io/name=operator")
    cluster.await_ready("strategy/own-image")
    cluster.kubectl("delete", "strategy", "own-image")
    until(lambda: not _runner(cluster), "what was made for it is gone")


def test_a_day_ends_to_the_paisa_as_in_a_backtest_though_pods_die(cluster: Cluster, day: Any):  # noqa: ANN401 - JSON
    cluster.upgrade("--set", "replay.enabled=true", "--set", "replay.speed=600")
    until(lambda: cluster.account()["fills"] > 0, "something was filled", DAY_SECONDS)
    _kill(cluster, "alphapanda.io/service=paper.risk-manager")
    _kill(cluster, "app.kubernetes.io/name=operator")
    until(lambda: cluster.account()["fills"] == 2 * len(day["trades"]), "all fills are there", DAY_SECONDS)
    until(lambda: _ended(cluster), "the day is over", DAY_SECONDS)
    _is_the_same(cluster, day)


def test_the_installation_passes_its_own_test(cluster: Cluster):
    assert "Succeeded" in cluster.helm("test", cluster.release, "--timeout", "5m")


def test_what_was_earned_is_there_again_after_all_services_died(cluster: Cluster, day: Any):  # noqa: ANN401 - JSON
    before = cluster.service_pods()
    _kill(cluster, "app.kubernetes.io/managed-by=alpha-panda-operator")
    until(lambda: not before.keys() & cluster.service_pods().keys(), "all pods are others")
    _serves_again(cluster, day)


def test_a_node_is_drained_of_all_services_and_takes_them_again(cluster: Cluster, day: Any):  # noqa: ANN401 - JSON
    services = "--pod-selector=app.kubernetes.io/managed-by=alpha-panda-operator"
    cluster.kubectl("drain", "node1", services, "--delete-emptydir-data", f"--timeout={READY_SECONDS:.0f}s")
    cluster.kubectl("uncordon", "node1")
    _serves_again(cluster, day)


def _identities(cluster: Cluster) -> dict[str, str]:
    """Who each definition and resource is: what is made anew has another uid."""
    listed = cluster.get(*DEFINITIONS)["items"] + cluster.get("brokers,strategies")["items"]
    return {f"{each['kind']} {each['metadata']['name']}": each["metadata"]["uid"] for each in listed}


def _is_in_force(cluster: Cluster, definition: dict[str, Any]) -> None:
    found = cluster.get("customresourcedefinition", definition["metadata"]["name"])
    wanted = definition["spec"]["versions"][0]["schema"]
    assert found["spec"]["versions"][0]["schema"] == wanted


def _runner(cluster: Cluster) -> list[Any]:
    found = cluster.get("deployments", "-l", "alphapanda.io/service=strategy-runner-own-image")
    return list(found["items"])


def _kill(cluster: Cluster, selector: str) -> None:
    cluster.kubectl("delete", "pods", "-l", selector, "--force", "--grace-period=0", "--wait=false")


def _serves_again(cluster: Cluster, day: Any) -> None:  # noqa: ANN401 - JSON
    """Whoever looks before the operator has seen the loss is told of the state before."""
    until(lambda: _all_pods_ready(cluster), "all pods are ready", READY_SECONDS)
    cluster.await_ready()
    until(lambda: cluster.account()["fills"] == 2 * len(day["trades"]), "the account is told", READY_SECONDS)
    _is_the_same(cluster, day)


def _all_pods_ready(cluster: Cluster) -> bool:
    wanted = cluster.get("deployments", "-l", "app.kubernetes.io/managed-by=alpha-panda-operator")["items"]
    return all(
        each.get("status", {}).get("availableReplicas", 0) == each["spec"].get("replicas", 1)
        and each["status"].get("observedGeneration") == each["metadata"]["generation"]
        for each in wanted
    )


def _is_the_same(cluster: Cluster, day: Any) -> None:  # noqa: ANN401 - JSON
    account = cluster.account()
    assert account["equity"]["paise"] == day["summary"]["end_paise"]
    assert account["charges"]["paise"] == day["summary"]["charges_paise"]


def _ended(cluster: Cluster) -> bool:
    """Whether the portfolio has come to the day's close."""
    portfolio = cluster.ask("/portfolios/paper") or {}
    return bool((portfolio.get("freshness") or {}).get("as_of", "") >= CLOSE)
