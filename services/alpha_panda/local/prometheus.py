"""Prometheus beside a run (`panda up --observability`): scrapes every service, with the chart's rules as they are.

The program is the system's. Where services listen changes from start to start, so their addresses are in a file that
is written anew, and that Prometheus reads again by itself.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import yaml

import alpha_panda
from alpha_panda.errors import UnavailableError
from alpha_panda.local.layout import Layout, write_private
from alpha_panda.local.ports import HOST
from alpha_panda.local.process import ServerProcess
from alpha_panda.local.status_file import ServiceStatus

INSTALL: Final = "type: apt install prometheus"
_SCRAPE: Final = "5s"
_KEPT: Final = "7d"


class Prometheus:
    """The server of one run."""

    def __init__(self, layout: Layout, port: int) -> None:
        """Nothing runs yet."""
        self._folder = layout.root / "prometheus"
        self._port = port
        self._targets = self._folder / "targets.json"
        self._written = ""
        self.process = ServerProcess(
            name="Prometheus",
            log=layout.logs / "prometheus.log",
            pid_file=layout.run / "prometheus.json",
            marker="prometheus",
        )

    async def start(self) -> None:
        """Write its configuration and start it; raises UnavailableError where it is not installed."""
        program = find_prometheus()
        if program is None:
            raise UnavailableError("there is no Prometheus on this machine", remedy=INSTALL)
        await self.process.stop_leftover()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        config = self._folder / "prometheus.yml"
        write_private(config, yaml.safe_dump(configuration(self._targets, rules_file()), sort_keys=False))
        argv = (
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--storage.tsdb.retention.time={_KEPT}",
            f"--web.listen-address={HOST}:{self._port}",
        )
        self.process.start(argv, cwd=self._folder, env={"PATH": "/usr/bin:/bin"})

    def tell(self, services: Iterable[ServiceStatus]) -> None:
        """Write where services listen, where that has changed."""
        text = json.dumps(targets(services), indent=1)
        if text != self._written:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            write_private(self._targets, text)
            self._written = text


def find_prometheus() -> str | None:
    """The system's program; None where it is not installed."""
    return shutil.which("prometheus")


def rules_file() -> Path | None:
    """The chart's rules; None where this is not a source tree."""
    path = Path(alpha_panda.__file__).parents[2] / "charts" / "alpha-panda" / "files" / "rules.yaml"
    return path if path.is_file() else None


def configuration(targets_file: Path, rules: Path | None) -> dict[str, object]:
    """What Prometheus is told."""
    return {
        "global": {"scrape_interval": _SCRAPE, "evaluation_interval": _SCRAPE},
        "rule_files": [] if rules is None else [str(rules)],
        "scrape_configs": [
            {
                "job_name": "alpha-panda",
                "file_sd_configs": [{"files": [str(targets_file)], "refresh_interval": _SCRAPE}],
            }
        ],
    }


def targets(services: Iterable[ServiceStatus]) -> list[dict[str, object]]:
    """A target for each service."""
    return [
        {"targets": [f"{HOST}:{each.port}"], "labels": {"instance": each.name}}
        for each in sorted(services, key=lambda each: each.name)
        if each.port
    ]
