"""One Zerodha account while it is owned: signals in, orders out, the exchange's books watched, events published.

Seven loops share one ledger: intake, agent (requests), watcher (books), updates, postbacks, publishing and standing.
The first that fails ends the process, because the way back in is the same as after a crash.
"""

from __future__ import annotations

import asyncio
import copy
from datetime import UTC, datetime, timedelta

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka_errors

from alpha_panda.domain.order_terms import Refusal
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Envelope
from alpha_panda.runtime.digests import code_digest
from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.fail_points import FailPoint
from alpha_panda.runtime.kafka import translate
from alpha_panda.runtime.loops import run_together
from alpha_panda.runtime.ownership import Ownership, Tenure
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.snapshots import Offsets, PostgresSnapshots, Snapshot, by_topic, earliest
from alpha_panda.zerodha_trading.agent import Agent
from alpha_panda.zerodha_trading.control import Control
from alpha_panda.zerodha_trading.gateway import Gateway
from alpha_panda.zerodha_trading.intake import Intake
from alpha_panda.zerodha_trading.ledger import Ledger
from alpha_panda.zerodha_trading.logins import Logins
from alpha_panda.zerodha_trading.postback_door import PostbackDoor
from alpha_panda.zerodha_trading.rates import Caps, Rates
from alpha_panda.zerodha_trading.reconciliation import external
from alpha_panda.zerodha_trading.sender import Sender
from alpha_panda.zerodha_trading.standing import Locks, ZerodhaStanding
from alpha_panda.zerodha_trading.state import UNCERTAIN
from alpha_panda.zerodha_trading.terms import ZerodhaTerms
from alpha_panda.zerodha_trading.updates import Updates
from alpha_panda.zerodha_trading.watcher import Watcher

_LOOK_SECONDS = 1.0
_PUBLISH_SECONDS = 0.2


