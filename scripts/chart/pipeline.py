"""The dashboard of the pipeline: each stage from a tick to a fill, and what gets lost on the way."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from alpha_panda.events.topics import TOPICS
from chart.panels import board, lines, row, variable
from chart.selectors import BROKER, count, topics

COUNTED = ("ticks", "bars", "signals", "fills")


def pipeline() -> dashboard.Dashboard:
    """What each stage reads, decides and writes."""
    made = board(
        "pipeline", "Alpha Panda: pipeline", "From a tick to a fill: what each stage reads, decides and writes."
    )
    made.with_variable(variable("broker", "Broker", "label_values(panda_processor, broker)"))
    _traffic(made)
    _decisions(made)
    _state(made)
    return made


def _traffic(made: dashboard.Dashboard) -> None:
    made.with_row(row("What is read and written?"))
    made.with_panel(
        lines(
            "Read a second, by service",
            "Records of all topics.",
            (f"sum by (service) (rate(panda_records_total{{{BROKER}}}[1m]))", "{{service}}"),
        )
    )
    made.with_panel(
        lines(
            "Written a second, by topic",
            "Events of the topics in the table.",
            (f"sum by (topic) (rate(panda_published_total{{{topics(*TOPICS)}}}[1m]))", "{{topic}}"),
        )
    )
    made.with_panel(
        lines(
            "What became of records",
            "`processed` is the rule; `dead_letter` and `too_large` need a person; the others do no harm.",
            ("sum by (outcome) (rate(panda_records_total[1m]))", "{{outcome}}"),
        )
    )


def _decisions(made: dashboard.Dashboard) -> None:
    made.with_row(row("What was decided?"))
    made.with_panel(
        lines(
            "Since the start",
            "Ticks taken, bars closed, signals raised, fills booked.",
            *((f"sum({count(name, '')})", name) for name in COUNTED),
        )
    )
    made.with_panel(
        lines(
            "At work now",
            "Orders that wait for the market, entries and exits that wait for an answer.",
            (f"sum({count('working_orders')})", "working orders"),
            (f"sum({count('pending_entries')})", "pending entries"),
            (f"sum({count('pending_exits')})", "pending exits"),
        )
    )
    made.with_panel(
        lines(
            "Epochs",
            "The last closed epoch of each service in a replay; who is behind is waited for.",
            ("max by (service) (panda_epoch)", "{{service}}"),
        )
    )


def _state(made: dashboard.Dashboard) -> None:
    made.with_row(row("What would a restart cost?"))
    made.with_panel(
        lines(
            "Snapshots: time",
            "99th percentile of writing one.",
            (
                "histogram_quantile(0.99, sum by (le, service) (rate(panda_snapshot_seconds_bucket[5m])))",
                "{{service}}",
            ),
            unit="s",
        )
    )
    made.with_panel(
        lines(
            "Snapshots: size", "The last one.", ("max by (service) (panda_snapshot_bytes)", "{{service}}"), unit="bytes"
        )
    )
    made.with_panel(
        lines(
            "Tried again",
            "Operations on the stores that were repeated, a minute.",
            ("sum by (service) (increase(panda_retries_total[1m]))", "{{service}}"),
        )
    )
