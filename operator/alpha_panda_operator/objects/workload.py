"""The Deployment of a service: all that Pod Security `restricted` asks for, probes, and one writer where that is so."""

from __future__ import annotations

from typing import Any, Final

from alpha_panda.topology.graph import ACCOUNT_KEYS
from alpha_panda_operator.objects.configuration import (
    API_PORT,
    AUTHORITY_FILE,
    EXCHANGE_FOLDER,
    HEALTH_PORT,
    NOTES_FOLDER,
    SECRETS_FOLDER,
    SETTINGS_FILE,
    SETTINGS_FOLDER,
    account_secret,
    environment,
    reasons_to_restart,
)
from alpha_panda_operator.objects.model import (
    REVISION,
    Manifest,
    Surroundings,
    Workload,
    digest,
    labels,
    manifest,
    object_name,
    selector,
)

GRACE_SECONDS: Final = 45
"""A service stops within `run.stop_seconds`; this is for a node that is slow at it."""
PROGRESS_SECONDS: Final = 600
HISTORY: Final = 3
_READ_BY_GROUP: Final = 0o440


def replicas(workload: Workload, around: Surroundings) -> int | None:
    """How many pods; None where a scaler decides. Only the API may have several, see `_strategy`."""
    return around.installation.api.replicas if workload.service.service == "api" else 1


def deployment(workload: Workload, around: Surroundings) -> Manifest:
    """The Deployment; its annotation `alphapanda.io/revision` changes with whatever its pods are started with."""
    template = _template(workload, around)
    spec: dict[str, Any] = {
        "selector": {"matchLabels": selector(around.installation, workload.service)},
        "strategy": _strategy(workload),
        "revisionHistoryLimit": HISTORY,
        "progressDeadlineSeconds": PROGRESS_SECONDS,
        "template": template,
    }
    count = replicas(workload, around)
    if count is not None:
        spec["replicas"] = count
    made = manifest("apps/v1", "Deployment", workload, around, spec=spec)
    made["metadata"]["annotations"][REVISION] = digest(template)
    return made


def _strategy(workload: Workload) -> dict[str, Any]:
    """The old pod is gone before the new one starts: whoever has a task would let a second copy only stand by.

    Such a copy never gets ready while the other runs, so a rolling update would wait for ever.
    """
    if workload.service.service != "api":
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def disruption_budget(workload: Workload, around: Surroundings) -> Manifest | None:
    """Where several run, one may leave at a time; a single one has none, which would keep its node from draining."""
    if (replicas(workload, around) or 1) < 2:  # noqa: PLR2004 - several
        return None
    matching = {"matchLabels": selector(around.installation, workload.service)}
    spec = {"maxUnavailable": 1, "selector": matching}
    return manifest("policy/v1", "PodDisruptionBudget", workload, around, spec=spec)


def _template(workload: Workload, around: Surroundings) -> dict[str, Any]:
    pods = around.installation.pods
    annotations = {
        **pods.annotations,
        "alphapanda.io/configuration": digest(reasons_to_restart(workload, around)),
    }
    kept = labels(around.installation, workload)
    return {"metadata": {"labels": kept, "annotations": annotations}, "spec": _pod(workload, around)}


def _pod(workload: Workload, around: Surroundings) -> dict[str, Any]:
    installation, pods = around.installation, around.installation.pods
    spec: dict[str, Any] = {
        "serviceAccountName": object_name(installation, workload.service),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": pods.user,
            "runAsGroup": pods.user,
            "fsGroup": pods.user,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(workload, around)],
        "volumes": _volumes(workload, around),
    }
    optional = {
        "imagePullSecrets": [{"name": name} for name in installation.image_pull_secrets],
        "priorityClassName": pods.priority_class,
        "nodeSelector": pods.node_selector,
        "tolerations": list(pods.tolerations),
    }
    return spec | {name: value for name, value in optional.items() if value}


def _container(workload: Workload, around: Surroundings) -> dict[str, Any]:
    service, installation = workload.service, around.installation
    ports = [{"name": "http", "containerPort": HEALTH_PORT, "protocol": "TCP"}]
    if service.service == "api":
        ports.append({"name": "api", "containerPort": API_PORT, "protocol": "TCP"})
    configuration = object_name(installation, service)
    return {
        "name": service.service,
        "image": service.image or installation.image,
        "imagePullPolicy": installation.image_pull_policy,
        "command": ["panda", "run", service.service],
        "env": [
            {"name": name, "valueFrom": {"configMapKeyRef": {"name": configuration, "key": name}}}
            for name in environment(workload, around)
        ],
        "ports": ports,
        "startupProbe": _probe("/healthz", period=2, failures=60),
        "livenessProbe": _probe("/healthz", period=10, failures=3),
        "readinessProbe": _probe("/readyz", period=2, failures=2),
        "resources": installation.pods.resources_of(service.service),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "secrets", "mountPath": SECRETS_FOLDER, "readOnly": True},
            {"name": "settings", "mountPath": SETTINGS_FOLDER, "readOnly": True},
            {"name": "notes", "mountPath": NOTES_FOLDER},
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - the pod's own
            *(
                {"name": each["name"], "mountPath": each["mountPath"], "readOnly": True}
                for each in installation.pods.volumes
            ),
            *(
                {"name": each["name"], "mountPath": EXCHANGE_FOLDER, "readOnly": True}
                for each in _account_keys(workload, around)
            ),
        ],
    }


def _probe(path: str, *, period: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def _volumes(workload: Workload, around: Surroundings) -> list[dict[str, Any]]:
    installation = around.installation
    name = object_name(installation, workload.service)
    sources: list[dict[str, Any]] = [{"secret": {"name": name}}]
    if workload.service.service == "api":
        token = {"name": installation.token_secret, "items": [{"key": "token", "path": "api__token"}]}
        sources.append({"secret": token})
    files = [{"key": SETTINGS_FILE, "path": SETTINGS_FILE}]
    if around.authority is not None:
        files.append({"key": AUTHORITY_FILE, "path": AUTHORITY_FILE})
    return [
        {"name": "secrets", "projected": {"defaultMode": _READ_BY_GROUP, "sources": sources}},
        {"name": "settings", "configMap": {"name": name, "items": files}},
        {"name": "notes", "emptyDir": {"sizeLimit": "64Mi"}},
        {"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}},
        *({key: value for key, value in each.items() if key != "mountPath"} for each in installation.pods.volumes),
        *_account_keys(workload, around),
    ]


def _account_keys(workload: Workload, around: Surroundings) -> list[dict[str, Any]]:
    """The Broker's Secret, where people log in at the exchange; the pod starts without it, too."""
    name = account_secret(workload.service, around)
    if name is None:
        return []
    items = [{"key": key, "path": key} for key in ACCOUNT_KEYS]
    source = {"secretName": name, "defaultMode": _READ_BY_GROUP, "items": items, "optional": True}
    return [{"name": "exchange", "secret": source}]
