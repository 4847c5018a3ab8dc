"""What the supervisor does beside keeping services running: small log files, Prometheus and a simulator where asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from alpha_panda.errors import PandaError
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_rotation import rotate_logs
from alpha_panda.local.ports import Ports
from alpha_panda.local.prometheus import Prometheus
from alpha_panda.local.run_file import Run
from alpha_panda.local.simulator import Simulator
from alpha_panda.local.status_file import ServiceStatus
from alpha_panda.runtime.layers import read_mapping
from alpha_panda.runtime.settings import LogSettings

PORT = "prometheus"
_SECONDS = 2.0


async def tend(
    layout: Layout,
    ports: Ports,
    run: Callable[[], Run],
    services: Callable[[], Iterable[ServiceStatus]],
    simulator: Simulator,
) -> None:
    """Until it is cancelled; nothing that fails here is any service's business."""
    log = structlog.get_logger()
    prometheus: Prometheus | None = None
    said = ""
    try:
        while True:
            try:
                choices = run()
                await asyncio.to_thread(rotate_logs, layout, log_settings(choices))
                await simulator.tend(choices)
                if choices.observability and (prometheus is None or prometheus.process.pid is None):
                    prometheus = Prometheus(layout, ports.take(PORT, "Prometheus"))
                    prometheus.tell(services())
                    await prometheus.start()
                if prometheus is not None:
                    prometheus.tell(services())
            except (PandaError, OSError) as error:
                if str(error) != said:
                    log.warning("not tended to", reason=str(error), remedy=getattr(error, "remedy", None))
                said = str(error)
            await asyncio.sleep(_SECONDS)
    finally:
        await simulator.process.stop()
        if prometheus is not None:
            await prometheus.process.stop()


def log_settings(run: Run) -> LogSettings:
    """The run's own settings of log files."""
    if run.config is None:
        return LogSettings()
    values, _ = read_mapping(Path(run.config))
    return LogSettings.model_validate(values.get("logs") or {})
