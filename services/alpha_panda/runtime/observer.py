"""What a stream service's loop leaves behind for those who ask: lag, epoch, counters, and what its watch sees."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from alpha_panda.runtime.process import Process
from alpha_panda.runtime.showing import Showing
from alpha_panda.runtime.task import Task

_OBSERVE_SECONDS = 0.1
"""How often lag and counters are brought up to date; counting them costs more than a small batch."""


class Observer:
    """Looks at the tasks of one process."""

    def __init__(self, process: Process, showing: Showing) -> None:
        """Tell `process` what is seen; let `showing` show what people are to see."""
        self._process = process
        self._showing = showing
        self._observed_at = 0.0
        self._heard: datetime | None = None

    def observe(self, consumer: AIOKafkaConsumer, tasks: list[Task]) -> None:
        """Look, where it is time to."""
        now = time.monotonic()
        if now - self._observed_at < _OBSERVE_SECONDS:
            return
        self._observed_at = now
        lag = 0
        for task in tasks:
            for where in task.partitions:
                end = consumer.highwater(TopicPartition(*where))
                lag += max(0, (end or 0) - task.positions.get(where, 0))
        metrics = self._process.metrics
        metrics.lag.set(lag)
        metrics.diagnostics(_together(task.processor.diagnostics() for task in tasks))
        metrics.strategies(_by_strategy(tasks))
        self._process.health.detail = {
            "lag": lag,
            "epoch": min((task.epoch or 0 for task in tasks), default=0),
            "finished": all(task.finished for task in tasks),
            "outcomes": dict(metrics.outcomes),
        }
        self._watch(lag, tasks)
        self._showing.turn(tasks)

    def _watch(self, lag: int, tasks: list[Task]) -> None:
        """How far the tasks are, whom they wait for, and up to when the market was heard of."""
        waits_for = tuple(dict.fromkeys(name for task in tasks for name in task.waits_for))
        done = sum(self._process.metrics.outcomes.values()) + sum(task.epoch or 0 for task in tasks)
        self._process.watch.observe(lag + sum(task.waiting for task in tasks), done, waits_for)
        times = [task.watermark for task in tasks if task.watermark is not None]
        if times and max(times) != self._heard:
            self._heard = max(times)
            self._process.watch.heard(self._heard)


def _together(numbers: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sums by name: a process may run several tasks of one service."""
    sums: dict[str, int] = {}
    for each in numbers:
        for name, value in each.items():
            sums[name] = sums.get(name, 0) + value
    return sums


def _by_strategy(tasks: list[Task]) -> dict[str, dict[str, int]]:
    found = [task.processor.by_strategy() for task in tasks]
    names = {name for each in found for name in each}
    return {name: _together(each.get(name, {}) for each in found) for name in names}
