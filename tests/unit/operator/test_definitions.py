"""Definitions that are older than the operator are known by what they lack."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from alpha_panda.crds.definitions import DEFINITIONS, schema
from alpha_panda_operator.decisions.definitions import lacking


def published() -> dict[str, Any]:
    """As the API server publishes them: under names of its own, beside kinds of others."""
    own = {
        f"io.alphapanda.v1alpha1.{each.kind}": {
            **deepcopy(schema(each)),
            "x-kubernetes-group-version-kind": [{"group": "alphapanda.io", "kind": each.kind, "version": "v1alpha1"}],
        }
        for each in DEFINITIONS
    }
    return {"io.k8s.Status": {"type": "object"}, **own}


def strategy(found: dict[str, Any]) -> dict[str, Any]:
    return dict(found["io.alphapanda.v1alpha1.Strategy"]["properties"])


def test_those_of_this_release_lack_nothing():
    assert lacking(published()) == ()


def test_newer_ones_may_have_more():
    found = published()
    strategy(found)["spec"]["properties"]["fromTheFuture"] = {"type": "string"}
    assert lacking(found) == ()


def test_fields_that_are_missing_are_named_wherever_they_are():
    found = published()
    del strategy(found)["status"]["properties"]["runner"]
    del strategy(found)["status"]["properties"]["conditions"]["items"]["properties"]["observedGeneration"]
    del strategy(found)["spec"]["properties"]["rollout"]["properties"]["window"]
    assert sorted(lacking(found)) == [
        "Strategy.spec.rollout.window",
        "Strategy.status.conditions[].observedGeneration",
        "Strategy.status.runner",
    ]


def test_a_value_that_is_not_allowed_yet_is_named():
    found = published()
    strategy(found)["spec"]["properties"]["state"]["enum"].remove("Paused")
    assert lacking(found) == ("Strategy.spec.state=Paused",)


def test_a_kind_that_is_not_published_is_named():
    found = published()
    del found["io.alphapanda.v1alpha1.Broker"]
    assert lacking(found) == ("Broker",)
