"""Kafka's permissions: each user of ours has exactly the planned ones, and nobody else of ours has any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from confluent_kafka.admin import (  # type: ignore[attr-defined] # they are exported, only not by __all__
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from alpha_panda.provision.changes import Changes, Owns
from alpha_panda.topology.model import Acl, KafkaUser

_SECONDS = 15.0
_PRINCIPAL = "User:"
_ANY_HOST = "*"
_CLUSTER = "kafka-cluster"
_RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "cluster": ResourceType.BROKER,
    "transactional_id": ResourceType.TRANSACTIONAL_ID,
}
_PATTERNS = {"literal": ResourcePatternType.LITERAL, "prefixed": ResourcePatternType.PREFIXED}


def reconcile_acls(client: AdminClient, planned: Sequence[KafkaUser], owns: Owns) -> Changes:
    """Create missing permissions, then delete the surplus of our own users."""
    missing, surplus = _difference(client, planned, owns)
    if missing:
        for created in client.create_acls(sorted(missing)).values():
            created.result(timeout=_SECONDS)
    if surplus:
        for deleted in client.delete_acls([_exactly(binding) for binding in sorted(surplus)]).values():
            deleted.result(timeout=_SECONDS)
    return (
        *sorted(f"{_line(binding)}: granted" for binding in missing),
        *sorted(f"{_line(binding)}: revoked" for binding in surplus),
    )


def compare_acls(client: AdminClient, planned: Sequence[KafkaUser], owns: Owns) -> Changes:
    """How the permissions differ from the plan, one line each; nothing is changed."""
    missing, surplus = _difference(client, planned, owns)
    return (
        *sorted(f"{_line(binding)} is missing" for binding in missing),
        *sorted(f"{_line(binding)} is too much" for binding in surplus),
    )


def _difference(
    client: AdminClient, planned: Sequence[KafkaUser], owns: Owns
) -> tuple[set[AclBinding], set[AclBinding]]:
    """What is missing, and what is too much."""
    wanted = {binding for user in planned for acl in user.acls for binding in _bindings(user.name, acl)}
    names = {user.name for user in planned}
    everything = client.describe_acls(_everything()).result(timeout=_SECONDS)
    ours = {binding for binding in everything if _is_ours(binding, names, owns)}
    return wanted - ours, ours - wanted


def _everything() -> AclBindingFilter:
    none: Any = None  # "any" for a filter; the library's annotations forget it
    return AclBindingFilter(
        ResourceType.ANY, none, ResourcePatternType.ANY, none, none, AclOperation.ANY, AclPermissionType.ANY
    )


def _bindings(user: str, acl: Acl) -> list[AclBinding]:
    name = _CLUSTER if acl.resource == "cluster" else acl.name
    return [
        AclBinding(
            _RESOURCES[acl.resource],
            name,
            _PATTERNS[acl.pattern],
            f"{_PRINCIPAL}{user}",
            _ANY_HOST,
            AclOperation[operation],
            AclPermissionType.ALLOW,
        )
        for operation in acl.operations
    ]


def _is_ours(binding: AclBinding, names: set[str], owns: Owns) -> bool:
    user = binding.principal.removeprefix(_PRINCIPAL)
    return user in names or owns(user)


def _exactly(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def _line(binding: AclBinding) -> str:
    pattern = "*" if binding.resource_pattern_type is ResourcePatternType.PREFIXED else ""
    user = binding.principal.removeprefix(_PRINCIPAL)
    operation, kind = AclOperation(binding.operation).name, ResourceType(binding.restype).name
    return f"Kafka user {user}: {operation} on {kind} {binding.name}{pattern}"
