"""Who reads and writes what in the pipeline, and the bare hops that move the same bytes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import msgspec

from alpha_panda.events.topics import (
    BARS,
    ORDER_EVENTS,
    ORDERS_FILLED,
    PNL_SNAPSHOTS,
    SIGNALS_RAW,
    SIGNALS_REJECTED,
    SIGNALS_VALIDATED,
    TICKS,
    Scope,
    Topic,
)
from benchmarks.bare_feeder import BareOrder
from benchmarks.hop import STAMP, HopOrder, Output
from benchmarks.load import BROKER
from benchmarks.stage import BAR_BUILDER, HISTORY, PAPER, PORTFOLIO, RISK, RUNNER, Stage
from benchmarks.worker import Worker


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A service's inputs, and its outputs with the input that brings them about."""

    reads: tuple[str, ...]
    writes: tuple[tuple[str, str], ...] = ()


def name_of(topic: Topic) -> str:
    """The topic's full name in the load's platform."""
    return topic.full_name(BROKER if topic.scope is Scope.BROKER else None)


TICKS_TOPIC: Final = name_of(TICKS)
_BARS, RAW_TOPIC, _VALIDATED, _REJECTED, _PNL = map(
    name_of, (BARS, SIGNALS_RAW, SIGNALS_VALIDATED, SIGNALS_REJECTED, PNL_SNAPSHOTS)
)
_ORDERS: Final = tuple(map(name_of, ORDER_EVENTS))

FLOWS: Final[dict[str, Flow]] = {
    BAR_BUILDER: Flow(reads=(TICKS_TOPIC,), writes=((_BARS, TICKS_TOPIC),)),
    RUNNER: Flow(reads=(TICKS_TOPIC, _BARS), writes=((RAW_TOPIC, _BARS),)),
    RISK: Flow(reads=(TICKS_TOPIC, RAW_TOPIC, *_ORDERS), writes=((_VALIDATED, RAW_TOPIC), (_REJECTED, RAW_TOPIC))),
    PAPER: Flow(reads=(TICKS_TOPIC, _VALIDATED), writes=tuple((order, _VALIDATED) for order in _ORDERS)),
    PORTFOLIO: Flow(reads=(TICKS_TOPIC, name_of(ORDERS_FILLED)), writes=((_PNL, TICKS_TOPIC),)),
    HISTORY: Flow(reads=(TICKS_TOPIC, _BARS, RAW_TOPIC, _VALIDATED, _REJECTED, *_ORDERS)),
}
TOPICS: Final = tuple(dict.fromkeys(topic for flow in FLOWS.values() for topic in (*flow.reads, *dict(flow.writes))))


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What a run put on the log: by topic, records and the mean size of one."""

    records: dict[str, int]
    sizes: dict[str, int]

    def hop(self, service: str, stage: Stage, copy: str) -> HopOrder:
        """The bare hop that reads and writes what the service did, on the topics of a `copy`."""
        flow = FLOWS[service]
        reads = {topic: self.records[topic] for topic in flow.reads if self.records[topic]}
        outputs = [
            Output(
                topic=copy + topic,
                records=self.records[topic],
                driver=copy + driver,
                drivers=self.records[driver],
                size=max(self.sizes[topic], STAMP),
            )
            for topic, driver in flow.writes
            if self.records[topic] and self.records[driver]
        ]
        return HopOrder(
            access=stage.access,
            group=f"{copy}{service}",
            reads={copy + topic: 0 for topic in reads},
            counts={copy + topic: count for topic, count in reads.items()},
            writes=outputs,
        )

    def alone(self, service: str, stage: Stage, copy: str) -> HopOrder:
        """The bare hop that reads the service's own topics, up to their ends, and writes to those of a `copy`."""
        order = self.hop(service, stage, "")
        ends = stage.ends(order.reads)
        return msgspec.structs.replace(
            order,
            group=f"{copy}{service}",
            reads={topic: ends[topic] - self.records[topic] for topic in order.reads},
            writes=[msgspec.structs.replace(output, topic=copy + output.topic) for output in order.writes],
        )


def traffic(stage: Stage, before: dict[str, int], topics: Iterable[str] = TOPICS) -> Traffic:
    """What was put on the log since the ends were `before`."""
    ends = stage.ends(topics)
    return Traffic(records={topic: ends[topic] - before[topic] for topic in ends}, sizes=stage.sizes(topics))


def drained(stage: Stage, services: Iterable[str]) -> bool:
    """Whether each of the services has dealt with all that is on its topics."""
    counts = {service: stage.read(service) for service in services}
    ends = stage.ends({topic for service in services for topic in FLOWS[service].reads})
    return all(counts[service].get(topic, 0) >= ends[topic] for service in services for topic in FLOWS[service].reads)


def bare_rate(stage: Stage, ran: Traffic, copy: str, ticks: int) -> float:
    """Ticks a second of the same records through bare loops, as many processes as services, nothing else at work."""
    stage.make_topics(copy + topic for topic in TOPICS)
    load = BareOrder(access=stage.access, topic=copy + TICKS_TOPIC, count=ticks, size=ran.sizes[TICKS_TOPIC])
    with stage.only():
        feeder = Worker("benchmarks.bare_feeder", load)
        hops = [Worker("benchmarks.hop", ran.hop(service, stage, copy)) for service in FLOWS]
        with workers(feeder, *hops):
            begun = time.monotonic()
            for each in (*hops, feeder):
                each.go()
            for each in (feeder, *hops):
                each.result()
            return ticks / (time.monotonic() - begun)


@contextmanager
def workers(*made: Worker) -> Iterator[tuple[Worker, ...]]:
    """Programs that are ready to begin, and are ended with the block."""
    with ExitStack() as stack:
        for each in made:
            stack.callback(each.stop)
        for each in made:
            each.wait_ready()
        yield made
