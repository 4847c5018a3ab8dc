"""The Role is exactly what the operator needs: the API server's audit log knows of no refusal and uses every right."""

from __future__ import annotations

import asyncio
import json

import pytest
import yaml
from tests.operator.conftest import at_rest, eventually
from tests.support.installed import MOMENTUM, PAPER, ROLE, Installed

pytestmark = pytest.mark.operator

Right = tuple[str, str, str]
"""Group, resource with its part, verb."""
_VERSION = {"name": "v1", "served": True, "storage": True}
POD_MONITORS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "podmonitors.monitoring.coreos.com"},
    "spec": {
        "group": "monitoring.coreos.com",
        "names": {"kind": "PodMonitor", "plural": "podmonitors", "singular": "podmonitor"},
        "scope": "Namespaced",
        "versions": [
            {
                **_VERSION,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
"""As much of the Prometheus operator's definition as makes the kind known."""


async def test_every_right_is_used_and_none_is_missing(installed: Installed) -> None:
    installed.kube.kubectl("apply", "-f-", text=json.dumps(POD_MONITORS))
    installed.kube.kubectl("wait", "--for=condition=Established", "crd/podmonitors.monitoring.coreos.com")
    installed.changes = {"api": {"replicas": 2}}
    first = installed.start()
    pods = asyncio.create_task(installed.keep_pods_running())
    try:
        await _a_life(installed)
        assert await asyncio.to_thread(first.stop) == 0
        installed.changes = {"api": {"replicas": 1}}
        installed.start()
        await eventually(lambda: installed.list("PodDisruptionBudget") == [], "one API needs no budget")
        await at_rest(installed)
    finally:
        pods.cancel()
        await asyncio.gather(pods, return_exceptions=True)
    assert installed.denied() == []
    used = _used(installed)
    assert sorted(_granted() - used) == [], "rights that nothing uses"
    assert sorted(used - _granted()) == []


async def _a_life(installed: Installed) -> None:
    """All that a Broker and a Strategy go through."""
    own = {**MOMENTUM, "image": "registry.example/own:1"}
    installed.apply("Broker", "paper", {**PAPER, "deletionPolicy": "Delete"})
    installed.apply("Strategy", "own", own)
    await asyncio.to_thread(installed.await_condition, "Strategy", "own")
    installed.apply("Strategy", "own", {**own, "state": "Stopped"})
    name = "panda-strategy-runner-own"
    await eventually(lambda: not [each for each in installed.versions() if name in each], "its objects are gone")
    installed.delete("Strategy", "own")
    installed.delete("Broker", "paper")
    await eventually(lambda: not installed.get("Broker", "paper"), "the Broker is gone with its data")


def _granted() -> set[Right]:
    return {
        (group, resource, verb)
        for rule in yaml.safe_load(ROLE.read_text())["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def _used(installed: Installed) -> set[Right]:
    found: set[Right] = set()
    for each in installed.kube.audited(installed.user):
        about = each.get("objectRef", {})
        if "namespace" not in about:
            continue  # what anybody may ask, such as which kinds there are
        resource = "/".join(name for name in (about["resource"], about.get("subresource")) if name)
        found.add((about.get("apiGroup", ""), resource, each["verb"]))
        if each["verb"] == "patch" and each["responseStatus"].get("code") == 201:
            found.add((about.get("apiGroup", ""), resource, "create"))  # to apply what is not there is to create it
    return found
