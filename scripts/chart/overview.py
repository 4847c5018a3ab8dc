"""The first dashboard: is it safe, what is it worth, does it flow, how fast, and on which machines."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from alpha_panda.domain.pipeline_watch import Code
from alpha_panda.events.topics import (
    ORDERS_FAILED,
    ORDERS_FILLED,
    ORDERS_SUBMITTED,
    SIGNALS_RAW,
    SIGNALS_REJECTED,
    SIGNALS_VALIDATED,
    TICKS,
)
from chart.panels import ORANGE, board, light, lines, number, row, variable
from chart.selectors import BROKER, count, finding, topics

RUPEES = "currencyINR"
STRATEGY = 'strategy=~"$strategy"'
OF_SERVICE = "* on (instance) group_left (service) (panda_log_queue_capacity_lines > bool 0)"
"""Whose process it is: the metrics of a process itself do not say, but this one (never 0) stands beside them."""


def overview() -> dashboard.Dashboard:
    """The whole platform on one page."""
    made = board("overview", "Alpha Panda", "Is it safe, what is it worth, does it flow, how fast, on which machines.")
    made.with_variable(variable("broker", "Broker", "label_values(panda_processor, broker)"))
    made.with_variable(variable("strategy", "Strategy", "label_values(panda_strategy, strategy)"))
    for part in (_safety, _money, _flow, _latency, _machines):
        part(made)
    return made


def _safety(made: dashboard.Dashboard) -> None:
    made.with_row(row("Is it safe?"))
    made.with_panel(
        light(
            "Halts",
            "Halts that hold, by the log and by the Brokers' resources; entries are refused, exits pass.",
            (f"max({count('halts')})", "halts"),
            color=ORANGE,
        )
    )
    made.with_panel(
        light(
            "Breakers",
            "Accounts that a loss limit has halted or lets reduce only.",
            (f"sum({count('account_halted')}) + sum({count('account_reducing')})", "accounts"),
        )
    )
    made.with_panel(
        light(
            "Quarantined",
            "Strategies that did what none may do and are called no more.",
            (f"sum({count('strategies_quarantined', '')})", "strategies"),
        )
    )
    made.with_panel(
        light(
            "Dead letters in a day",
            "Records that nobody could process; `panda dlq list` shows why.",
            ('sum(increase(panda_records_total{outcome="dead_letter"}[1d]))', "records"),
        )
    )
    made.with_panel(
        light(
            "Findings",
            "What the services' own watch finds wrong now: a stale feed, a stage that is stuck or falls behind.",
            ("sum(panda_finding)", "findings"),
        )
    )
    made.with_panel(
        light(
            "Imbalance",
            "What the books are off by. It is always 0, or money was invented or lost.",
            (f"sum(abs({count('imbalance_paise')})) / 100", "rupees"),
            bad_from=0.01,
            unit=RUPEES,
        )
    )


def _money(made: dashboard.Dashboard) -> None:
    made.with_row(row("Money"))
    made.with_panel(
        lines(
            "Equity",
            "Cash and open positions at the last price that was published.",
            (f"{count('equity_paise')} / 100", "{{broker}}"),
            unit=RUPEES,
        )
    )
    made.with_panel(
        lines(
            "Realised, by strategy",
            "Profit of closed trades less all charges.",
            (
                f"({_of_strategies('realised_paise')} - ignoring(name) {_of_strategies('charges_paise')}) / 100",
                "{{broker}} {{strategy}}",
            ),
            unit=RUPEES,
        )
    )
    made.with_panel(
        lines(
            "Unrealised and charges",
            "What open positions would bring, and what trading has cost.",
            (f"{count('unrealised_paise')} / 100", "{{broker}} unrealised"),
            (f"{count('charges_paise')} / 100", "{{broker}} charges"),
            unit=RUPEES,
        )
    )


def _flow(made: dashboard.Dashboard) -> None:
    made.with_row(row("Flow"))
    rate = "sum by ({by}) (rate(panda_published_total{{{what}}}[1m]))"
    made.with_panel(
        lines(
            "Ticks a second", "What the feed publishes.", (rate.format(by="service", what=topics(TICKS)), "{{service}}")
        )
    )
    verdicts = {"raised": SIGNALS_RAW, "validated": SIGNALS_VALIDATED, "rejected": SIGNALS_REJECTED}
    made.with_panel(
        lines(
            "Signals in five minutes",
            "Raised by strategies, and what the risk manager made of them.",
            *(
                (f"sum(increase(panda_published_total{{{topics(topic)}}}[5m]))", name)
                for name, topic in verdicts.items()
            ),
        )
    )
    orders = {"submitted": ORDERS_SUBMITTED, "filled": ORDERS_FILLED, "failed": ORDERS_FAILED}
    made.with_panel(
        lines(
            "Orders in five minutes",
            "What trading did with the validated ones.",
            *(
                (f"sum(increase(panda_published_total{{{topics(topic)},{BROKER}}}[5m]))", name)
                for name, topic in orders.items()
            ),
        )
    )


def _latency(made: dashboard.Dashboard) -> None:
    made.with_row(row("Latency"))
    batches = "histogram_quantile({q}, sum by (le, service) (rate(panda_batch_seconds_bucket[5m])))"
    made.with_panel(
        lines(
            "A batch, half of them",
            "Time to decide and publish, median.",
            (batches.format(q=0.5), "{{service}}"),
            unit="s",
        )
    )
    made.with_panel(
        lines(
            "A batch, all but one in a hundred",
            "Time to decide and publish, 99th percentile.",
            (batches.format(q=0.99), "{{service}}"),
            unit="s",
        )
    )
    made.with_panel(
        lines(
            "Age of the last tick",
            "Seconds since a tick came, where ticks are watched. It grows while the market is closed.",
            ("max by (service) (panda_tick_age_seconds)", "{{service}}"),
            (f"max({finding(Code.STALE_FEED)})", "found stale"),
            unit="s",
        )
    )


def _machines(made: dashboard.Dashboard) -> None:
    made.with_row(row("Machines"))
    made.with_panel(
        lines(
            "Memory",
            "Resident memory of each service.",
            (f"process_resident_memory_bytes {OF_SERVICE}", "{{service}}"),
            unit="bytes",
        )
    )
    made.with_panel(
        lines(
            "Processor time",
            "Processors that each service keeps busy.",
            (f"rate(process_cpu_seconds_total[1m]) {OF_SERVICE}", "{{service}}"),
        )
    )
    made.with_panel(
        number(
            "Started in the last hour",
            "Services whose process is younger than an hour.",
            ("count(time() - process_start_time_seconds < 3600)", "services"),
        )
    )


def _of_strategies(name: str) -> str:
    return f'panda_strategy{{name="{name}",{BROKER},{STRATEGY}}}'
