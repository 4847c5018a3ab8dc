"""The kinds of object that the operator deals with, and where the API server keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alpha_panda.resources.common import GROUP


@dataclass(frozen=True)
class Kind:
    """A kind. `group` is empty for the core's."""

    group: str
    version: str
    kind: str
    plural: str

    @property
    def api_version(self) -> str:
        """As objects name it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str, name: str | None = None, part: str | None = None) -> str:
        """Of all of a namespace, of one, or of a part of one, such as its `status`."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"
        return "/".join(each for each in (f"{root}/namespaces/{namespace}/{self.plural}", name, part) if each)


BROKER: Final = Kind(GROUP, "v1alpha1", "Broker", "brokers")
STRATEGY: Final = Kind(GROUP, "v1alpha1", "Strategy", "strategies")
SERVICE_ACCOUNT: Final = Kind("", "v1", "ServiceAccount", "serviceaccounts")
SECRET: Final = Kind("", "v1", "Secret", "secrets")
CONFIG_MAP: Final = Kind("", "v1", "ConfigMap", "configmaps")
POD: Final = Kind("", "v1", "Pod", "pods")
NETWORK_POLICY: Final = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
DEPLOYMENT: Final = Kind("apps", "v1", "Deployment", "deployments")
DISRUPTION_BUDGET: Final = Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
POD_MONITOR: Final = Kind("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors")
LEASE: Final = Kind("coordination.k8s.io", "v1", "Lease", "leases")
EVENT: Final = Kind("events.k8s.io", "v1", "Event", "events")

RESOURCES: Final = (BROKER, STRATEGY)
LISTED: Final = (DEPLOYMENT, DISRUPTION_BUDGET, POD_MONITOR, NETWORK_POLICY, CONFIG_MAP, SERVICE_ACCOUNT)
"""What is looked for where something is to go, in the order in which it goes. Secrets are never listed: whoever may
list them may read all. Each has the name of its ServiceAccount, which goes after it."""
_ALL: Final = (*RESOURCES, *LISTED, SECRET, POD, LEASE, EVENT)


def kind_named(name: str) -> Kind:
    """The kind of that name; raises ValueError for one that is not here."""
    found = next((each for each in _ALL if each.kind == name), None)
    if found is None:
        msg = f"the operator deals with no {name}"
        raise ValueError(msg)
    return found
