"""What a person does who tries the platform on Kubernetes, from built images to the day's profit, and away with it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.cluster import Cluster, start, stop
from tests.support.helm import ROOT
from tests.support.waiting import until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

EXAMPLES = ROOT / "examples"
STORES_SECONDS, DAY_SECONDS, GONE_SECONDS = 240.0, 420.0, 180.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """The chart, installed in a namespace that takes restricted pods only, with the examples applied."""
    try:
        made = start("alpha-panda", "trading")
        made.kubectl("create", "namespace", made.namespace)
        made.kubectl("label", "namespace", made.namespace, "pod-security.kubernetes.io/enforce=restricted")
        made.install()
        until(lambda: _applied(made), "the policies know their kinds", STORES_SECONDS)
        made.kubectl("wait", "--for=condition=Ready", "strategies,brokers", "--all", "--timeout=240s")
        yield made
    finally:
        stop()


def test_a_day_ends_on_a_cluster_to_the_paisa_as_in_a_backtest_though_its_risk_manager_dies(cluster: Cluster):
    cluster.upgrade("--set", "replay.enabled=true", "--set", "replay.speed=600")
    until(lambda: _account(cluster)["fills"] > 0, "something was filled", DAY_SECONDS)
    cluster.kubectl("delete", "pod", "-l", "alphapanda.io/service=paper.risk-manager", "--force", "--grace-period=0")
    expected = _backtest()
    until(lambda: _account(cluster)["fills"] == 2 * len(expected["trades"]), "all fills are there", DAY_SECONDS)
    account = until(lambda: _ended(cluster), "the day is over", DAY_SECONDS)
    assert account["equity"]["paise"] == expected["summary"]["end_paise"]
    assert account["charges"]["paise"] == expected["summary"]["charges_paise"]


def test_the_installation_passes_its_own_test(cluster: Cluster):
    assert "Succeeded" in cluster.helm("test", cluster.release)


def test_a_strategy_that_is_paused_says_so_and_goes_on_when_it_is_let(cluster: Cluster):
    for state, trading in (("Paused", "False"), ("Running", "True")):
        cluster.kubectl("patch", "strategy", "momentum", "--type=merge", "-p", json.dumps({"spec": {"state": state}}))
        until(lambda wanted=trading: _condition(cluster, "Trading") == wanted, f"it is {state}", STORES_SECONDS)
        assert _condition(cluster, "Ready") == "True"


def test_an_uninstalled_release_leaves_the_resources_and_its_namespace_can_be_deleted(cluster: Cluster):
    cluster.helm("uninstall", cluster.release, "--wait", "--timeout", "3m")
    assert len(cluster.get("strategies")["items"]) == len(list(_documents("Strategy")))
    cluster.kubectl("delete", "namespace", cluster.namespace, "--timeout=180s")


def _applied(cluster: Cluster) -> bool:
    try:
        cluster.kubectl("apply", "-f", str(EXAMPLES))
    except AssertionError as error:
        if "failed to configure policy" in str(error):
            return False
        raise
    return True


def _documents(kind: str) -> Iterator[str]:
    for file in EXAMPLES.glob("*.yaml"):
        yield from (part for part in file.read_text().split("\n---") if f"kind: {kind}" in part)


def _account(cluster: Cluster) -> Any:  # noqa: ANN401 - JSON
    return _portfolio(cluster)["account"] or {"fills": 0}


def _ended(cluster: Cluster) -> Any:  # noqa: ANN401 - JSON
    """The account, once the portfolio has come to the day's close."""
    portfolio = _portfolio(cluster)
    return portfolio["account"] if portfolio["freshness"]["as_of"] >= "2019-07-09T10:00:00Z" else None


def _portfolio(cluster: Cluster) -> Any:  # noqa: ANN401 - JSON
    with cluster.api() as api:
        (portfolio,) = api.get("/portfolios").raise_for_status().json()
    return portfolio


def _condition(cluster: Cluster, name: str) -> str:
    conditions = cluster.get("strategy", "momentum")["status"]["conditions"]
    return str(next(each["status"] for each in conditions if each["type"] == name))


def _backtest() -> Any:  # noqa: ANN401 - JSON
    command = [ROOT / ".venv/bin/panda", "backtest", "-f", EXAMPLES, "--data", EXAMPLES / "market", "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    return json.loads(done.stdout)["accounts"][0]
