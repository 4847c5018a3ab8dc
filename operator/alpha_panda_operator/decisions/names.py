"""Whose a user of a store is: where others are served too, only names that a plan of ours could have made are ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from alpha_panda.topology.graph import SERVICES, STRATEGY_RUNNER
from alpha_panda.topology.names import OPERATIONS


def _as_roles(names: str) -> str:
    return names.replace("-", "_")


_LABEL: Final = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_OF_BROKERS: Final = "|".join(row.name for row in SERVICES if not row.shared)
_SHARED: Final = "|".join([*(row.name for row in SERVICES if row.shared), OPERATIONS])
_PRINCIPAL: Final = re.compile(rf"(?:{_SHARED})|{_LABEL}\.(?:{_OF_BROKERS})|{STRATEGY_RUNNER.name}-{_LABEL}")
"""A Broker's and a Strategy's name hold no `_`, which every installation's prefix ends with: so no two are mixed up."""
_ROLE: Final = re.compile(
    rf"(?:{_as_roles(_SHARED)})|[a-z0-9_]+_(?:{_as_roles(_OF_BROKERS)})|{_as_roles(STRATEGY_RUNNER.name)}_[a-z0-9_]+"
)

Owns = Callable[[str], bool]


def owns_principal(prefix: str) -> Owns:
    """Whether a user of Kafka or Redis is one of this installation's services, or was."""
    return lambda name: name.startswith(prefix) and _PRINCIPAL.fullmatch(name.removeprefix(prefix)) is not None


def owns_role(prefix: str) -> Owns:
    """Whether a role of PostgreSQL is; asked only of members of the group that provisioning makes for its own."""
    return lambda name: name.startswith(prefix) and _ROLE.fullmatch(name.removeprefix(prefix)) is not None
