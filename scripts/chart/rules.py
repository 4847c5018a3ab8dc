"""Prometheus' rules: a few recorded series, and alerts that each name what is wrong, for whom, and where to look.

`for` is as long as a healthy platform may take: a restart, a rollout, a pause of the feed between two days.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from alpha_panda.domain.pipeline_watch import Code
from alpha_panda.events.topics import TICKS
from chart.selectors import count, finding, topics

CRITICAL: Final = "critical"
WARNING: Final = "warning"
INFO: Final = "info"


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A series that is worth keeping for longer than what it is made of."""

    name: str
    expression: str


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person should know of; `says` may name labels."""

    name: str
    expression: str
    lasting: str = "0s"
    severity: str
    says: str
    look: str


RECORDED: Final = (
    Recorded(name="panda:ticks:rate1m", expression=f"sum(rate(panda_published_total{{{topics(TICKS)}}}[1m]))"),
    Recorded(name="panda:pending_records:max", expression="max by (service, broker) (panda_pending_records)"),
    Recorded(
        name="panda:batch_seconds:p99",
        expression=("histogram_quantile(0.99, sum by (le, service, broker) (rate(panda_batch_seconds_bucket[5m])))"),
    ),
    Recorded(
        name="panda:equity_rupees",
        expression=f"max by (broker) ({count('equity_paise', '')}) / 100",
    ),
)

_TROUBLE: Final = "docs/troubleshooting.md, what the watch finds; `panda doctor`"
ALERTS: Final = (
    Alert(
        name="PandaFeedStale",
        expression=f"max by (service) ({finding(Code.STALE_FEED)}) == 1",
        lasting="30s",
        severity=CRITICAL,
        says="{{ $labels.service }} hears no ticks although the market is open",
        look=_TROUBLE,
    ),
    Alert(
        name="PandaInstrumentsStale",
        expression=f"max by (service) ({finding(Code.STALE_INSTRUMENTS)}) == 1",
        lasting="5m",
        severity=WARNING,
        says="{{ $labels.service }} hears nothing of some instruments although the market is open",
        look=_TROUBLE,
    ),
    Alert(
        name="PandaStuck",
        expression=f"max by (service, broker) ({finding(Code.NO_PROGRESS)}) == 1",
        lasting="1m",
        severity=CRITICAL,
        says="{{ $labels.service }} has something to do and does nothing",
        look=_TROUBLE,
    ),
    Alert(
        name="PandaLagGrows",
        expression=f"max by (service, broker) ({finding(Code.GROWING_LAG)}) == 1",
        lasting="1m",
        severity=WARNING,
        says="{{ $labels.service }} falls behind: its lag rises window after window",
        look=_TROUBLE,
    ),
    Alert(
        name="PandaLag",
        expression="panda:pending_records:max > 100000",
        lasting="5m",
        severity=CRITICAL,
        says="{{ $labels.service }} has {{ $value | humanize }} records to read",
        look=_TROUBLE,
    ),
    Alert(
        name="PandaDeadLetters",
        expression='sum by (service, broker, topic) (increase(panda_records_total{outcome="dead_letter"}[15m])) > 0',
        severity=WARNING,
        says="{{ $labels.service }} set records of {{ $labels.topic }} aside",
        look="`panda dlq list`, then `panda dlq replay` once the cause is mended",
    ),
    Alert(
        name="PandaHalted",
        expression=f"max by (broker) ({count('halts', '')}) > 0",
        severity=INFO,
        says="trading on {{ $labels.broker }} is halted: entries are refused, exits pass",
        look="`panda halts`",
    ),
    Alert(
        name="PandaBreakerTripped",
        expression=f"max by (broker) ({count('account_halted', '')}) == 1",
        severity=CRITICAL,
        says="a loss limit has halted the account {{ $labels.broker }}",
        look="docs/risk.md, circuit breakers",
    ),
    Alert(
        name="PandaReducing",
        expression=f"max by (broker) ({count('account_reducing', '')}) == 1",
        severity=WARNING,
        says="a loss limit lets the account {{ $labels.broker }} reduce only",
        look="docs/risk.md, circuit breakers",
    ),
    Alert(
        name="PandaStrategyQuarantined",
        expression='max by (strategy) (panda_strategy{name="quarantined"}) == 1',
        severity=WARNING,
        says="strategy {{ $labels.strategy }} did what none may do and is called no more; its positions stay",
        look="`panda describe strategy {{ $labels.strategy }}`",
    ),
    Alert(
        name="PandaImbalance",
        expression=f"max by (service, broker) (abs({count('imbalance_paise', '')})) > 0",
        severity=CRITICAL,
        says="the books of {{ $labels.broker }} are off by {{ $value }} paise",
        look="`panda verify`",
    ),
    Alert(
        name="PandaLogDrops",
        expression="sum by (service, broker) (increase(panda_log_dropped_lines[10m])) > 0",
        severity=WARNING,
        says="{{ $labels.service }} drops log lines: they are not written as fast as they come",
        look="setting logs.queue, and what is logged so often",
    ),
    Alert(
        name="PandaRestarting",
        expression="changes(process_start_time_seconds[15m]) > 2",
        severity=WARNING,
        says="{{ $labels.instance }} was started {{ $value }} times again in 15 minutes",
        look="the end of its log: `kubectl logs --previous`",
    ),
    Alert(
        name="PandaOperatorNotReconciling",
        expression="time() - max(panda_operator_last_success_timestamp_seconds) > 900",
        severity=CRITICAL,
        says="the operator has not come to an end with anything for {{ $value | humanizeDuration }}; what runs goes on",
        look="the operator's log: `kubectl logs -l app.kubernetes.io/name=operator`",
    ),
    Alert(
        name="PandaOperatorNoLeader",
        expression="sum(panda_operator_leader) < 1",
        lasting="2m",
        severity=WARNING,
        says="no replica of the operator leads, so changed resources have no effect",
        look="`kubectl get lease`, and the operator's log",
    ),
    Alert(
        name="PandaStoresNotReady",
        expression="max(panda_operator_stores_ready) < 1",
        lasting="5m",
        severity=WARNING,
        says="the operator cannot make Kafka, Redis or PostgreSQL what the plan says; what runs goes on",
        look="the condition DependenciesReady of the Brokers: `kubectl describe brk`",
    ),
)


def document() -> dict[str, Any]:
    """The groups, as Prometheus and PrometheusRule have them."""
    return {
        "groups": [
            {"name": "alpha-panda-recorded", "rules": [_recorded(each) for each in RECORDED]},
            {"name": "alpha-panda", "rules": [_alert(each) for each in ALERTS]},
        ]
    }


def _recorded(each: Recorded) -> dict[str, Any]:
    return {"record": each.name, "expr": each.expression}


def _alert(each: Alert) -> dict[str, Any]:
    return {
        "alert": each.name,
        "expr": each.expression,
        "for": each.lasting,
        "labels": {"severity": each.severity},
        "annotations": {"summary": each.says, "description": f"Look: {each.look}"},
    }
