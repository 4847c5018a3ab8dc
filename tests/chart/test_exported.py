"""What dashboards and rules ask for is really exported: a platform trades, and a real Prometheus scrapes it."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.integration.panda_command import ROOT, Panda

from alpha_panda.local.layout import Layout
from alpha_panda.local.status_file import load_status
from alpha_panda.runtime.health import Health, serve_health
from alpha_panda_operator.metrics import OperatorMetrics
from chart.files import DASHBOARDS, dashboard
from chart.rules import ALERTS, RECORDED, Alert, Recorded, document

pytestmark = [pytest.mark.operations, pytest.mark.timeout(900)]

UP_SECONDS = 600
PATIENCE_SECONDS = 120.0
SCRAPES_SECONDS = 10.0
POLL_SECONDS = 0.5
QUERIES = {
    f"{name}: {panel['title']}: {target['refId']}": target["expr"]
    for name in DASHBOARDS
    for panel in json.loads(dashboard(name))["panels"]
    for target in panel.get("targets", ())
}


class Prometheus:
    """A Prometheus of the test's own, asked over HTTP."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def ask(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"{self._url}/{path}?{query}", timeout=10) as answer:  # noqa: S310 - our own
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error

    def series(self, expression: str) -> list[dict[str, Any]]:
        """What a query finds now, with the variables of a dashboard at All."""
        plain = expression.replace("$broker", ".*").replace("$strategy", ".*")
        return list(self.ask("api/v1/query", query=plain)["result"])

    def finds(self, expression: str) -> bool:
        """Whether a query finds series, once everything was scraped often enough for a rate."""
        deadline = time.monotonic() + SCRAPES_SECONDS
        while not (found := self.series(expression)) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return bool(found)

    def until_scraped(self, targets: int) -> None:
        """Wait until all answer and what is recorded of them is there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := self._seen()) != (targets, len(RECORDED)):
            assert time.monotonic() < deadline, f"of {targets} services and {len(RECORDED)} recorded series: {found}"
            time.sleep(POLL_SECONDS)

    def _seen(self) -> tuple[int, int]:
        names = "|".join(each.name for each in RECORDED)
        try:
            recorded = {each["metric"]["__name__"] for each in self.series(f'{{__name__=~"{names}"}}')}
            return len(self.series("up == 1")), len(recorded)
        except OSError:
            return 0, 0


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    program = shutil.which("prometheus")
    assert program, "prometheus is not installed: apt-get install -y --no-install-recommends prometheus"
    folder = tmp_path_factory.mktemp("monitoring")
    panda = Panda(folder / "data")
    try:
        market = ROOT / "examples" / "market"
        panda.json("up", "-f", str(ROOT / "examples"), "--replay", str(market), "--wait", timeout=UP_SECONDS)
        status = load_status(Layout(panda.data_dir))
        assert status is not None
        with (
            an_operators_metrics() as port,
            running(program, folder, [port, *(each.port for each in status.services)]) as found,
        ):
            yield found
    finally:
        panda.reset()


@contextmanager
def an_operators_metrics() -> Iterator[int]:
    """What an operator exports that leads and has looked at everything once; it has no cluster here."""
    metrics = OperatorMetrics()
    metrics.watch_queue(lambda: 0)
    metrics.leader.set(1)
    metrics.stores.set(1)
    with metrics.look("platform"):
        pass
    with pytest.raises(ValueError, match="planted"), metrics.look("platform"):
        raise ValueError("planted")
    with serve_health("127.0.0.1", 0, Health(), metrics) as port:
        yield port


class running:  # noqa: N801 - reads as a sentence
    """Prometheus on a free port, with our rules and these targets; it ends with the block."""

    def __init__(self, program: str, folder: Path, ports: list[int]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self._targets = [f"127.0.0.1:{port}" for port in ports]
        (folder / "rules.yaml").write_text(yaml.safe_dump(document()))
        (folder / "prometheus.yml").write_text(
            yaml.safe_dump(
                {
                    "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                    "rule_files": ["rules.yaml"],
                    "scrape_configs": [{"job_name": "panda", "static_configs": [{"targets": self._targets}]}],
                }
            )
        )
        self._command = [
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'series'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
        ]
        self._log = folder / "prometheus.log"

    def __enter__(self) -> Prometheus:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)  # noqa: S603 - found above
        found = Prometheus(self._port)
        found.until_scraped(len(self._targets))
        return found

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


@pytest.mark.parametrize("panel", QUERIES)
def test_every_query_of_a_panel_finds_series_on_a_platform_that_trades(panel: str, prometheus: Prometheus) -> None:
    expression = QUERIES[panel]
    rare = "dead_letter" in expression
    if rare:  # what should never happen has no series until it does; the query must still be one
        assert prometheus.series(expression) is not None
        expression = expression.replace('outcome="dead_letter"', 'outcome="processed"')
    assert prometheus.finds(expression), expression


@pytest.mark.parametrize("alert", ALERTS, ids=lambda each: each.name)
def test_every_number_that_an_alert_compares_is_there(alert: Alert, prometheus: Prometheus) -> None:
    number = re.sub(r" (==|>|<) [\d.]+$", "", alert.expression).replace('"dead_letter"', '"processed"')
    assert prometheus.finds(number), number


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda each: each.name)
def test_every_recorded_series_is_recorded(recorded: Recorded, prometheus: Prometheus) -> None:
    assert prometheus.finds(recorded.name), recorded.expression


def test_no_rule_fails_and_no_critical_alert_fires_on_a_day_that_went_well(prometheus: Prometheus) -> None:
    groups = prometheus.ask("api/v1/rules")["groups"]
    assert [rule for group in groups for rule in group["rules"] if rule["health"] == "err"] == []
    firing = prometheus.series('ALERTS{severity="critical",alertstate="firing"}')
    assert firing == []
