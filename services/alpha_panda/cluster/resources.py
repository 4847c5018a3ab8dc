"""Brokers and Strategies at the API server: read whole, changed by the fields that become others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alpha_panda.cluster.kubectl import Kubectl
from alpha_panda.operations.resource_store import Applied, Outcome
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.common import GROUP
from alpha_panda.resources.documents import read_object, write_object
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import Strategy

PLURALS: Final = {"Broker": f"brokers.{GROUP}", "Strategy": f"strategies.{GROUP}"}
MANAGER: Final = "kubectl-panda"
_KEPT: Final = ("name", "namespace", "labels", "annotations")


@dataclass(frozen=True)
class ClusterResources:
    """The resources of a namespace."""

    kubectl: Kubectl

    async def list(self, kind: str) -> tuple[StoredResource, ...]:
        """All of a kind, by name."""
        return tuple(_read(each) for each in await self.objects(kind))

    async def load_all(self) -> tuple[StoredResource, ...]:
        """All resources, by kind and name."""
        return tuple([each for kind in PLURALS for each in await self.list(kind)])

    async def objects(self, kind: str) -> tuple[dict[str, Any], ...]:
        """All of a kind as the API server has them, with their status."""
        found = await self.kubectl.json("get", PLURALS[kind], "-o", "json")
        return tuple(sorted(found["items"], key=lambda each: str(each["metadata"]["name"])))

    async def edit(
        self,
        kind: str,
        names: Iterable[str] | None,
        change: Callable[[Broker | Strategy], Broker | Strategy],
        actor: str,
    ) -> tuple[Applied, ...]:
        """Change resources from what they are at this moment; without names all of the kind.

        The API server refuses a change of what somebody else has changed meanwhile. Who the actor is it knows itself.
        """
        _ = actor
        wanted = None if names is None else set(names)
        found = [each for each in await self.objects(kind) if wanted is None or each["metadata"]["name"] in wanted]
        return tuple([await self._change(kind, each, change) for each in found])

    async def _change(
        self, kind: str, found: Mapping[str, Any], change: Callable[[Broker | Strategy], Broker | Strategy]
    ) -> Applied:
        metadata = found["metadata"]
        resource = _read(found).resource
        patch = difference(write_object(resource), write_object(change(resource)))
        name = str(metadata["name"])
        if not patch:
            return Applied(kind=kind, name=name, outcome=Outcome.UNCHANGED)
        patch["metadata"] = {**patch.get("metadata", {}), "resourceVersion": metadata["resourceVersion"]}
        await self.kubectl.run(
            *("patch", PLURALS[kind], name, "--type=merge", f"--field-manager={MANAGER}", "--patch", json.dumps(patch))
        )
        return Applied(kind=kind, name=name, outcome=Outcome.CONFIGURED)


@asynccontextmanager
async def open_resources(kubectl: Kubectl) -> AsyncIterator[ClusterResources]:
    """The resources, for those who open and close what they work on."""
    yield ClusterResources(kubectl)


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch (RFC 7386) that makes the new of the old; empty where they are equal."""
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            nested = difference(before, value)
            if nested:
                patch[key] = nested
        elif value != before or key not in old:
            patch[key] = value
    return patch


def _read(found: Mapping[str, Any]) -> StoredResource:
    """The resource in an object of the API server; raises ResourceError where this release's rules refuse it."""
    metadata = found["metadata"]
    kept = {name: metadata[name] for name in _KEPT if name in metadata}
    value = {
        "apiVersion": found["apiVersion"],
        "kind": found["kind"],
        "metadata": kept,
        "spec": found.get("spec", {}),
    }
    created = datetime.fromisoformat(metadata["creationTimestamp"])
    changes = [each for each in metadata.get("managedFields", ()) if "time" in each and "subresource" not in each]
    last = max(changes, key=lambda each: str(each["time"]), default=None)
    return StoredResource(
        resource=read_object(value, f"{found['kind']} {metadata['name']}"),
        uid=metadata["uid"],
        generation=metadata["generation"],
        created_at=created,
        changed_at=created if last is None else datetime.fromisoformat(last["time"]),
        changed_by="unknown" if last is None else str(last["manager"]),
    )
