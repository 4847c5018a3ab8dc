"""The audit log of a data directory's platform."""

from __future__ import annotations

from alpha_panda.events.audit import AuditRecorded
from alpha_panda.local.layout import Layout
from alpha_panda.local.operations import operations_settings
from alpha_panda.local.run_file import Run, load_run
from alpha_panda.operations.audit import AuditLog, read_newest
from alpha_panda.runtime.settings import ServiceSettings


def audit_log(layout: Layout) -> AuditLog:
    """What is done to this platform is written here."""
    return AuditLog(lambda: _settings(layout), layout.root)


async def read_audit(layout: Layout) -> list[AuditRecorded]:
    """Every entry on the log, the oldest first."""
    return await read_newest(_settings(layout), None)


def _settings(layout: Layout) -> ServiceSettings:
    return operations_settings(layout, load_run(layout) or Run())
