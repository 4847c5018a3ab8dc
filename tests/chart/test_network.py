"""Who may reach whom, by the rendered NetworkPolicies.

They are evaluated by a solver here, because the network of the test cluster does not enforce them.
"""

from __future__ import annotations

import pytest
from tests.support.helm import EMBEDDED, NAMESPACE, OWN_STORES, Object, render
from tests.support.network_policies import Pod, may_connect

STORES = {"kafka": 9092, "redis": 6379, "postgres": 5432}
API_SERVER = Pod(address="192.0.2.1")
ELSEWHERE = Pod(address="203.0.113.9")
OWN_STORE = Pod(address="198.51.100.7")
NAMES = Pod(namespace="kube-system", labels={"k8s-app": "kube-dns"})
PROMETHEUS = Pod(namespace="monitoring", labels={"app": "prometheus"})
STRANGER = Pod(namespace=NAMESPACE, labels={"app": "stranger"})
FOREIGN = Pod(namespace="other", labels={"app.kubernetes.io/part-of": "alpha-panda"})


def pod(component: str) -> Pod:
    labels = {
        "app.kubernetes.io/name": component,
        "app.kubernetes.io/instance": "ap",
        "app.kubernetes.io/part-of": "alpha-panda",
    }
    return Pod(namespace=NAMESPACE, labels=labels, named_ports={"api": 8080})


def policies(values: dict[str, object]) -> list[Object]:
    return [each for each in render(values) if each["kind"] == "NetworkPolicy"]


EMBEDDED_POLICIES = policies({**EMBEDDED, "replay": {"enabled": True}})
OWN_POLICIES = policies(
    {
        **OWN_STORES,
        "networkPolicies": {"apiServer": {"cidrs": ["192.0.2.1/32"]}, "storeCidrs": ["198.51.100.0/24"]},
    }
)


def test_a_pod_of_the_platform_without_a_policy_of_its_own_reaches_nothing() -> None:
    for target in (pod("operator"), NAMES, ELSEWHERE, API_SERVER):
        assert not may_connect(EMBEDDED_POLICIES, pod("market-feed"), target, 443)


@pytest.mark.parametrize(("store", "port"), STORES.items())
def test_a_store_is_reached_by_the_operator_at_its_port_and_by_no_stranger(store: str, port: int) -> None:
    assert may_connect(EMBEDDED_POLICIES, pod("operator"), pod(store), port)
    assert not may_connect(EMBEDDED_POLICIES, pod("operator"), pod(store), port + 1)
    for source in (STRANGER, FOREIGN, PROMETHEUS, ELSEWHERE):
        assert not may_connect(EMBEDDED_POLICIES, source, pod(store), port)


@pytest.mark.parametrize("store", STORES)
def test_a_store_reaches_nobody_but_itself(store: str) -> None:
    for target in (pod("operator"), API_SERVER, ELSEWHERE, STRANGER):
        assert not may_connect(EMBEDDED_POLICIES, pod(store), target, 443)
    assert may_connect(EMBEDDED_POLICIES, pod(store), pod(store), STORES[store]) == (store == "kafka")


def test_the_operator_reaches_the_api_server_names_and_stores_and_nothing_else() -> None:
    assert may_connect(OWN_POLICIES, pod("operator"), API_SERVER, 6443)
    assert may_connect(OWN_POLICIES, pod("operator"), NAMES, 53, "UDP")
    for port in (9094, 6380, 5432):
        assert may_connect(OWN_POLICIES, pod("operator"), OWN_STORE, port)
        assert not may_connect(OWN_POLICIES, pod("operator"), ELSEWHERE, port)
    assert not may_connect(OWN_POLICIES, pod("operator"), ELSEWHERE, 443)
    assert not may_connect(OWN_POLICIES, pod("operator"), OWN_STORE, 22)


def test_metrics_are_for_the_monitoring_namespace() -> None:
    assert may_connect(EMBEDDED_POLICIES, PROMETHEUS, pod("operator"), 8080)
    assert not may_connect(EMBEDDED_POLICIES, STRANGER, pod("operator"), 8080)


def test_the_replay_reaches_the_api_server_only() -> None:
    assert may_connect(EMBEDDED_POLICIES, pod("replay"), API_SERVER, 443)
    assert not may_connect(EMBEDDED_POLICIES, pod("replay"), pod("kafka"), 9092)
    assert not may_connect(EMBEDDED_POLICIES, STRANGER, pod("replay"), 80)


def test_whoever_the_values_name_may_call_the_api() -> None:
    door = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}]
    opened = policies({**EMBEDDED, "api": {"allowFrom": door}})
    assert may_connect(opened, Pod(namespace="ingress"), pod("api"), 8080)
    assert not may_connect(opened, STRANGER, pod("api"), 8080)
    assert not may_connect(EMBEDDED_POLICIES, Pod(namespace="ingress"), pod("api"), 8080)


def test_helm_test_reaches_what_it_asks() -> None:
    assert may_connect(EMBEDDED_POLICIES, pod("helm-test"), pod("operator"), 8080)
    beside = Pod(namespace=NAMESPACE, labels={"app.kubernetes.io/name": "api", "app.kubernetes.io/instance": "ap"})
    assert not may_connect(EMBEDDED_POLICIES, pod("helm-test"), beside, 8080)
    assert not may_connect(EMBEDDED_POLICIES, pod("helm-test"), ELSEWHERE, 443)
