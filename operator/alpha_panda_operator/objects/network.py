"""Who a service may speak with: nobody, but the stores that it has a user in, the name service, and who scrapes it.

What uses a login at an exchange reaches that exchange besides, and the notifier those who are told.
"""

from __future__ import annotations

from typing import Any, Final

from alpha_panda.topology.names import role
from alpha_panda_operator.objects.configuration import API_PORT, HEALTH_PORT, login_of
from alpha_panda_operator.objects.model import Manifest, Surroundings, Workload, manifest, selector

Rule = dict[str, Any]

NAME_SERVICE: Final[Rule] = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}


TOLD_AT: Final = (443, 465, 587)
"""Ports of chats, webhooks and mail servers."""
_PRIVATE: Final = (
    *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
    "198.18.0.0/15",
)
"""Where pods, services, nodes and their metadata are."""
PUBLIC: Final[tuple[Rule, ...]] = (
    {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(_PRIVATE)}},
    {"ipBlock": {"cidr": "2000::/3"}},
)
"""An exchange has no fixed addresses: every public one, and none of the cluster."""


def network_policy(workload: Workload, around: Surroundings) -> Manifest | None:
    """All that its pods may do on the network; both directions are closed but for this."""
    if not around.installation.network_policies:
        return None
    spec = {
        "podSelector": {"matchLabels": selector(around.installation, workload.service)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": _ingress(workload, around),
        "egress": [NAME_SERVICE, *_stores(workload, around), *_outside(workload, around)],
    }
    return manifest("networking.k8s.io/v1", "NetworkPolicy", workload, around, spec=spec)


def _ingress(workload: Workload, around: Surroundings) -> list[Rule]:
    """Whoever scrapes; for the API also the pods of its own namespace. Probes come from the node, which none stops."""
    scrapers = {"namespaceSelector": {"matchLabels": around.installation.monitoring.namespace_labels}}
    rules: list[Rule] = [{"from": [scrapers], "ports": [_port(HEALTH_PORT)]}]
    if workload.service.service == "api":
        rules.append({"from": [{"podSelector": {}}], "ports": [_port(API_PORT)]})
    return rules


def _stores(workload: Workload, around: Surroundings) -> list[Rule]:
    """Kafka for all; Redis and PostgreSQL for those who have a user there."""
    installation, plan, principal = around.installation, around.plan, workload.service.principal
    rules = [_rule(installation.kafka.peers, *installation.kafka.ports)]
    if any(user.name == principal for user in plan.redis_users):
        rules.append(_rule(installation.redis.peers, installation.redis.port))
    if any(each.name == role(principal) for each in plan.postgres_roles):
        rules.append(_rule(installation.postgres.peers, installation.postgres.port))
    return rules


def _outside(workload: Workload, around: Surroundings) -> list[Rule]:
    """The notifier reaches chats and mail servers, wherever they are; who uses a login at an exchange reaches that.

    Nobody else leaves the cluster.
    """
    if workload.service.service == "notifier":
        return [_rule((), *TOLD_AT)]
    if login_of(workload.service, around) is None:
        return []
    exchange = around.installation.exchange
    return [_rule(exchange.peers or PUBLIC, *exchange.ports)]


def _rule(peers: tuple[dict[str, Any], ...], *ports: int) -> Rule:
    rule: Rule = {"ports": [_port(port) for port in ports]}
    return {"to": list(peers), **rule} if peers else rule


def _port(port: int) -> dict[str, Any]:
    return {"protocol": "TCP", "port": port}
