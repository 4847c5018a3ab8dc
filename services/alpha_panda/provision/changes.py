"""What provisioning did, and whose names it may touch."""

from __future__ import annotations

from collections.abc import Callable

Changes = tuple[str, ...]
"""One line per thing that was changed, `topic paper.signals.raw: created`; empty where all was right."""

Owns = Callable[[str], bool]
"""Whether a user of this name is this installation's, so that it goes when the plan no longer has it."""


def everyone_but(*names: str) -> Owns:
    """Owns all users but these: right for a store that serves one installation only, as the embedded ones do."""
    kept = frozenset(names)
    return lambda name: name not in kept
