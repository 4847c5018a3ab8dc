"""What `panda apply` takes, the API server takes unchanged: one file for a laptop and a cluster."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from tests.operator.conftest import manifest
from tests.support.kube_api import ROOT, KubeApi
from tests.support.made_up_resources import resources

from alpha_panda.cli.strategy_package import package_files
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.common import API_VERSION
from alpha_panda.resources.documents import read_documents, read_object, write_object
from alpha_panda.resources.strategy import Strategy

pytestmark = pytest.mark.operator

FILES = sorted([*(ROOT / "examples").glob("*.yaml"), *(ROOT / "tests" / "fixtures" / "resources").rglob("*.yaml")])
PAGES = sorted((ROOT / "docs").glob("*.md"))
INFY = {"exchange": "NSE", "symbol": "INFY"}
BLOCK = re.compile(r"```yaml\n(kind: .*?)```", re.DOTALL)


def kept(server: KubeApi, namespace: str, kind: str, name: str) -> Broker | Strategy:
    """The resource as the API server gives it back, read as the operator reads it."""
    found = server.get(kind.lower(), name, "-n", namespace)
    return read_object(without_server(found), "the API server")


def without_server(found: dict[str, Any]) -> dict[str, Any]:
    """The object without what the API server adds."""
    metadata = {"name": found["metadata"]["name"]}
    return {**{key: found[key] for key in ("apiVersion", "kind", "spec")}, "metadata": metadata}


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_every_file_of_the_tree_is_taken_unchanged_and_means_the_same(
    kube_api: KubeApi, namespace: str, file: Path
) -> None:
    kube_api.kubectl("apply", "-n", namespace, "-f", str(file))
    documents = read_documents(file.read_text(), file.name)
    assert documents
    for document in documents:
        resource = document.resource
        assert kept(kube_api, namespace, resource.kind, resource.metadata.name).spec == resource.spec


def blocks() -> list[tuple[str, str]]:
    """Each resource that a page shows, with its page."""
    return [(page.name, text) for page in PAGES for text in BLOCK.findall(page.read_text())]


@pytest.mark.parametrize(("page", "text"), blocks())
def test_what_the_pages_show_is_taken(kube_api: KubeApi, namespace: str, page: str, text: str) -> None:
    shown = yaml.safe_load(text)
    needed = {"Broker": {"type": "Paper"}, "Strategy": {"strategy": "momentum", "instruments": [INFY]}}[shown["kind"]]
    whole = manifest(shown["kind"], "shown", {**needed, **shown["spec"]})
    assert read_documents(whole, page)
    kube_api.kubectl("apply", "-n", namespace, "-f-", text=whole)


def test_the_pages_show_resources() -> None:
    assert len(blocks()) >= 2


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Broker", {"type": "Paper", "paper": None, "zerodha": None, "credentialsSecretRef": None}),
        ("Broker", {"type": "Paper", "account": {"maxDailyLoss": None, "maxOrdersPerMinute": None}}),
        ("Broker", {"type": "Paper", "account": {"maxDailyLoss": 500, "maxPositionPercent": 100, "minRewardRisk": 0}}),
        ("Broker", {"type": "Paper", "account": {"minCashReserve": "49999.99"}}),
        ("Broker", {"type": "Paper", "paper": {"startingCash": "9999999999999.99", "slippageBps": 0}}),
        ("Broker", {"type": "Paper", "paper": {"startingCash": 9999999999999999}}),
        ("Broker", {"type": "Paper", "paper": {"charges": {"asOf": None}}}),
        ("Strategy", {"strategy": "a.b:C", "instruments": [INFY], "acknowledgeLive": None, "image": None}),
        ("Strategy", {"strategy": "x", "instruments": [INFY], "params": {"a": None, "b": [1.5, {"c": []}], "d": {}}}),
        ("Strategy", {"strategy": "x", "instruments": [INFY], "levels": {"targetPercent": None, "rewardRisk": 2}}),
        ("Strategy", {"strategy": "x", "instruments": [INFY], "sizing": {"kelly": {"fraction": 25, "payoff": None}}}),
        (
            "Strategy",
            {
                "strategy": "x",
                "instruments": [INFY],
                "sizing": {"method": "Kelly", "kelly": {"winRatePercent": 55, "payoff": "1.5"}},
            },
        ),
        ("Strategy", {"strategy": "x", "instruments": [{"exchange": "BSE", "symbol": "M&M"}], "risk": {}}),
    ],
)
def test_nulls_whole_numbers_and_limits_are_taken_as_by_panda_apply(
    kube_api: KubeApi, namespace: str, kind: str, spec: dict[str, object]
) -> None:
    text = manifest(kind, "odd", spec)
    (document,) = read_documents(text, "odd.json")
    # Without --server-side, kubectl itself leaves out what is null, among the parameters too.
    kube_api.kubectl("apply", "--server-side", "-n", namespace, "-f-", text=text)
    assert kept(kube_api, namespace, kind, "odd").spec == document.resource.spec


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(resources)
def test_any_resource_is_taken_and_comes_back_as_it_was(
    kube_api: KubeApi, namespace: str, resource: Broker | Strategy
) -> None:
    value: dict[str, Any] = {**write_object(resource), "metadata": {"name": resource.metadata.name}}
    plural = "brokers" if resource.kind == "Broker" else "strategies"
    path = f"/apis/{API_VERSION}/namespaces/{namespace}/{plural}"
    answer = kube_api.http.post(path, params={"dryRun": "All", "fieldValidation": "Strict"}, json=value)
    assert answer.is_success, answer.text
    kept = read_object(without_server(answer.json()), "the API server")
    assert rounded(write_object(kept)["spec"]) == rounded(write_object(resource)["spec"])


def rounded(value: object) -> object:
    """The value with each number as the API server's JSON has it: floats, of which whole ones have no fraction."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def test_what_panda_strategy_new_writes_is_taken(kube_api: KubeApi, namespace: str) -> None:
    kube_api.kubectl("apply", "-n", namespace, "-f-", text=package_files("my_idea")["strategy.yaml"])
    assert kept(kube_api, namespace, "Strategy", "my-idea").spec.strategy == "my_idea"
