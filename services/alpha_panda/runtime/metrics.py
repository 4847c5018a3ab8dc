"""The metrics that every service has. A service's own counters come from its processor's `diagnostics`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from alpha_panda.domain.pipeline_watch import Code
from alpha_panda.runtime.service_watch import ServiceWatch

_BUCKETS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.012, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


class _Counts(Collector):
    """A counter that is a plain dictionary until somebody asks: it is counted up with every record."""

    def __init__(self, name: str, documentation: str, fixed: dict[str, str], names: tuple[str, ...]) -> None:
        self._name = name
        self._documentation = documentation
        self._fixed = fixed
        self._names = names
        self._counts: dict[tuple[str, ...], int] = {}

    def add(self, key: tuple[str, ...], count: int) -> None:
        """Count `count` more of `key`, which has a value for each of the names."""
        self._counts[key] = self._counts.get(key, 0) + count

    def collect(self) -> Iterator[CounterMetricFamily]:
        """What was counted."""
        family = CounterMetricFamily(self._name, self._documentation, labels=[*self._fixed, *self._names])
        for key, count in list(self._counts.items()):
            family.add_metric([*self._fixed.values(), *key], count)
        yield family


class Metrics:
    """One registry per process, made by the composition root and handed down."""

    def __init__(self, service: str, broker: str | None) -> None:
        """Label everything with the service and its Broker (empty for shared services)."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        labels = {"service": service, "broker": broker or ""}
        names = list(labels)
        self._records = _Counts(
            "panda_records", "Records read, by topic and what became of them", labels, ("topic", "outcome")
        )
        self._published = _Counts("panda_published", "Events written, by topic", labels, ("topic",))
        self.registry.register(self._records)
        self.registry.register(self._published)
        self._retries = Counter("panda_retries", "Operations tried again", names, registry=self.registry).labels(
            **labels
        )
        self.lag = Gauge("panda_lag_records", "Records not yet read", names, registry=self.registry).labels(**labels)
        self.epoch = Gauge("panda_epoch", "Last closed epoch", names, registry=self.registry).labels(**labels)
        self.batch_seconds = Histogram(
            "panda_batch_seconds",
            "Time to decide and publish a batch",
            names,
            buckets=_BUCKETS,
            registry=self.registry,
        ).labels(**labels)
        self.snapshot_seconds = Histogram(
            "panda_snapshot_seconds",
            "Time to write a snapshot",
            names,
            buckets=_BUCKETS,
            registry=self.registry,
        ).labels(**labels)
        self.snapshot_bytes = Gauge(
            "panda_snapshot_bytes", "Size of the last snapshot", names, registry=self.registry
        ).labels(**labels)
        self.log_queue = Gauge("panda_log_queue_lines", "Log lines waiting", names, registry=self.registry).labels(
            **labels
        )
        self.log_capacity = Gauge(
            "panda_log_queue_capacity_lines", "Log lines that may wait", names, registry=self.registry
        ).labels(**labels)
        self.log_drops = Gauge(
            "panda_log_dropped_lines", "Log lines dropped since the start", names, registry=self.registry
        ).labels(**labels)
        self._domain = Gauge(
            "panda_processor", "Counters of the processor, by name", [*names, "name"], registry=self.registry
        )
        self._strategies = Gauge(
            "panda_strategy", "Numbers of a strategy, by name", [*names, "strategy", "name"], registry=self.registry
        )
        self._labels = labels
        self.outcomes: dict[str, int] = {}

    def watch(self, watch: ServiceWatch) -> None:
        """Show what the service's watch sees and finds, reckoned when it is asked for."""
        names = list(self._labels)
        shown = (
            ("panda_progress_age_seconds", "Since it did something or had nothing to do", lambda: watch.progress_age),
            ("panda_tick_age_seconds", "Since the last tick, where ticks are watched", lambda: watch.silence),
            ("panda_pending_records", "Records not yet read and records that wait", lambda: watch.pending),
        )
        for name, says, value in shown:
            Gauge(name, says, names, registry=self.registry).labels(**self._labels).set_function(value)
        finding = Gauge("panda_finding", "1 while this is wrong, by code", [*names, "code"], registry=self.registry)
        for code in Code:
            if code is not Code.NOT_ANSWERING:  # who does not answer cannot tell
                finding.labels(**self._labels, code=code).set_function(partial(watch.has, code))

    def record(self, topic: str, outcome: str, count: int = 1) -> None:
        """Count records of a topic as `processed`, `duplicate`, `dead_letter` or `before_start`."""
        self._records.add((topic, outcome), count)
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count

    def published(self, topic: str, count: int = 1) -> None:
        """Count events written to a topic."""
        self._published.add((topic,), count)

    def retried(self) -> None:
        """Count one more try."""
        self._retries.inc()

    def diagnostics(self, values: dict[str, int]) -> None:
        """Show the processor's own counters."""
        for name, value in values.items():
            self._domain.labels(**self._labels, name=name).set(value)

    def strategies(self, values: dict[str, dict[str, int]]) -> None:
        """Show the processor's numbers of each strategy."""
        for strategy, numbers in values.items():
            for name, value in numbers.items():
                self._strategies.labels(**self._labels, strategy=strategy, name=name).set(value)
