"""An API server in memory, as kubectl reaches it: gets and patches resources, refuses what was changed meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from alpha_panda.cluster.kubectl import Kubectl
from alpha_panda.errors import PandaError, UnavailableError

_KINDS = {"brokers.alphapanda.io": "Broker", "strategies.alphapanda.io": "Strategy"}


class FakeKubectl(Kubectl):
    """Holds objects; can be down, and lets another change a resource between a look and a patch."""

    def __init__(self, objects: Iterable[dict[str, Any]] = (), answers: dict[str, Any] | None = None) -> None:
        super().__init__("trading")
        self.objects = list(objects)
        self.answers = answers or {}
        self.down = self.meddled = False

    async def run(self, *arguments: str, text: str = "") -> str:
        _ = text
        if self.down:
            raise UnavailableError("Unable to connect to the server")
        verb = {"get": self._get, "patch": self._patch, "exec": self._exec}[arguments[0]]
        return json.dumps(verb(*arguments[1:]))

    def one(self, kind: str, name: str) -> dict[str, Any]:
        """The object."""
        (found,) = [each for each in self.objects if (each["kind"], each["metadata"]["name"]) == (kind, name)]
        return found

    def _get(self, what: str, *_rest: str) -> dict[str, Any]:
        kind = _KINDS.get(what, {"deployments": "Deployment", "pods": "Pod"}.get(what))
        return {"items": json.loads(json.dumps([each for each in self.objects if each["kind"] == kind]))}

    def _patch(self, what: str, name: str, *rest: str) -> dict[str, Any]:
        found, patch = self.one(_KINDS[what], name), json.loads(rest[-1])
        version = int(found["metadata"]["resourceVersion"]) + self.meddled
        if patch["metadata"].pop("resourceVersion") != str(version):
            raise PandaError("the object has been modified; please apply your changes to the latest version")
        _merge(found, patch)
        found["metadata"]["resourceVersion"] = str(version + 1)
        return found

    def _exec(self, *rest: str) -> Any:  # noqa: ANN401 - JSON
        if rest[-1] not in self.answers:
            raise PandaError(f'{{"detail": "nothing at {rest[-1]}"}}')
        return self.answers[rest[-1]]


def resource(kind: str, name: str, spec: dict[str, Any], *, ready: str = "True") -> dict[str, Any]:
    """A resource as the API server has it, with what the operator says of it."""
    metadata = {
        "name": name,
        "namespace": "trading",
        "uid": f"uid-{name}",
        "generation": 2,
        "resourceVersion": "7",
        "creationTimestamp": "2026-04-01T04:00:00Z",
        "managedFields": [{"manager": "kubectl", "time": "2026-04-02T04:00:00Z"}],
    }
    message = "" if ready == "True" else "it does not serve yet"
    condition = {"type": "Ready", "status": ready, "reason": "AsAsked", "message": message, "observedGeneration": 2}
    status = {"conditions": [condition]}
    return {
        "apiVersion": "alphapanda.io/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        "spec": dict(spec),
        "status": status,
    }


def pod(name: str, *, ready: bool = True) -> dict[str, Any]:
    """A pod of a service."""
    state = {"running": {}} if ready else {"waiting": {"reason": "ImagePullBackOff"}}
    containers = [{"ready": ready, "restartCount": 1, "state": state}]
    labels = {"app.kubernetes.io/name": name, "alphapanda.io/service": f"paper.{name}"}
    return {
        "kind": "Pod",
        "metadata": {"name": f"panda-{name}-1", "labels": labels},
        "status": {"phase": "Running", "containerStatuses": containers},
    }


def operator(name: str) -> dict[str, Any]:
    """The Deployment that a release is known by."""
    return {"kind": "Deployment", "metadata": {"name": f"{name}-operator"}}


def _merge(into: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value
