"""What the builders are given and what they make."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from alpha_panda.topology.environment import ARRIVAL, EPOCHS
from alpha_panda.topology.model import Plan, ServicePlan
from alpha_panda_operator.installation import Installation

Manifest = dict[str, Any]
"""A Kubernetes object as JSON's values."""

MANAGER: Final = "alpha-panda-operator"
"""The field manager, and what `managed-by` says."""
REVISION: Final = "alphapanda.io/revision"
"""Annotation of a Deployment: a digest of all that its pods are started with."""
APPLIED: Final = "alphapanda.io/applied"
"""Annotation of every object: a digest of what was applied."""
OWNER_UID: Final = "alphapanda.io/owner-uid"
SERVICE: Final = "alphapanda.io/service"
BROKER: Final = "alphapanda.io/broker"
STRATEGY: Final = "alphapanda.io/strategy"


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who owns objects: a Broker, a Strategy, or the installation for what all share."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What all objects of one plan have in common.

    `feed` holds the feed's settings by their names, and the `broker` whose login a live one uses; empty while no feed
    is to run; `monitors` tells whether the
    cluster knows PodMonitors; `authority` is the certificate that the stores' are verified with.
    """

    plan: Plan
    installation: Installation
    feed: Mapping[str, str] = field(default_factory=dict)
    monitors: bool = False
    authority: str | None = None

    @property
    def pacing(self) -> str:
        """`epochs` for a replay, `arrival` for everything that happens as it comes."""
        return EPOCHS if self.feed.get("source", "none") in ("replay", "none") else ARRIVAL


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A service that is to run, and for whom."""

    service: ServicePlan
    owner: Owner


def digest(value: object) -> str:
    """Equal for equal values, in every process."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def object_name(installation: Installation, service: ServicePlan) -> str:
    """The name of all objects of a service: `alpha-panda-paper-risk-manager`."""
    return f"{installation.name}-{service.name.replace('.', '-')}"


def selector(installation: Installation, service: ServicePlan) -> dict[str, str]:
    """The labels that tell the pods of a service from all others; they never change."""
    return {
        "app.kubernetes.io/name": service.service,
        "app.kubernetes.io/instance": installation.name,
        "app.kubernetes.io/part-of": "alpha-panda",
        SERVICE: service.name,
    }


def labels(installation: Installation, workload: Workload) -> dict[str, str]:
    """All labels of an object of a service."""
    service = workload.service
    found = selector(installation, service) | {
        "app.kubernetes.io/managed-by": MANAGER,
        OWNER_UID: workload.owner.uid,
    }
    if service.broker is not None:
        found[BROKER] = service.broker
    if (strategy := service.settings.get("PANDA_SERVICE__STRATEGY")) is not None:
        found[STRATEGY] = strategy
    return found


def manifest(api_version: str, kind: str, workload: Workload, around: Surroundings, **parts: Any) -> Manifest:  # noqa: ANN401
    """An object of a service with its name, labels and owner; `parts` are its own fields."""
    owner = workload.owner
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": object_name(around.installation, workload.service),
            "namespace": owner.namespace,
            "labels": labels(around.installation, workload),
            "annotations": {},
            "ownerReferences": [
                {
                    "apiVersion": owner.api_version,
                    "kind": owner.kind,
                    "name": owner.name,
                    "uid": owner.uid,
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        **parts,
    }


def stamped(made: Manifest) -> Manifest:
    """The object with the digest of itself, so that an unchanged one is known without asking for a change."""
    annotations = {**made["metadata"]["annotations"], APPLIED: digest(made)}
    return {**made, "metadata": {**made["metadata"], "annotations": annotations}}
