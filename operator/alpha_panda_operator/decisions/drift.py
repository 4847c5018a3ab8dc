"""Whether an object is as it was applied, so that nothing need be sent."""

from __future__ import annotations

from collections.abc import Mapping

from alpha_panda_operator.objects.model import APPLIED, Manifest


def is_as_applied(live: Manifest | None, wanted: Manifest) -> bool:
    """Whether the live object holds all that is wanted; what the server or others added to it does not matter."""
    if live is None:
        return False
    noted = (live["metadata"].get("annotations") or {}).get(APPLIED)
    return noted == wanted["metadata"]["annotations"][APPLIED] and _holds(live, wanted)


def _holds(live: object, wanted: object) -> bool:
    if live is None and wanted in ([], {}):
        return True  # the server drops what is empty
    if isinstance(wanted, Mapping):
        return isinstance(live, Mapping) and all(_holds(live.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(live, list)
            and len(live) == len(wanted)
            and all(_holds(one, other) for one, other in zip(live, wanted, strict=True))
        )
    return live == wanted or (live is None and wanted in (False, "", 0))