class Account:
    """The loops of one account."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts, put together in `app`
        self,
        process: Process,
        ledger: Ledger,
        control: Control,
        locks: Locks,
        rates: Rates,
        sender: Sender,
        watcher: Watcher,
        updates: Updates,
        door: PostbackDoor,
        intake: Intake,
        publisher: Publisher,
        snapshots: PostgresSnapshots,
        tenure: Tenure,
        logins: Logins,
    ) -> None:
        """Nothing runs yet."""
        self._process, self._ledger, self._control, self._locks, self._rates = process, ledger, control, locks, rates
        self._sender, self._watcher, self._updates, self._door = sender, watcher, updates, door
        self._intake, self._publisher = intake, publisher
        self._snapshots, self._tenure, self._logins = snapshots, tenure, logins
        self._settings = process.settings.orders
        self._agent = Agent(ledger, sender, rates, locks, self._settings)
        self._safe: Offsets = copy.deepcopy(publisher.ends)
        """The ends of what is published and known to be."""
        self._code = code_digest()
        self._decided = 0
        self._told: Gateway | None = None
        """The login that was said to be refused."""
        self._log = structlog.get_logger()

    async def run(self, consumer: AIOKafkaConsumer, ownership: Ownership) -> None:
        """Until told to stop, or until a loop fails."""
        stopping = self._process.stopping
        await run_together(
            self._take_in(consumer, ownership),
            self._agent.run(stopping),
            self._watcher.run(stopping),
            self._updates.run(stopping),
            self._door.run(stopping),
            self._publish(),
            self._stand(),
            to_the_last=True,
        )
        await self._publish_once()
        await self._checkpoint(consumer)

    async def _take_in(self, consumer: AIOKafkaConsumer, ownership: Ownership) -> None:
        health, loop = self._process.health, asyncio.get_running_loop()
        health.ready, kept_at = True, loop.time()
        while not self._process.stopping.is_set():
            health.turn()
            await ownership.assure()
            read = await self._intake.read(consumer)
            if read.signals:
                self._process.fail_points.reached(FailPoint.AFTER_CONSUME)
            for event in read.control:
                self._wish(event)
            if read.market_time is not None:
                moment = read.market_time
                await self._ledger.step(lambda desk, at=moment: desk.pass_time(at))  # type: ignore[misc]
            for event, header in read.signals:
                await self._signal(event, header)
                health.saw_event()
            if loop.time() - kept_at >= self._process.settings.run.snapshot_seconds:
                await self._checkpoint(consumer)
                kept_at = loop.time()

    def _wish(self, event: AnyEvent) -> None:
        self._control.take(event.data)
        self._ledger.desk.terms = terms = self._control.terms
        if isinstance(terms, ZerodhaTerms):
            self._rates.caps = Caps(per_second=terms.per_second)

    async def _signal(self, event: AnyEvent, header: Envelope) -> None:
        now, late, locked = datetime.now(UTC), self._late(header), self._locks.reason
        closed = None if locked is None else Refusal(code=locked[0], value="", limit="", message=locked[1])
        if header.code != self._code:
            says = f"risk manager and trading run different code ({header.code}, {self._code}); deploy one version"
            closed = Refusal(code="mixed_versions", value=str(header.code), limit=self._code, message=says)
        dry = self._control.missing_key(event.data.signal.strategy)
        await self._ledger.step(lambda desk: desk.signal(event, now, None if dry else closed, late))
        self._decided += 1
        self._intake.decided(event, header)

    def _late(self, header: Envelope) -> Refusal | None:
        patience = self._settings.entry_seconds
        age = (datetime.now(UTC) - header.timestamp).total_seconds()
        if age <= patience:
            return None
        says = f"the signal was validated {age:.1f} s ago; an entry is sent within {patience:g} s or not at all"
        return Refusal(code="signal_late", value=f"{age:.1f} s", limit=f"{patience:g} s", message=says)

    async def _publish(self) -> None:
        while not self._process.stopping.is_set():
            self._ledger.told.clear()
            await self._publish_once()
            try:
                await asyncio.wait_for(self._ledger.told.wait(), _PUBLISH_SECONDS)
            except TimeoutError:
                continue

    async def _publish_once(self) -> None:
        """Kafka gets what PostgreSQL has, in its order; an event that it has already is found by its id."""
        rows = await self._ledger.store.unpublished()
        if not rows:
            return
        await self._publisher.publish([event for _, event in rows], None)
        await self._ledger.store.published([number for number, _ in rows])
        self._safe = copy.deepcopy(self._publisher.ends)

    async def _checkpoint(self, consumer: AIOKafkaConsumer) -> None:
        """Keep how far signals were decided and events published; what is missing is found again by its ids."""
        positions = dict(self._intake.positions)
        snapshot = Snapshot(
            epoch=None,
            offsets=by_topic(positions),
            outputs=self._safe,
            state=b"",
            fences=self._publisher.fences.kept(earliest(positions, self._safe)),
            fence=self._tenure.fence,
        )
        self._process.fail_points.reached(FailPoint.BEFORE_SNAPSHOT)
        try:
            await self._snapshots.save(self._tenure.service, self._tenure.task, snapshot)
            self._process.fail_points.reached(FailPoint.BEFORE_COMMIT)
            if positions:
                await consumer.commit({TopicPartition(*where): offset for where, offset in positions.items()})
            self._process.fail_points.reached(FailPoint.AFTER_COMMIT)
        except TransientError as error:
            self._log.warning("offsets not kept", reason=str(error))
        except kafka_errors.KafkaError as error:
            raise translate(error) from error

    async def _stand(self) -> None:
        """Follow logins, and tell people how it stands."""
        while not self._process.stopping.is_set():
            try:
                await self._follow_login()
                standing = self.standing
                await self._ledger.store.keep_standing(standing)
                self._process.health.detail = {
                    "lag": 0,
                    "trading": standing.trading,
                    "why_not": standing.why_not,
                    **standing.meter,
                }
            except TransientError as error:
                self._log.warning("not shown", reason=str(error))
            self._process.watch.observe(0, self._decided)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _follow_login(self) -> None:
        gateway = self._sender.gateway
        if gateway is not None and self._locks.session and gateway is not self._told:
            await self._logins.refused(gateway.login)
            self._told = gateway
        login = await self._logins.current()
        if login is None or (gateway is not None and gateway.login == login):
            return
        points, seconds = self._process.fail_points, self._settings.request_seconds
        new = Gateway(self._process.settings.zerodha.root, login, seconds, lambda: self._tenure.fence or 0, points)
        self._sender.gateway = new
        self._watcher.begin(new)
        self._updates.begin(login)
        self._door.postbacks.account = login.account
        self._log.info("logged in at Zerodha", account=login.account)
        if gateway is not None:
            gateway.close()

    @property
    def standing(self) -> ZerodhaStanding:
        """How trading stands now."""
        book, terms = self._ledger.desk.book, self._control.terms
        why = terms.message if isinstance(terms, Refusal) else (self._locks.reason or ("", ""))[1]
        gateway = self._sender.gateway
        return ZerodhaStanding(
            trading=not why,
            why_not=why,
            live=isinstance(terms, ZerodhaTerms) and terms.live,
            account="" if gateway is None else gateway.login.account,
            session_active=not self._locks.session,
            reconciled_at=self._watcher.reconciled_at,
            differences=self._watcher.differences,
            findings=self._watcher.findings,
            unknown=tuple(each.tag for each in book.unfinished() if each.state in UNCERTAIN),
            external=external(book),
            meter=self._rates.meter,
        )


def last_minute(now: datetime) -> datetime:
    """Since when requests still count against the minute's cap."""
    return now - timedelta(minutes=1)
