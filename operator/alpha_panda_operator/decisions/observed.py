"""What is known when a status is decided: plain values, so that the decision needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.standing import ExchangeStanding
from alpha_panda_operator.decisions.rollouts import Verdict
from alpha_panda_operator.objects.model import REVISION, SERVICE, Manifest


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why something is not as it should be."""

    reason: Reason
    message: str


@dataclass(frozen=True, kw_only=True)
class ServiceSeen:
    """A service that a resource needs, as its Deployment tells; `trouble` where it does not serve."""

    name: str
    revision: str | None
    trouble: Trouble | None = None

    @property
    def ready(self) -> bool:
        """Whether it serves."""
        return self.trouble is None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything that a resource's status follows from.

    `refused` are what it asks for and cannot have; `stores` what is wrong with the stores, `provisioned` whether its
    topics, users and tables are there; `own` the services that run for it alone, `needed` all that it needs; `broken`
    an object that could not be made or must not go; `credentials` what is wrong with its Secret; `exchange` how a
    Broker at one stands, as far as it is known.
    """

    generation: int
    now: datetime
    refused: tuple[Trouble, ...] = ()
    runs: bool = True
    stores: Trouble | None = None
    provisioned: bool = False
    own: tuple[ServiceSeen, ...] = ()
    needed: tuple[ServiceSeen, ...] = ()
    broken: Trouble | None = None
    credentials: Trouble | None = None
    exchange: ExchangeStanding | None = None
    rollout: Verdict | None = None


def seen_service(name: str, deployment: Manifest | None, pods: tuple[Manifest, ...] = ()) -> ServiceSeen:
    """What a Deployment and the pods of one that does not serve tell."""
    if deployment is None:
        return ServiceSeen(name=name, revision=None, trouble=_trouble(Reason.NOT_READY, f"{name} is not made yet"))
    revision = (deployment["metadata"].get("annotations") or {}).get(REVISION)
    status: dict[str, Any] = deployment.get("status") or {}
    current = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    wanted = deployment["spec"].get("replicas", 1)
    serving = min(status.get("availableReplicas", 0), status.get("updatedReplicas", 0))
    if current and wanted > 0 and serving >= wanted:
        return ServiceSeen(name=name, revision=revision)
    return ServiceSeen(name=name, revision=revision, trouble=_why(name, pods, wanted))


def _why(name: str, pods: tuple[Manifest, ...], wanted: int) -> Trouble:
    if wanted == 0:
        return _trouble(Reason.NOT_READY, f"{name} is scaled to 0; what scales it may not: only one may run")
    for pod in pods:
        for container in (pod.get("status") or {}).get("containerStatuses", ()):
            waiting = container.get("state", {}).get("waiting") or {}
            said = f"{name}: {waiting.get('message') or waiting.get('reason', '')}"
            if waiting.get("reason") in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName"):
                return _trouble(Reason.IMAGE_PULL_FAILED, f"{said}; is the image {container.get('image', '')} right?")
            if waiting.get("reason") == "CrashLoopBackOff":
                return _trouble(
                    Reason.CRASHING, f"{said}; look with: kubectl logs {pod['metadata']['name']} --previous"
                )
    return _trouble(Reason.NOT_READY, f"{name} does not serve yet")


def service_of(deployment: Manifest) -> str:
    """The service that a Deployment is of."""
    return str(deployment["metadata"]["labels"].get(SERVICE, ""))


def _trouble(reason: Reason, message: str) -> Trouble:
    return Trouble(reason=reason, message=message)
