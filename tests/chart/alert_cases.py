"""For each alert: series with which it fires, and what it then says; and a platform with which none does.

A series is written as promtool has it: `1x20` is the value 1, repeated 20 times, one each 15 seconds.
"""

from __future__ import annotations

import msgspec

from alpha_panda.events.topics import TICKS

RISK = 'service="paper.risk-manager",broker="paper"'
FEED = 'service="market-feed",broker=""'
LATEST = TICKS.full_name()


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """`after` is when it must fire, in minutes; `too_soon` when it must not yet."""

    alert: str
    series: dict[str, str]
    after: int
    labels: dict[str, str]
    says: str
    too_soon: str = ""


def finding(code: str, labels: str = FEED) -> dict[str, str]:
    return {f'panda_finding{{code="{code}",{labels}}}': "1x60"}


def counted(name: str, values: str = "1x60", labels: str = RISK) -> dict[str, str]:
    return {f'panda_processor{{name="{name}",{labels}}}': values}


CASES = (
    Case(
        alert="PandaFeedStale",
        series=finding("stale_feed"),
        after=1,
        too_soon="15s",
        labels={"service": "market-feed"},
        says="market-feed hears no ticks",
    ),
    Case(
        alert="PandaInstrumentsStale",
        series=finding("stale_instruments"),
        after=6,
        too_soon="4m",
        labels={"service": "market-feed"},
        says="hears nothing of some instruments",
    ),
    Case(
        alert="PandaStuck",
        series=finding("no_progress", RISK),
        after=2,
        too_soon="45s",
        labels={"service": "paper.risk-manager", "broker": "paper"},
        says="paper.risk-manager has something to do and does nothing",
    ),
    Case(
        alert="PandaLagGrows",
        series=finding("growing_lag", RISK),
        after=2,
        too_soon="45s",
        labels={"service": "paper.risk-manager", "broker": "paper"},
        says="falls behind",
    ),
    Case(
        alert="PandaLag",
        series={f"panda_pending_records{{{RISK}}}": "150000x60"},
        after=7,
        too_soon="4m",
        labels={"service": "paper.risk-manager", "broker": "paper"},
        says="has 150k records to read",
    ),
    Case(
        alert="PandaDeadLetters",
        series={f'panda_records_total{{outcome="dead_letter",topic="{LATEST}",{RISK}}}': "0x4 1x56"},
        after=2,
        labels={"service": "paper.risk-manager", "broker": "paper", "topic": LATEST},
        says=f"paper.risk-manager set records of {LATEST} aside",
    ),
    Case(alert="PandaHalted", series=counted("halts"), after=1, labels={"broker": "paper"}, says="on paper is halted"),
    Case(
        alert="PandaBreakerTripped",
        series=counted("account_halted"),
        after=1,
        labels={"broker": "paper"},
        says="halted the account paper",
    ),
    Case(
        alert="PandaReducing",
        series=counted("account_reducing"),
        after=1,
        labels={"broker": "paper"},
        says="lets the account paper reduce only",
    ),
    Case(
        alert="PandaStrategyQuarantined",
        series={'panda_strategy{name="quarantined",strategy="momentum",service="strategy-runner",broker=""}': "1x60"},
        after=1,
        labels={"strategy": "momentum"},
        says="strategy momentum did what none may do",
    ),
    Case(
        alert="PandaImbalance",
        series=counted("imbalance_paise", "-5x60"),
        after=1,
        labels={"service": "paper.risk-manager", "broker": "paper"},
        says="the books of paper are off by 5 paise",
    ),
    Case(
        alert="PandaLogDrops",
        series={f"panda_log_dropped_lines{{{RISK}}}": "0x4 7x56"},
        after=2,
        labels={"service": "paper.risk-manager", "broker": "paper"},
        says="drops log lines",
    ),
    Case(
        alert="PandaRestarting",
        series={'process_start_time_seconds{instance="a:9400"}': "1x4 2x4 3x4 4x50"},
        after=4,
        too_soon="1m",
        labels={"instance": "a:9400"},
        says="a:9400 was started 3 times again",
    ),
    Case(
        alert="PandaOperatorNotReconciling",
        series={'panda_operator_last_success_timestamp_seconds{kind="platform"}': "0x100"},
        after=16,
        too_soon="14m",
        labels={},
        says="has not come to an end with anything for 16m 0s",
    ),
    Case(
        alert="PandaOperatorNoLeader",
        series={'panda_operator_leader{pod="a"}': "0x60", 'panda_operator_leader{pod="b"}': "0x60"},
        after=3,
        too_soon="1m",
        labels={},
        says="no replica of the operator leads",
    ),
    Case(
        alert="PandaStoresNotReady",
        series={"panda_operator_stores_ready": "0x60"},
        after=6,
        too_soon="4m",
        labels={},
        says="the operator cannot make Kafka, Redis or PostgreSQL",
    ),
)

HEALTHY = {
    f'panda_processor{{name="halts",{RISK}}}': "0x120",
    f'panda_processor{{name="account_halted",{RISK}}}': "0x120",
    f'panda_processor{{name="account_reducing",{RISK}}}': "0x120",
    f'panda_processor{{name="imbalance_paise",{RISK}}}': "0x120",
    f'panda_strategy{{name="quarantined",strategy="momentum",{FEED}}}': "0x120",
    f'panda_finding{{code="stale_feed",{FEED}}}': "0x120",
    f'panda_finding{{code="stale_instruments",{FEED}}}': "0x120",
    f'panda_finding{{code="no_progress",{FEED}}}': "0x120",
    f'panda_finding{{code="growing_lag",{FEED}}}': "0x120",
    f"panda_pending_records{{{RISK}}}": "500x120",
    f"panda_log_dropped_lines{{{RISK}}}": "0x120",
    f'panda_records_total{{outcome="processed",topic="{LATEST}",{RISK}}}': "0+1000x120",
    f'panda_records_total{{outcome="dead_letter",topic="{LATEST}",{RISK}}}': "3x120",
    'process_start_time_seconds{instance="a:9400"}': "1x60 2x60",
    'panda_operator_leader{pod="a"}': "1x120",
    'panda_operator_leader{pod="b"}': "0x120",
    'panda_operator_stores_ready{pod="a"}': "1x120",
    'panda_operator_last_success_timestamp_seconds{kind="platform"}': "0+15x120",
}
"""Half an hour: records flow, one service was started again once, and dead letters are of before."""
