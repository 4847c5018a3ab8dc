"""Where the API server keeps each kind of object."""

from __future__ import annotations

PATHS = {
    "Broker": ("/apis/alphapanda.io/v1alpha1", "brokers"),
    "Strategy": ("/apis/alphapanda.io/v1alpha1", "strategies"),
    "Deployment": ("/apis/apps/v1", "deployments"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "Secret": ("/api/v1", "secrets"),
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "Pod": ("/api/v1", "pods"),
    "NetworkPolicy": ("/apis/networking.k8s.io/v1", "networkpolicies"),
    "Event": ("/apis/events.k8s.io/v1", "events"),
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "PodDisruptionBudget": ("/apis/policy/v1", "poddisruptionbudgets"),
    "PodMonitor": ("/apis/monitoring.coreos.com/v1", "podmonitors"),
    "Lease": ("/apis/coordination.k8s.io/v1", "leases"),
}


def path_of(kind: str, namespace: str) -> str:
    """Of all objects of the kind in the namespace."""
    root, plural = PATHS[kind]
    return f"{root}/namespaces/{namespace}/{plural}"
