"""One Zerodha account for tests: real stores, the real service as a process, a simulator, signals written by hand."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import asyncpg
from confluent_kafka import Consumer, Producer, TopicPartition
from tests.support.kite import API_KEY, RunningSimulator, running_simulator
from tests.support.zerodha_plan import BEGIN, BROKER_SPEC, PARTITIONS, STRATEGY, STRATEGY_SPEC

from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured
from alpha_panda.events.envelope import Envelope, Event, Origin, decode_header, encode
from alpha_panda.events.ids import event_id, partition_of, signal_id, verdict_id
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.signals import Intent, Product, Side, SignalRaised, SignalValidated
from alpha_panda.events.topics import CONTROL_BROKERS, CONTROL_STRATEGIES, ORDER_EVENTS, SIGNALS_VALIDATED
from alpha_panda.kite_simulator.clock import SimulatedClock
from alpha_panda.local.launch import StoreAddresses, Surroundings, prepare_launch
from alpha_panda.local.run_file import Run
from alpha_panda.local.stores import Stores
from alpha_panda.runtime.digests import code_digest
from alpha_panda.topology.model import Plan

YESBANK = 3050241
NAME = "NSE:YESBANK"
PRICE = 15_000
DIVISOR = 20  # of the protocol's waits, where that leaves a busy machine time to answer
WAITS = {
    "ENTRY_SECONDS": 20.0,
    "REQUEST_SECONDS": 2.0,
    "POLL_SECONDS": 0.2,
    "NUDGE_SECONDS": 0.02,
    "ABSENT_SECONDS": 300 / DIVISOR,
    "RECONCILE_SECONDS": 60 / DIVISOR,
    "RETRY_SECONDS": 0.5,
    "BACKOFF_SECONDS": 0.3,
}


@dataclass
class Rig:
    """The account, and the service that trades it."""

    stores: Stores
    plan: Plan
    run: Run
    simulator: RunningSimulator
    folder: Path
    broker: str
    hurried: bool = True
    """Whether waits are as short as tests of faults need, or those of every day."""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    sent: dict[str, Event[SignalValidated]] = field(default_factory=dict)
    kills: int = 0
    fencings: int = 0
    silences: int = 0
    """Sockets that said nothing and were left."""
    _number: int = 0

    @property
    def fail_points(self) -> Path:
        return self.folder / "fail-points"

    @property
    def service(self) -> str:
        return f"{self.broker}.zerodha-trading"

    def log_in(self) -> None:
        """Somebody logs in: the file is there, whole."""
        client = self.simulator.client()
        login = {"api_key": API_KEY, "access_token": client.access_token, "account": "AB1234"}
        path = self.folder / "login.json"
        path.with_suffix(".new").write_text(json.dumps(login))
        path.with_suffix(".new").replace(path)

    def start(self, **settings: object) -> subprocess.Popen[bytes]:
        """One more copy of the service."""
        service = next(each for each in self.plan.services if each.name == self.service)
        addresses = StoreAddresses(
            kafka=self.stores.kafka.bootstrap,
            redis=self.stores.redis.address,
            postgres=self.stores.postgres.address,
        )
        around = Surroundings(plan=self.plan, run=self.run, layout=self.stores.layout, stores=addresses, api_port=0)
        launch = prepare_launch(service, 0, around)
        waits = {**(WAITS if self.hurried else {}), **settings}
        env = {
            **launch.env,
            **({"PANDA_RUN__SNAPSHOT_SECONDS": "0.2"} if self.hurried else {}),
            "PANDA_RUN__FAIL_POINTS": str(self.fail_points),
            "PANDA_ZERODHA__ROOT": self.simulator.root,
            "PANDA_ZERODHA__TICKER_ROOT": self.simulator.ticker_root,
            "PANDA_ORDERS__LOGIN": str(self.folder / "login.json"),
            **{f"PANDA_ORDERS__{name}": str(value) for name, value in waits.items()},
        }
        with (self.folder / "service.log").open("ab") as log:
            process = subprocess.Popen(launch.argv, env=env, stdout=log, stderr=log, cwd=self.folder)  # noqa: S603
        self.processes.append(process)
        return process

    def alive(self) -> subprocess.Popen[bytes] | None:
        return next((each for each in self.processes if each.poll() is None), None)

    def stop(self) -> None:
        for each in filter(lambda one: one.poll() is None, self.processes):
            each.send_signal(signal.SIGCONT)
            each.kill()
            each.wait()

    def arm(self, point: str, action: str = "kill", passing: int = 1) -> None:
        """The service dies at its next passing of a point; half a file would be refused, so it is there whole."""
        path = self.fail_points / f"{self.service}.{point}"
        path.with_suffix(".new").write_text(f"{action} {passing}")
        path.with_suffix(".new").replace(path)

    def enter(self, side: Side = Side.BUY, quantity: int = 10, **fields: Any) -> str:  # noqa: ANN401 - a signal's
        """A validated entry, by a strategy of its own so that none is in another's way."""
        self._number += 1
        return self._signal(side, quantity, intent=Intent.ENTER, strategy=f"{STRATEGY}-{self._number}", **fields)

    def leave(self, entry: str) -> str:
        """The exit of what an entry opened."""
        before = self.sent[entry].data
        self._number += 1
        return self._signal(
            before.signal.side.opposite, before.quantity, intent=Intent.EXIT, strategy=before.signal.strategy
        )

    def _signal(self, side: Side, quantity: int, *, intent: Intent, strategy: str, **fields: Any) -> str:  # noqa: ANN401
        at = self.simulator.exchange.clock.now()
        raw = signal_id(at, self.broker, strategy, YESBANK, "by hand", self._number)
        values: dict[str, Any] = {
            "strategy": strategy,
            "instrument_token": YESBANK,
            "intent": intent,
            "side": side,
            "product": Product.MIS,
            "reference_price_paise": PRICE,
            "reason": "a test",
            "expires_at": at + timedelta(minutes=5),
            **fields,
        }
        signal_ = SignalRaised(**values)
        data = SignalValidated(signal_id=raw, signal=signal_, quantity=quantity, binding_constraint="test")
        event = Event(
            id=verdict_id(at, raw),
            event_time=at,
            data=data,
            key=f"{strategy}:{YESBANK}",
            key_instrument=YESBANK,
            correlation_id=raw,
            causation_id=raw,
            broker=self.broker,
        )
        self.sent[raw] = event
        self.again(raw)
        return raw

    def again(self, raw: str) -> None:
        """The same signal is delivered once more."""
        event = self.sent[raw]
        topic, partition = SIGNALS_VALIDATED.full_name(self.broker), partition_of(YESBANK, PARTITIONS)
        self._produce(topic, partition, event, self._origin)

    def turn_keys(self, number: int) -> None:
        """So many strategies may trade real money."""
        for each in range(1, number + 1):
            name = f"{STRATEGY}-{each}"
            spec = {**STRATEGY_SPEC, "acknowledgeLive": name}
            data = StrategyConfigured(name=name, uid=name, generation=1, spec=spec)
            self._control(CONTROL_STRATEGIES.full_name(), name, data, flush=False)
        assert self._producer.flush(60) == 0

    def configure(self, **changes: object) -> None:
        data = BrokerConfigured(name=self.broker, uid="uid", generation=1, spec={**BROKER_SPEC, **changes})
        self._control(CONTROL_BROKERS.full_name(), self.broker, data)

    def _control(self, topic: str, key: str, data: Any, *, flush: bool = True) -> None:  # noqa: ANN401 - a control fact
        identity = event_id(now := datetime.now(UTC), "control", key, time.monotonic_ns())
        event = Event(id=identity, event_time=now, data=data, key=key, correlation_id=identity)
        self._produce(topic, 0, event, Origin(source="test"), flush=flush)

    def _produce(self, topic: str, partition: int, event: Event[Any], origin: Origin, *, flush: bool = True) -> None:
        self._producer.produce(topic, encode(event, origin), event.key.encode(), partition=partition)
        assert not flush or self._producer.flush(60) == 0

    @cached_property
    def _producer(self) -> Producer:
        """It gathers nothing, as the services'."""
        return Producer({**self.stores.kafka.admin_settings(), "enable.idempotence": "true", "linger.ms": 0})

    @cached_property
    def _origin(self) -> Origin:
        source = f"{self.broker}.risk-manager"
        return Origin(source=source, broker=self.broker, fence=1, code=code_digest(), config="test")

    def events(self) -> list[Envelope]:
        """Everything on the order topics, claims apart, each partition in its order."""
        settings = {**self.stores.kafka.admin_settings(), "group.id": "rig", "auto.offset.reset": "earliest"}
        consumer = Consumer({**settings, "enable.auto.commit": "false", "enable.partition.eof": "true"})
        names = [topic.full_name(self.broker) for topic in ORDER_EVENTS]
        consumer.assign([TopicPartition(name, p, 0) for name in names for p in range(PARTITIONS)])
        found, ended = list[Envelope](), 0
        while ended < len(names) * PARTITIONS:
            message = consumer.poll(30)
            assert message is not None, "Kafka does not answer"
            if message.error():
                ended += 1
            elif (header := decode_header(message.value())).type != OwnershipTaken.__name__:
                found.append(header)
        consumer.close()
        return found

    async def rows(self, signal: str | None = None) -> list[dict[str, Any]]:
        """Every order's record, or those of a signal."""
        orders = f'SELECT data FROM "{self.broker}".exchange_orders'  # noqa: S608 - ours
        sql = f"{orders} WHERE $1::text IS NULL OR data -> 'order' ->> 'signal_id' = $1"
        connection = await asyncpg.connect(self.stores.postgres.dsn())
        try:
            return [json.loads(row["data"]) for row in await connection.fetch(sql, signal)]
        finally:
            await connection.close()

    async def standing(self) -> dict[str, Any]:
        """What people are told."""
        text = await self._ask(f'SELECT data FROM "{self.broker}".exchange_standing')  # noqa: S608 - ours
        return {} if text is None else dict(json.loads(text))

    async def said_since(self, moment: float) -> bool:
        """Whether the service has told how it stands since a moment, in seconds since 1970."""
        sql = f'SELECT written_at > to_timestamp({moment}) FROM "{self.broker}".exchange_standing'  # noqa: S608 - ours
        return bool(await self._ask(sql))

    async def fence(self) -> int:
        """Of the present owner."""
        return int(await self._ask(f'SELECT max(fence) FROM "{self.broker}".owners'))  # noqa: S608 - ours

    async def waiting_events(self) -> bool:
        """Whether events are written and not published."""
        return bool(await self._ask(f'SELECT count(*) > 0 FROM "{self.broker}".exchange_outbox WHERE NOT published'))  # noqa: S608 - ours

    async def let_pass(self, days: int) -> None:
        """So long ago is whatever happened to an order last."""
        sql = f"UPDATE \"{self.broker}\".exchange_orders SET changed_at = changed_at - interval '{days} days'"  # noqa: S608
        connection = await asyncpg.connect(self.stores.postgres.dsn())
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    async def _ask(self, question: str) -> Any:  # noqa: ANN401 - a value
        connection = await asyncpg.connect(self.stores.postgres.dsn())
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    def posts(self) -> list[dict[str, Any]]:
        """Every order request that arrived at the exchange."""
        return [each for each in self.simulator.lines("request") if each["call"] == "place"]


def is_stopped(pid: int) -> bool:
    """Whether a process sleeps by a signal."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@contextmanager
def rigged(  # noqa: PLR0913, PLR0917 - what it stands on
    stores: Stores,
    folder: Path,
    plan_: Plan,
    run: Run,
    broker: str,
    hurried: bool,  # noqa: FBT001
) -> Iterator[Rig]:
    """A simulator and a rig on provisioned stores; every process is gone afterwards."""
    with running_simulator(load_instruments(), SimulatedClock(BEGIN), journal=folder / "journal.jsonl") as simulator:
        rig = Rig(stores, plan_, run, simulator, folder, broker, hurried=hurried)
        rig.fail_points.mkdir()
        simulator.price(NAME, PRICE)
        rig.log_in()
        try:
            yield rig
        finally:
            rig.stop()
