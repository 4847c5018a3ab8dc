"""The supervisor: the laptop's operator. It starts the stores, makes them what the plan says, keeps everything running.

It reconciles when a resource changes (PostgreSQL notifies), when `panda up` changes the run (SIGHUP)
and after a failure; each time the whole way from resources to processes, so that one path serves all.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress

import asyncpg
import structlog
from pydantic import SecretStr

from alpha_panda.errors import PandaError, UnavailableError
from alpha_panda.events.topics import CONTROL
from alpha_panda.local.change_watch import watch_changes
from alpha_panda.local.fleet import Fleet
from alpha_panda.local.identity import own_start_time
from alpha_panda.local.launch import Launch, StoreAddresses, Surroundings, prepare_launch
from alpha_panda.local.layout import Layout
from alpha_panda.local.locks import EXIT_IN_USE, in_use
from alpha_panda.local.replaying import run_errands
from alpha_panda.local.run_file import Run, instrument_table, load_run
from alpha_panda.local.shortfalls import shortfalls
from alpha_panda.local.simulator import Simulator
from alpha_panda.local.status_file import Phase, PlatformStatus, save_status
from alpha_panda.local.store_keeper import StoreKeeper
from alpha_panda.local.stores import Stores
from alpha_panda.local.tending import tend
from alpha_panda.operations.resource_store import ResourceStore
from alpha_panda.provision import everyone_but, provision_kafka, provision_postgres, provision_redis
from alpha_panda.provision.changes import Changes
from alpha_panda.provision.topics import any_created
from alpha_panda.resources.stored import StoredResource
from alpha_panda.runtime.control_publisher import ControlPublisher
from alpha_panda.runtime.file_lock import FileLock
from alpha_panda.runtime.settings import KafkaSettings, PlatformSection, ServiceSettings
from alpha_panda.topology.claims import settle
from alpha_panda.topology.model import Plan
from alpha_panda.topology.planner import plan

ADMIN = "admin"
_STATUS_SECONDS = 0.25
_RETRY_SECONDS = 2.0


class Supervisor:
    """One data directory's platform, from its start to its stop."""

    def __init__(self, layout: Layout, fixed_ports: dict[str, int] | None = None) -> None:
        """Nothing runs yet."""
        self._layout = layout
        self._fixed_ports = fixed_ports
        self._fleet = Fleet(layout)
        self._phase = Phase.STARTING
        self._progress = ""
        self._error: PandaError | None = None
        self._conflicts: tuple[str, ...] = ()
        self._generation = 0
        self._api_port: int | None = None
        self._changed = asyncio.Event()
        self._reconciled = ""
        self._failures = 0
        self._keeper: StoreKeeper | None = None
        self._simulator: Simulator | None = None
        self._stopping = asyncio.Event()
        self._reconnect = asyncio.Event()
        self._unwritten = ""
        self._log = structlog.get_logger()

    async def run(self) -> int:
        """Serve until SIGTERM; returns the exit code. Beside another one of this run it does and says nothing."""
        lock = FileLock(self._layout.supervisor_lock)
        if not lock.try_acquire():
            self._log.error("the platform cannot run", reason=str(in_use(self._layout, self._layout.supervisor_lock)))
            return EXIT_IN_USE
        try:
            return await self._run_alone()
        finally:
            lock.release()

    async def _run_alone(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._changed.set)
        reporter = asyncio.create_task(self._report())
        try:
            await self._serve()
        except PandaError as error:
            self._phase, self._error = Phase.FAILED, error
            self._log.error("the platform cannot run", reason=str(error), remedy=error.remedy)
            return 1
        except Exception as error:  # noqa: BLE001 - a fault of ours must be seen in the status, too
            self._phase, self._error = Phase.FAILED, PandaError(f"{type(error).__name__}: {error}")
            self._log.critical("the supervisor ends by a fault", exc_info=True)
            return 1
        else:
            self._phase = Phase.STOPPED
            return 0
        finally:
            reporter.cancel()
            await asyncio.gather(reporter, return_exceptions=True)
            self._save()

    async def _serve(self) -> None:
        stores = await Stores.find(self._layout, fixed_ports=self._fixed_ports, progress=self._say)
        await stores.start(self._say)
        self._keeper = StoreKeeper(stores.all, self._reconnect.set)
        self._simulator = Simulator(self._layout, stores.ports)
        tending = tend(self._layout, stores.ports, self._run, lambda: self._fleet.status, self._simulator)
        keeping = asyncio.gather(self._keeper.keep(), tending, run_errands(self._layout))
        try:
            self._api_port = stores.ports.take("api", "the API")
            await self._provision(self._plan_of((), self._run()), stores)
            while not self._stopping.is_set():
                self._reconnect.clear()
                await self._session(stores)
        finally:
            self._phase = Phase.STOPPING
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await self._fleet.stop()
            await stores.stop()

    async def _session(self, stores: Stores) -> None:
        """Reconcile until told to stop, or until a store was started anew: its connections and port may be others."""
        try:
            async with asyncpg.create_pool(stores.postgres.dsn(), min_size=0, max_size=2, timeout=5) as pool:
                await self._reconcile_until_stopped(stores, pool)
        except Exception as error:  # noqa: BLE001 - whatever a store that is away makes its client raise
            self._failed(error)
            await self._sleep(_RETRY_SECONDS)

    async def _reconcile_until_stopped(self, stores: Stores, pool: asyncpg.Pool) -> None:
        control = ControlPublisher(self._admin_settings(stores), "supervisor")
        try:
            await control.start()
            watch = asyncio.create_task(watch_changes(stores.postgres.dsn(), self._changed))
            try:
                while True:
                    await self._next_change()
                    if self._stopping.is_set() or self._reconnect.is_set():
                        return
                    self._changed.clear()
                    await self._reconcile_once(stores, ResourceStore(pool), control)
            finally:
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)
        finally:
            await control.stop()

    async def _next_change(self) -> None:
        events = (self._changed, self._stopping, self._reconnect)
        waits = [asyncio.ensure_future(event.wait()) for event in events]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for waiting in waits:
            waiting.cancel()

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _reconcile_once(self, stores: Stores, resources: ResourceStore, control: ControlPublisher) -> None:
        run = self._run()
        try:
            await self._reconcile(stores, await resources.load_all(), run, control)
        except Exception as error:  # noqa: BLE001 - the stores' clients raise what they like; it is told and tried again
            self._failed(error)
            asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._changed.set)
            return
        self._error = None
        self._phase = Phase.SERVING
        self._reconciled = run.digest
        self._generation += 1

    def _failed(self, error: Exception) -> None:
        known = isinstance(error, PandaError)
        self._failures += 1
        self._error = error if isinstance(error, PandaError) else UnavailableError(f"{type(error).__name__}: {error}")
        self._log.error("reconciliation failed and is tried again", reason=str(self._error), exc_info=not known)

    async def _reconcile(
        self, stores: Stores, resources: tuple[StoredResource, ...], run: Run, control: ControlPublisher
    ) -> None:
        """Tell of deletions, stop what must go, provision, tell of changes, start what is new: in this order.

        So no service runs into a permission that is already gone, and none starts before it may read.
        """
        wanted = self._plan_of(resources, run)
        lacks = shortfalls(settle(resources), instrument_table(self._layout))
        self._conflicts = tuple(map(str, (*wanted.conflicts, *lacks)))
        await control.publish_deletions(resources)
        launches = self._launches(wanted, run, stores)
        await self._fleet.stop_unfit(launches)
        made = await self._provision(wanted, stores)
        if any_created(made, (topic.full_name(prefix=run.platform_settings.prefix) for topic in CONTROL)):
            await control.read_again()
        self._fleet.renew(launches)
        await control.publish_changes(resources)
        await self._fleet.start(launches, stores.ports)
        self._log.info("reconciled", services=len(launches), conflicts=len(wanted.conflicts), changed=len(made))

    async def _provision(self, wanted: Plan, stores: Stores) -> Changes:
        owns = everyone_but(ADMIN)
        results = await asyncio.gather(
            provision_kafka(wanted, stores.kafka.admin_settings(), owns=owns),
            provision_redis(wanted, stores.redis.url(), owns=owns),
            provision_postgres(wanted, stores.postgres.dsn(), owns=owns),
            return_exceptions=True,
        )
        made: list[str] = []
        for result in results:
            if isinstance(result, BaseException):
                raise result
            made += result
        return tuple(made)

    def _launches(self, wanted: Plan, run: Run, stores: Stores) -> list[Launch]:
        at = StoreAddresses(kafka=stores.kafka.bootstrap, redis=stores.redis.address, postgres=stores.postgres.address)
        played = None if self._simulator is None else self._simulator.ports(run)
        around = Surroundings(
            plan=wanted, run=run, layout=self._layout, stores=at, api_port=self._require_api_port(), played=played
        )
        launches = []
        for service in wanted.services:
            if service.service == "market-feed" and run.feed.source == "none":
                continue
            launches.append(prepare_launch(service, self._fleet.port_of(service.name, stores.ports), around))
        return launches

    def _require_api_port(self) -> int:
        if self._api_port is None:
            raise RuntimeError("launches before the ports are taken")
        return self._api_port

    def _run(self) -> Run:
        return load_run(self._layout) or Run()

    def _plan_of(self, resources: tuple[StoredResource, ...], run: Run) -> Plan:
        return plan(resources, run.platform_settings, self._layout.secret("master").encode())

    def _admin_settings(self, stores: Stores) -> ServiceSettings:
        settings = self._run().platform_settings
        return ServiceSettings(
            kafka=KafkaSettings(
                bootstrap=stores.kafka.bootstrap, username=ADMIN, password=SecretStr(stores.kafka.password)
            ),
            platform=PlatformSection(partitions=settings.pipeline_partitions, prefix=settings.prefix),
        )

    def _say(self, text: str) -> None:
        self._progress = text
        self._log.info(text)
        self._save()

    async def _report(self) -> None:
        while True:
            self._save()
            await asyncio.sleep(_STATUS_SECONDS)

    def _save(self) -> None:
        """Write the status; on a full disk what runs goes on, and readers see by its age that it is an old one."""
        if not self._layout.run.exists():
            return
        try:
            save_status(self._layout, self._status())
        except UnavailableError as error:
            if str(error) != self._unwritten:
                self._log.error("status not written", reason=str(error), remedy=error.remedy)
            self._unwritten = str(error)
        else:
            self._unwritten = ""

    def _status(self) -> PlatformStatus:
        return PlatformStatus(
            pid=os.getpid(),
            started=own_start_time(),
            written=time.monotonic(),
            phase=self._phase,
            progress=self._progress,
            error=str(self._error or ""),
            remedy=(self._error.remedy or "") if self._error else "",
            api_port=self._api_port,
            generation=self._generation,
            run=self._reconciled,
            failures=self._failures,
            stores=self._keeper.status if self._keeper is not None else (),
            conflicts=self._conflicts,
            services=self._fleet.status,
        )
