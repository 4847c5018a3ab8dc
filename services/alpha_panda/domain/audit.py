"""The chain of the audit log: every entry holds the digest of the one before, so that none can be changed unseen.

What no chain can show is that its last entries are missing: whoever must know keeps a digest elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from alpha_panda.events.audit import Action, AuditRecorded

START = "0" * 64
"""What the first entry has as the digest before it."""


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did, before it has its place in the chain."""

    at: datetime
    actor: str
    action: Action
    subject: str
    reason: str = ""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


def chained(deed: Deed, last: AuditRecorded | None) -> AuditRecorded:
    """The deed as the entry after `last`, or as the first."""
    entry = AuditRecorded(
        number=1 if last is None else last.number + 1,
        previous=START if last is None else last.digest,
        digest=START,
        **msgspec.structs.asdict(deed),
    )
    return msgspec.structs.replace(entry, digest=digest_of(entry))


def digest_of(entry: AuditRecorded) -> str:
    """SHA-256 of the digest before and of the entry without its own, as JSON with sorted names."""
    fields = {name: value for name, value in msgspec.structs.asdict(entry).items() if name != "digest"}
    return sha256(entry.previous.encode() + msgspec.json.encode(fields, order="sorted")).hexdigest()


def first_break(entries: Iterable[AuditRecorded]) -> str | None:
    """Where the chain is broken and how, the entries in the order of the log; None where it holds."""
    number, previous = 1, START
    for entry in entries:
        if entry.number != number:
            return f"entry {entry.number} stands where {number} should: entries are missing, or out of order"
        if entry.previous != previous:
            return f"entry {number} does not follow the one before it: that one was changed or replaced"
        if entry.digest != digest_of(entry):
            return f"entry {number} was changed: its digest is not its own"
        number, previous = number + 1, entry.digest
    return None
