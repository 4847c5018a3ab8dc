"""The table of services."""

from __future__ import annotations

from alpha_panda.cli.output import print_table, print_text
from alpha_panda.local.findings import merged
from alpha_panda.local.platform import ServiceDetail

COLUMNS = ("SERVICE", "STATE", "RESTARTS", "EPOCH", "LAG", "LAST-EVENT", "RSS-MB", "PID", "REASON")


def print_services(services: tuple[ServiceDetail, ...]) -> None:
    """One row each; empty cells where a service has not said."""
    print_table(
        COLUMNS,
        [
            (
                each.name,
                each.state + (" (done)" if each.finished else ""),
                each.restarts,
                "" if each.epoch is None else each.epoch,
                "" if each.lag is None else each.lag,
                "" if each.event_age_seconds is None else f"{each.event_age_seconds:.1f}s",
                "" if each.rss_megabytes is None else f"{each.rss_megabytes:.0f}",
                each.pid or "",
                each.reason,
            )
            for each in services
        ],
    )


def print_findings(services: tuple[ServiceDetail, ...]) -> None:
    """A line for each thing that is wrong, those that only wait for others last."""
    for each in merged(services):
        since = f"{each.since.astimezone():%H:%M:%S}"
        print_text(f"PROBLEM {each.subject}: {each.code} since {since}: {each.message} ({each.look})")


def print_notes(services: tuple[ServiceDetail, ...]) -> None:
    """A line for each thing that a person should know of a service's start: what was rebuilt, what is gone."""
    for each in services:
        for note in each.detail.get("notes", ()):
            print_text(f"note: {each.name}: {note}")
