"""The dashboard of the operator: who leads, whether it comes to an end, how long a look takes and what it changes."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from chart.panels import board, light, lines, number, row

RECENTLY = "5m"


def operating() -> dashboard.Dashboard:
    """The operator's own work."""
    made = board("operator", "Alpha Panda: operator", "Who leads, whether work comes to an end, and what is changed.")
    made.with_row(row("Does it work?"))
    made.with_panel(number("Leaders", "Exactly one of the replicas leads.", ("sum(panda_operator_leader)", "leaders")))
    made.with_panel(
        light(
            "Since the last success",
            "Seconds since any look did not fail; at the latest every five minutes everything is looked at.",
            ("time() - max(panda_operator_last_success_timestamp_seconds)", "seconds"),
            bad_from=600,
            unit="s",
        )
    )
    made.with_panel(
        light(
            "Stores not as planned",
            "1 while Kafka, Redis or PostgreSQL is not what the plan says.",
            ("1 - max(panda_operator_stores_ready)", "not ready"),
        )
    )
    made.with_panel(
        light(
            "Missed changes",
            "Changes in an hour that only the regular look at everything found: its watch was blind to them.",
            ("sum(increase(panda_operator_missed_changes_total[1h]))", "changes"),
        )
    )
    made.with_row(row("How long does it take?"))
    looks = f"histogram_quantile({{q}}, sum by (le, kind) (rate(panda_operator_reconcile_seconds_bucket[{RECENTLY}])))"
    for share, title in ((0.5, "A look, half of them"), (0.95, "A look, all but one in twenty")):
        made.with_panel(lines(title, "By kind.", (looks.format(q=share), "{{kind}}"), unit="s"))
    made.with_panel(lines("Queue", "Keys that are due or worked on.", ("sum(panda_operator_queue_depth)", "keys")))
    made.with_row(row("What does it change?"))
    made.with_panel(
        lines(
            "Changes",
            "Objects sent, objects deleted and statuses written; on a platform that nobody changes all are 0.",
            *(
                (f"sum(increase(panda_operator_{name}_total[{RECENTLY}]))", name)
                for name in ("applied", "deleted", "statuses")
            ),
            span=12,
        )
    )
    made.with_panel(
        lines(
            "Errors",
            "Looks that failed and are repeated with growing pauses.",
            (f"sum by (kind) (increase(panda_operator_reconcile_errors_total[{RECENTLY}]))", "{{kind}}"),
            span=12,
        )
    )
    return made
