"""How the things of an installation are called; nothing else puts a name together."""

from __future__ import annotations

from typing import Final

OPERATIONS: Final = "operations"
"""The principal of people who halt and resume trading; it is no service."""


def broker_service(broker: str, service: str) -> str:
    """A Broker's own service: `paper.risk-manager`."""
    return f"{broker}.{service}"


def own_runner(service: str, strategy: str) -> str:
    """The runner of a strategy with its own image: `strategy-runner-<strategy>`."""
    return f"{service}-{strategy}"


def group(prefix: str, service: str, broker: str | None) -> str:
    """The consumer group `alpha-panda.<service>[.<broker>]` of an installation."""
    return f"{prefix}alpha-panda.{service}" + (f".{broker}" if broker is not None else "")


def principal(prefix: str, service_name: str) -> str:
    """The user of a service in every store: the service's name, apart for each installation."""
    return f"{prefix}{service_name}"


def role(principal_name: str) -> str:
    """The PostgreSQL role of a principal: SQL reads `-` and `.` otherwise."""
    return principal_name.replace("-", "_").replace(".", "_")


def trading_switch(prefix: str) -> str:
    """The Redis key that halts all trading: absent it says nothing, and it can never release a halt."""
    return f"{prefix}alpha_panda:ops:trading_enabled"


def halts_key(prefix: str) -> str:
    """The Redis hash of halts of a narrower scope."""
    return f"{prefix}alpha_panda:ops:halts"


def access_keys(prefix: str) -> str:
    """Before every Redis key of the API's own: counted attempts and revoked sessions."""
    return f"{prefix}alpha_panda:access:"
