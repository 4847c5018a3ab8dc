"""`panda supervise DATA_DIR [NAME=PORT …]`: the supervisor's own process, started by `panda up`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from alpha_panda.local.layout import Layout
from alpha_panda.local.supervisor import Supervisor
from alpha_panda.runtime.logs import configure_logs


def supervise(arguments: Sequence[str]) -> int:
    """Run until told to stop; returns the exit code."""
    root, *ports = arguments
    fixed = {name: int(port) for name, _, port in (each.partition("=") for each in ports)}
    logs = configure_logs("supervisor", None, "info", 10_000)
    try:
        return asyncio.run(_run(Layout(Path(root)), fixed))
    finally:
        logs.close()


async def _run(layout: Layout, fixed: dict[str, int]) -> int:
    return await Supervisor(layout, fixed).run()
