"""`panda run SERVICE`: the entry point of every container and of the supervisor's processes.

Only the chosen service is imported, so that a service's process holds what it needs and no more.
"""

from __future__ import annotations

from importlib import import_module

from alpha_panda.errors import InputError
from alpha_panda.runtime.process import run_process

SERVICES = {
    name: f"alpha_panda.{name.replace('-', '_')}.app"
    for name in (
        "market-feed",
        "bar-builder",
        "strategy-runner",
        "risk-manager",
        "paper-trading",
        "portfolio",
        "history",
    )
} | {"api": "alpha_panda.dashboard.app"}
"""Each by the module with its composition root; the API's process serves the dashboard too."""


def run_service(name: str) -> int:
    """Run a service until it ends; returns its exit code. Its settings come from the environment.

    Raises:
        InputError: there is no such service.
    """
    if name not in SERVICES:
        raise InputError(f"no service {name!r}; there are {', '.join(SERVICES)}", remedy="name one of them")
    return run_process(import_module(SERVICES[name]).run)
