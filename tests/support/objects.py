"""The objects of one namespace on a real API server, read and written as the administrator."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Self

import httpx
from tests.support.kube_api import KubeApi
from tests.support.kube_paths import path_of
from tests.support.waiting import until

MANAGED = "app.kubernetes.io/managed-by=alpha-panda-operator"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


@dataclass
class Objects:
    """A namespace. What the API server refuses fails the test with its own words, but for `try_apply`."""

    kube: KubeApi
    namespace: str

    def within(self, namespace: str) -> Self:
        """The same in another namespace."""
        other = copy.copy(self)
        other.namespace = namespace
        return other

    def create(self, kind: str, name: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """As `kubectl create` does."""
        labels = parts.pop("labels", {})
        made = {"metadata": {"name": name, "labels": labels}, **parts}
        answer = self.kube.http.post(path_of(kind, self.namespace), json=made)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def apply(self, kind: str, name: str, spec: dict[str, Any]) -> None:
        """As `kubectl apply --server-side` does, and at a hundredth of its cost."""
        said = self.try_apply(kind, name, spec)
        assert not said, said

    def try_apply(self, kind: str, name: str, spec: Any, **metadata: Any) -> str:  # noqa: ANN401 - JSON, also wrong
        """Likewise; what the API server says to one that it refuses, and nothing to another."""
        made = {
            "apiVersion": "alphapanda.io/v1alpha1",
            "kind": kind,
            "metadata": {"name": name, "namespace": self.namespace, **metadata},
            "spec": spec,
        }
        query = {"fieldManager": "trader", "fieldValidation": "Strict", "force": "true"}
        path = f"{path_of(kind, self.namespace)}/{name}"
        answer = self.kube.http.patch(path, params=query, json=made, headers={"Content-Type": APPLY})
        return "" if answer.is_success else str(answer.json()["message"])

    def patch(
        self, kind: str, name: str, change: dict[str, Any], content: str = MERGE, suffix: str = ""
    ) -> dict[str, Any]:
        """Change an object."""
        headers = {"Content-Type": content}
        answer = self.kube.http.patch(f"{path_of(kind, self.namespace)}/{name}{suffix}", json=change, headers=headers)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def delete(self, kind: str, name: str) -> None:
        """As `kubectl delete --wait=false` does."""
        assert self.kube.http.delete(f"{path_of(kind, self.namespace)}/{name}").is_success

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """An object; empty where there is none."""
        answer = self.kube.http.get(f"{path_of(kind, self.namespace)}/{name}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return {}
        return dict(answer.raise_for_status().json())

    def list(self, kind: str, labels: str = "") -> list[dict[str, Any]]:
        """All objects of a kind."""
        answer = self.kube.http.get(path_of(kind, self.namespace), params={"labelSelector": labels} if labels else {})
        return list(answer.raise_for_status().json()["items"])

    def names(self, kind: str) -> set[str]:
        """The names of the operator's objects of a kind."""
        return {each["metadata"]["name"] for each in self.list(kind, MANAGED)}

    def condition(self, kind: str, name: str, condition: str = "Ready") -> dict[str, Any]:
        """A condition of a resource; nothing where it has none."""
        found = self.get(kind, name).get("status", {}).get("conditions", ())
        return next((each for each in found if each["type"] == condition), {})

    def await_condition(
        self,
        kind: str,
        name: str,
        condition: str = "Ready",
        status: str = "True",
        reason: str = "",
    ) -> dict[str, Any]:
        """Wait until the condition has this status, and reason where one is given, for the present spec."""

        def holds() -> dict[str, Any]:
            found = self.condition(kind, name, condition)
            present = self.get(kind, name).get("metadata", {}).get("generation")
            fits = found.get("status") == status and found.get("observedGeneration") == present
            return found if fits and reason in ("", found["reason"]) else {}

        try:
            return dict(until(holds, f"{condition} of {kind} {name} is {status} {reason}"))
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.get(kind, name).get('status')}\n{self.said()}") from error

    def said(self) -> str:
        """What whoever works on these objects has logged last."""
        return ""
