"""A small solver of NetworkPolicies: may this pod reach that one, by the rules as Kubernetes documents them.

Not every network enforces policies (a plain bridge does not), so tests evaluate what was rendered instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec

Policy = Mapping[str, Any]


class Pod(msgspec.Struct, frozen=True, kw_only=True):
    """One end of a connection: a pod by its labels, or an address outside the cluster."""

    namespace: str = ""
    labels: dict[str, str] = {}
    address: str = ""
    named_ports: dict[str, int] = {}


def may_connect(policies: Iterable[Policy], source: Pod, target: Pod, port: int, protocol: str = "TCP") -> bool:
    """Whether the source may send and the target may receive; without a policy that selects it a pod may all."""
    known = list(policies)
    return _side(known, "Egress", source, target, (port, protocol), target) and _side(
        known, "Ingress", target, source, (port, protocol), target
    )


def _side(  # noqa: PLR0913, PLR0917 - the parts of one question
    policies: list[Policy], way: str, judged: Pod, other: Pod, port: tuple[int, str], receiver: Pod
) -> bool:
    selecting = [each for each in policies if _selects(each, judged) and way in _types(each)]
    if not selecting or judged.address:
        return True
    key, peers = (way.lower(), "to" if way == "Egress" else "from")
    return any(
        _ports(rule.get("ports"), port, receiver) and _peers(rule.get(peers), other, policy["metadata"]["namespace"])
        for policy in selecting
        for rule in policy["spec"].get(key) or ()
    )


def _types(policy: Policy) -> list[str]:
    spec = policy["spec"]
    return list(spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])])


def _selects(policy: Policy, pod: Pod) -> bool:
    return policy["metadata"]["namespace"] == pod.namespace and _matches(policy["spec"]["podSelector"], pod.labels)


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}, f"this solver knows matchLabels only: {selector}"
    return all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())


def _ports(rules: list[Mapping[str, Any]] | None, port: tuple[int, str], receiver: Pod) -> bool:
    number, protocol = port
    if not rules:
        return True
    return any(
        rule.get("protocol", "TCP") == protocol and _number(rule.get("port"), receiver) in (None, number)
        for rule in rules
    )


def _number(port: int | str | None, receiver: Pod) -> int | None:
    return receiver.named_ports.get(port, -1) if isinstance(port, str) else port


def _peers(peers: list[Mapping[str, Any]] | None, other: Pod, namespace: str) -> bool:
    return not peers or any(_peer(each, other, namespace) for each in peers)


def _peer(peer: Mapping[str, Any], other: Pod, namespace: str) -> bool:
    if block := peer.get("ipBlock"):
        return bool(other.address) and _within(block, other.address)
    if other.address:
        return False
    if "namespaceSelector" not in peer:
        return other.namespace == namespace and _matches(peer["podSelector"], other.labels)
    named = {"kubernetes.io/metadata.name": other.namespace}
    return _matches(peer["namespaceSelector"], named) and _matches(peer.get("podSelector", {}), other.labels)


def _within(block: Mapping[str, Any], address: str) -> bool:
    found = ip_address(address)
    return found in ip_network(block["cidr"]) and not any(found in ip_network(part) for part in block.get("except", ()))
