"""The dashboard of lag: who has records to read, who is stuck, and who only waits for somebody else."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from alpha_panda.domain.pipeline_watch import Code
from chart.panels import ORANGE, board, light, lines, row
from chart.selectors import finding


def lag() -> dashboard.Dashboard:
    """Lag and progress of every service."""
    made = board(
        "lag", "Alpha Panda: lag", "Who has records to read, who is stuck, and who only waits for somebody else."
    )
    made.with_row(row("Is somebody behind?"))
    for title, code, says, color in (
        ("Stuck", Code.NO_PROGRESS, "Stages that have something to do and do nothing.", None),
        ("Falling behind", Code.GROWING_LAG, "Stages whose lag rises window after window.", ORANGE),
        ("Stale feed", Code.STALE_FEED, "Nothing comes although ticks are due.", None),
        ("Stale instruments", Code.STALE_INSTRUMENTS, "Some instruments are silent although ticks are due.", ORANGE),
    ):
        query = (f"sum({finding(code)})", "now")
        made.with_panel(light(title, says, query) if color is None else light(title, says, query, color=color))
    made.with_row(row("By how much?"))
    made.with_panel(
        lines(
            "Lag", "Records that were not read yet.", ("max by (service) (panda_lag_records)", "{{service}}"), span=12
        )
    )
    made.with_panel(
        lines(
            "Waiting",
            "Records to read, and records that were read and wait for an epoch to close.",
            ("max by (service) (panda_pending_records)", "{{service}}"),
            span=12,
        )
    )
    made.with_panel(
        lines(
            "Since there was progress",
            "Seconds since the service did something or had nothing to do.",
            ("max by (service) (panda_progress_age_seconds)", "{{service}}"),
            unit="s",
            span=12,
        )
    )
    made.with_panel(
        lines(
            "Log lines that wait",
            "Where a log is not written as fast as it grows; what does not fit is dropped and counted.",
            ("max by (service) (panda_log_queue_lines / panda_log_queue_capacity_lines)", "{{service}} queue"),
            ("sum by (service) (increase(panda_log_dropped_lines[5m]))", "{{service}} dropped"),
            unit="percentunit",
            span=12,
        )
    )
    return made
