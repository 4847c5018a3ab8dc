"""Who may write: the claim that a task's new owner puts on each partition that it writes (see `fences`)."""

from __future__ import annotations

import msgspec


class OwnershipTaken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A process has become the owner of `task` under `fence`. On every topic that a stream task writes."""

    task: str
    fence: int
    owner: str
    """Host and process id, for people."""
