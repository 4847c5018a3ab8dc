"""The doors of the kill switch of a data directory's platform: three stores, each enough."""

from __future__ import annotations

from alpha_panda.local.layout import Layout
from alpha_panda.local.operations import operations_settings
from alpha_panda.local.resource_access import open_resources
from alpha_panda.local.run_file import Run, load_run
from alpha_panda.operations.halt_door import Door
from alpha_panda.operations.resource_door import ResourceDoor
from alpha_panda.operations.store_doors import LogDoor, SwitchDoor


def find_doors(layout: Layout) -> tuple[Door, ...]:
    """The doors of the platform in a data directory, the truth first.

    Raises:
        UnavailableError: it was never started.
    """
    run = load_run(layout) or Run()
    settings = operations_settings(layout, run)
    return (
        LogDoor(settings),
        SwitchDoor(settings, asked=run.pacing == "arrival"),
        ResourceDoor(lambda: open_resources(layout.root)),
    )
