"""Each value that has a shape is held to it at its own field, with the value and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from tests.support.kube_api import KubeApi

from alpha_panda.crds.definitions import DEFINITIONS, schema
from alpha_panda.resources.common import API_VERSION
from alpha_panda.resources.documents import read_object
from alpha_panda.resources.problems import ResourceError

pytestmark = pytest.mark.operator

Path = tuple[str, ...]
GUARD = {"stops": 3, "lookbackMinutes": 60, "pauseMinutes": 60}
PROTECTIONS = {"lowProfit": {"trades": 3, "lookbackMinutes": 60, "pauseMinutes": 60}, "stopLossGuard": GUARD}
WHOLE: dict[str, dict[str, Any]] = {
    "Broker": {"type": "Paper", "account": {"protections": PROTECTIONS}, "paper": {}},
    "Strategy": {
        "strategy": "momentum",
        "instruments": [{"exchange": "NSE", "symbol": "INFY"}],
        "brokers": ["paper"],
        "levels": {},
        "sizing": {"method": "Kelly", "kelly": {"winRatePercent": 50, "payoff": 2}},
        "risk": {"protections": PROTECTIONS},
    },
}
"""A spec of each kind in which every field can be put that a Paper Broker, or a strategy, may have."""
LIMITS = ("maxPositionValue", "maxOrderValue", "maxDailyLoss")
NOT_ON_PAPER = ("credentialsSecretRef",)


def shaped(node: dict[str, Any], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Each field with a rule on its shape, as (path, rule)."""
    for rule in node.get("x-kubernetes-validations", []):
        if "self" in rule["rule"] and ".matches(" in rule["rule"] and "fieldPath" not in rule:
            yield path, rule["rule"]
    for name, each in node.get("properties", {}).items():
        if name not in NOT_ON_PAPER:
            yield from shaped(each, (*path, name))
    if "items" in node:
        yield from shaped(node["items"], (*path, "0"))


CASES = [
    (each.kind, path, "0" if rule.endswith("'[1-9]')") else "a b")
    for each in DEFINITIONS
    for path, rule in shaped(schema(each)["properties"]["spec"])
]


def with_value(spec: dict[str, Any], path: Path, value: object) -> dict[str, Any]:
    """The spec with the value at the path."""
    result = deepcopy(spec)
    place: Any = result
    for step in path[:-1]:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    place[int(path[-1]) if isinstance(place, list) else path[-1]] = value
    return result


def dry_run(server: KubeApi, namespace: str, kind: str, spec: dict[str, Any]) -> tuple[bool, str]:
    """Whether the API server would take it, and its answer."""
    plural = {"Broker": "brokers", "Strategy": "strategies"}[kind]
    value = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": "mine"}, "spec": spec}
    path = f"/apis/{API_VERSION}/namespaces/{namespace}/{plural}"
    answer = server.http.post(path, params={"dryRun": "All", "fieldValidation": "Strict"}, json=value)
    return answer.is_success, str(answer.json().get("message", ""))


def complaint(kind: str, spec: dict[str, Any]) -> str:
    """What `panda apply` says."""
    with pytest.raises(ResourceError) as caught:
        read_object({"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": "mine"}, "spec": spec}, "file")
    return str(caught.value)


def test_there_are_such_fields() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("kind", WHOLE)
def test_the_specs_that_the_values_are_put_into_are_taken(kube_api: KubeApi, namespace: str, kind: str) -> None:
    assert dry_run(kube_api, namespace, kind, WHOLE[kind]) == (True, "")


@pytest.mark.parametrize(("kind", "path", "wrong"), CASES, ids=[f"{kind}.{'.'.join(path)}" for kind, path, _ in CASES])
def test_a_value_without_its_shape_is_refused_as_by_panda_apply(
    kube_api: KubeApi, namespace: str, kind: str, path: Path, wrong: str
) -> None:
    spec = with_value(WHOLE[kind], path, wrong)
    taken, answer = dry_run(kube_api, namespace, kind, spec)
    assert not taken
    where = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in path)
    assert f"spec{where}: Invalid value" in answer
    said = complaint(kind, spec).partition(f"spec{where}: ")[2]
    shown = said if wrong != "0" else said.replace(json.dumps(wrong), wrong)
    assert shown in answer


@pytest.mark.parametrize(
    "limit", [f"{each}.{limit}" for each in ("Broker.account", "Strategy.risk") for limit in LIMITS]
)
@pytest.mark.parametrize(("value", "taken"), [("0", False), (0, False), ("0.00", False), ("0.01", True), (1, True)])
def test_a_limit_of_nothing_is_refused(
    kube_api: KubeApi, namespace: str, limit: str, value: object, *, taken: bool
) -> None:
    kind, *path = limit.split(".")
    found, answer = dry_run(kube_api, namespace, kind, with_value(WHOLE[kind], tuple(path), value))
    assert found is taken
    assert taken or "lets nothing be entered; allowed: more than 0, or leave it out" in answer
