"""Panels in the one style of all our dashboards, by Grafana's own types.

A panel asks one question and says in its description what a good answer looks like.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    LegendPlacement,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode

SOURCE = DataSourceRef(type_val="prometheus", uid="${source}")
GREEN, ORANGE, RED = "green", "orange", "red"
Query = tuple[str, str]
"""A query and what its lines are called."""


def _target(expression: str, legend: str, name: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(name).datasource(SOURCE).range()


def _steps(*steps: tuple[float, str]) -> ThresholdsConfig:
    found = [Threshold(value=None, color=GREEN), *(Threshold(value=value, color=color) for value, color in steps)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)


def light(  # noqa: PLR0913 - the parts of one panel
    title: str, says: str, query: Query, *, bad_from: float = 1, color: str = RED, unit: str = "none"
) -> stat.Panel:
    """A number that is green below `bad_from`."""
    return (
        _value(title, says, query, unit).thresholds(_steps((bad_from, color))).color_mode(BigValueColorMode.BACKGROUND)
    )


def number(title: str, says: str, query: Query, unit: str = "none") -> stat.Panel:
    """A number that is neither good nor bad."""
    return _value(title, says, query, unit).color_mode(BigValueColorMode.VALUE).graph_mode(BigValueGraphMode.AREA)


def _value(title: str, says: str, query: Query, unit: str) -> stat.Panel:
    panel = stat.Panel().title(title).description(says).datasource(SOURCE).unit(unit).height(4).span(4)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"])).graph_mode(BigValueGraphMode.NONE).no_value(
        "0"
    )
    return panel.with_target(_target(*query, "A"))


def lines(title: str, says: str, *queries: Query, unit: str = "short", span: int = 8) -> timeseries.Panel:
    """How something goes over time."""
    panel = timeseries.Panel().title(title).description(says).datasource(SOURCE).unit(unit).height(8).span(span)
    panel.legend(common.VizLegendOptions().show_legend(True).placement(LegendPlacement.BOTTOM))  # noqa: FBT003 - as above
    panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI)).fill_opacity(8).line_width(1)
    for place, query in enumerate(queries):
        panel.with_target(_target(*query, chr(ord("A") + place)))
    return panel


def variable(name: str, label: str, query: str) -> dashboard.QueryVariable:
    """A choice of the values of a label; all of them unless somebody chooses."""
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .query(query)
        .datasource(SOURCE)
        .multi(True)  # noqa: FBT003 - Grafana's builders have it so
        .include_all(True)  # noqa: FBT003 - likewise
        .all_value(".*")
    )


def board(identity: str, title: str, says: str) -> dashboard.Dashboard:
    """An empty dashboard with the choice of a Prometheus."""
    return (
        dashboard.Dashboard(title)
        .uid(f"alpha-panda-{identity}")
        .description(says)
        .tags(["alpha-panda"])
        .timezone("browser")
        .refresh("10s")
        .time("now-6h", "now")
        .with_variable(dashboard.DatasourceVariable("source").label("Prometheus").type("prometheus"))
    )


def row(title: str) -> dashboard.Row:
    """A row, named by the question that its panels answer."""
    return dashboard.Row(title)
