"""What the watches of all services find wrong, put together for people: each thing once, its root first."""

from __future__ import annotations

from collections.abc import Iterable

from alpha_panda.domain.pipeline_watch import Finding
from alpha_panda.local.platform import ServiceDetail


def merged(services: Iterable[ServiceDetail]) -> tuple[Finding, ...]:
    """All findings; of several services that say the same of the same, who has seen it longest is heard.

    What only waits for another stage comes after what waits for none.
    """
    longest: dict[tuple[str, str], Finding] = {}
    for each in (finding for service in services for finding in service.findings):
        key = (each.code, each.subject)
        if key not in longest or each.seconds > longest[key].seconds:
            longest[key] = each
    return tuple(sorted(longest.values(), key=lambda each: (bool(each.waits_for), each.since, each.subject)))
