"""A Broker's services come in with their own identity to what is another Broker's, and do not get there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.cluster import READY_SECONDS, Cluster, image
from tests.support.network_policies import Pod, may_connect
from tests.support.waiting import until

PROGRAM = (Path(__file__).parent / "trespasser.py").read_text()
PORTFOLIO = "alphapanda.io/service=paper.portfolio"
CREDENTIALS = ("api-key", "api-secret", "user-id", "password", "totp-secret")
OUTSIDE = Pod(address="203.0.113.9")
LOOSENED: dict[str, dict[str, Any]] = {
    "privileged": {"securityContext": {"privileged": True, "allowPrivilegeEscalation": True}},
    "a user of its own choice": {"securityContext": {"runAsUser": 0}},
    "capabilities": {"securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}},
    "escalation": {"securityContext": {"allowPrivilegeEscalation": True}},
}


def test_a_service_reaches_what_is_its_brokers(cluster: Cluster):
    assert set(_trespass(cluster, "paper").values()) == {"done"}


@pytest.fixture(scope="module")
def account(cluster: Cluster) -> Iterator[str]:
    """The labels of the pod that trades an account at Zerodha."""
    cluster.kubectl("create", "secret", "generic", "kite", *(f"--from-literal={key}=x" for key in CREDENTIALS))
    spec = {"type": "Zerodha", "credentialsSecretRef": {"name": "kite"}}
    broker = {"apiVersion": "alphapanda.io/v1alpha1", "kind": "Broker", "metadata": {"name": "zerodha"}, "spec": spec}
    cluster.apply(yaml.safe_dump(broker))
    until(lambda: cluster.condition("broker", "zerodha", "TopicsReady") == "True", "what is the account's is there")
    yield "alphapanda.io/service=zerodha.zerodha-trading"
    cluster.kubectl("delete", "broker", "zerodha")


@pytest.mark.usefixtures("account")
def test_a_service_on_paper_reaches_no_topic_key_or_table_of_an_account_at_zerodha(cluster: Cluster):
    tried = _trespass(cluster, "zerodha")
    assert len(tried) == 6
    assert set(tried.values()) == {"refused"}, tried


def test_people_log_in_through_the_pod_that_trades_an_account_at_zerodha(cluster: Cluster, account: str):
    until(lambda: _is_running(cluster, account), "the pod that trades runs", READY_SECONDS)
    assert "api_key=x" in _enter(cluster, account, "page")["page"]
    assert _enter(cluster, account, "session")["verdict"]["state"] == "absent"
    assert "no request token" in _enter(cluster, account, "login")["error"]


def test_by_the_networks_rules_an_account_at_zerodha_reaches_the_exchange_by_https_alone(
    cluster: Cluster, account: str
):
    policies = cluster.get("networkpolicies")["items"]
    until(lambda: cluster.get("pods", "-l", account)["items"], "its pod is made")
    trading = _pod(cluster, account)
    assert may_connect(policies, trading, OUTSIDE, 443)
    for port in (22, 80, 587, 6443, 8443):
        assert not may_connect(policies, trading, OUTSIDE, port)


def test_by_the_networks_rules_a_service_on_paper_reaches_the_stores_and_nothing_else(cluster: Cluster):
    policies = cluster.get("networkpolicies")["items"]
    service = _pod(cluster, PORTFOLIO)
    for store, port in (("kafka", 9092), ("redis", 6379), ("postgres", 5432)):
        assert may_connect(policies, service, _pod(cluster, f"app.kubernetes.io/name={store}"), port)
    for other in ("paper.risk-manager", "paper.paper-trading", "market-feed"):
        assert not may_connect(policies, service, _pod(cluster, f"alphapanda.io/service={other}"), 9400)
    for port in (80, 443, 6443, 9092):
        assert not may_connect(policies, service, OUTSIDE, port)


def test_a_pod_of_a_service_that_is_loosened_is_refused(cluster: Cluster):
    (found,) = cluster.get("pods", "-l", PORTFOLIO)["items"]
    for name, loosened in LOOSENED.items():
        spec = _bare(found["spec"])
        _merge(spec["containers"][0], loosened)
        said = _create(cluster, spec)
        assert "violates PodSecurity" in said, name
    assert "violates PodSecurity" in _create(cluster, _bare(found["spec"]) | {"hostNetwork": True})


def _create(cluster: Cluster, spec: dict[str, Any]) -> str:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "loosened"}, "spec": spec}
    return cluster.refused("create", "-f", "-", text=json.dumps(pod))


def _bare(spec: dict[str, Any]) -> dict[str, Any]:
    """A pod's spec as somebody would write it who copies it."""
    container = {
        "name": "copy",
        "image": image("services"),
        "securityContext": spec["containers"][0]["securityContext"],
    }
    return json.loads(json.dumps({"securityContext": spec["securityContext"], "containers": [container]}))


def _merge(into: dict[str, Any], change: dict[str, Any]) -> None:
    for key, value in change.items():
        if isinstance(value, dict):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


def _trespass(cluster: Cluster, broker: str) -> dict[str, str]:
    """What each store said to the portfolio of the paper account."""
    (found,) = cluster.get("pods", "-l", PORTFOLIO)["items"]
    said = cluster.kubectl("exec", "-i", found["metadata"]["name"], "--", "python", "-", broker, text=PROGRAM)
    return dict(json.loads(said))


def _is_running(cluster: Cluster, selector: str) -> bool:
    return any("running" in state for state in _states(cluster, selector))


def _states(cluster: Cluster, selector: str) -> list[dict[str, Any]]:
    pods = cluster.get("pods", "-l", selector)["items"]
    return [each["state"] for pod in pods for each in pod["status"].get("containerStatuses", ())]


def _enter(cluster: Cluster, selector: str, word: str) -> dict[str, Any]:
    """What the entrance in the pod answers."""
    (found,) = cluster.get("pods", "-l", selector)["items"]
    name = found["metadata"]["name"]
    said = cluster.kubectl("exec", "-i", name, "--", "python", "-m", "alpha_panda.zerodha.entrance", word)
    return dict(json.loads(said))


def _pod(cluster: Cluster, selector: str) -> Pod:
    found = cluster.get("pods", "-l", selector)["items"][0]["metadata"]
    return Pod(namespace=found["namespace"], labels=found["labels"])
