"""The API's process with the dashboard in it."""

from __future__ import annotations

from alpha_panda.api import app as api
from alpha_panda.dashboard.site import dashboard_routes
from alpha_panda.runtime.process import Process


async def run(process: Process) -> None:
    """Serve both until told to stop."""
    await api.run(process, dashboard_routes)
