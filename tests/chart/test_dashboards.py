"""The dashboards fit Grafana's types, lie in the chart as they are made, and say what each panel is for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from grafana_foundation_sdk.models.dashboard import Dashboard
from tests.support.helm import EMBEDDED, one, render

from chart.files import DASHBOARDS, dashboard, generated, stale

BOARDS = {name: json.loads(dashboard(name)) for name in DASHBOARDS}
EVERY = pytest.mark.parametrize("name", BOARDS)


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in board["panels"] if each["type"] != "row"]


def test_what_is_generated_fits_what_it_is_generated_from() -> None:
    assert stale(generated()) == []


@EVERY
def test_grafana_reads_what_we_write(name: str) -> None:
    read = Dashboard.from_json(BOARDS[name])
    assert read.title == BOARDS[name]["title"]
    assert read.uid == f"alpha-panda-{name}"
    assert len(read.panels or ()) == len(BOARDS[name]["panels"])


@EVERY
def test_every_panel_asks_something_and_says_what_for(name: str) -> None:
    for panel in panels(BOARDS[name]):
        assert panel["description"], panel["title"]
        assert panel["targets"], panel["title"]
        assert panel["datasource"]["uid"] == "${source}"


@EVERY
def test_panels_do_not_lie_on_each_other(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_the_first_dashboard_has_the_rows_that_a_trader_asks_for() -> None:
    rows = [each["title"] for each in BOARDS["overview"]["panels"] if each["type"] == "row"]
    assert rows == ["Is it safe?", "Money", "Flow", "Latency", "Machines"]
    variables = [each["name"] for each in BOARDS["overview"]["templating"]["list"]]
    assert variables == ["source", "broker", "strategy"]


@EVERY
def test_the_chart_holds_it_for_grafanas_sidecar(name: str) -> None:
    held = one(render(EMBEDDED), "ConfigMap", f"ap-dashboard-{name}")
    assert held["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(held["data"][f"alpha-panda-{name}.json"]) == BOARDS[name]
