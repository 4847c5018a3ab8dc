"""What `panda up` does before anything trades: check what was given, start, apply resources, choose the feed."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import msgspec
from pydantic import ValidationError

from alpha_panda.cli.actor import actor_name
from alpha_panda.cli.auditing import audited, record
from alpha_panda.cli.rehearsal import rehearsal_of
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import InstrumentTable, format_instruments, load_instruments
from alpha_panda.errors import InputError, PandaError
from alpha_panda.events.audit import Action
from alpha_panda.local.archive import archive_run, forget_kept, keep_resources, kept_resources
from alpha_panda.local.layout import Layout, write_private
from alpha_panda.local.platform import Platform
from alpha_panda.local.resource_access import open_resources
from alpha_panda.local.run_file import FeedChoice, Rehearsal, Run, load_run, save_run
from alpha_panda.local.user_settings import UserSettings, keep_user_settings, read_user_settings
from alpha_panda.market_feed.sources.select import select_source
from alpha_panda.market_feed.sources.synthetic import synthetic_table
from alpha_panda.operations.resource_store import ResourceStore
from alpha_panda.resources.broker import Broker, BrokerType
from alpha_panda.resources.documents import Document
from alpha_panda.runtime.layers import told
from alpha_panda.runtime.settings import FeedSettings


class StartOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What was given to `panda up`."""

    replay: Path | None
    synthetic: int | None
    kite: str | None = None
    rehearse: Path | None = None
    yahoo: bool = False
    rate: int
    seed: int
    speed: str
    timezone: str | None
    interval_minutes: int | None
    partitions: int | None
    instruments: Path | None
    config: Path | None
    api_port: int | None
    observability: bool = False
    again: bool
    wait: bool


def start(platform: Platform, options: StartOptions, documents: list[Document]) -> None:
    """Bring the platform to what was asked for; raises before anything changes where what was given is wrong."""
    layout = platform.layout
    begun = time.monotonic()
    before = None if options.again else load_run(layout)
    settings = read_user_settings(options.config) if options.config is not None else None
    run = _choose(options, before, layout, settings, rehearsal_of(options.rehearse, options.speed, before, documents))
    _refuse_another_api_port(platform, options)
    if options.wait and run.feed.source != "replay" and run.rehearsal is None:
        raise InputError("--wait waits for the end of a replay, and this run has none", remedy="give --replay PATH")
    _check_feed(run)
    kept: list[Document] = []
    if options.again and layout.root.exists():
        kept = asyncio.run(_kept_resources(platform, documents))
        keep_resources(layout, [each.resource for each in kept])
        platform.stop(_say)
        _say(f"the run before is archived in {archive_run(layout)}")
    elif not documents:
        kept = kept_resources(layout)
    _refuse_money_on_late_prices(run, kept + documents)
    layout.create()
    if settings is not None:
        run = msgspec.structs.replace(run, config=keep_user_settings(layout, settings))
    if options.synthetic is not None:
        run = msgspec.structs.replace(run, instruments=str(_write_synthetic_table(layout, options)))
    try:
        _start(platform, run, before, options)
        _apply(layout, kept + documents)
        forget_kept(layout)
        save_run(layout, run)
        platform.reload(_say)
    except PandaError:
        platform.stop_own(_say)  # what did not run before a refused command does not run after it
        raise
    _say(f"all services started after {time.monotonic() - begun:.1f} s")


def _choose(
    options: StartOptions,
    before: Run | None,
    layout: Layout,
    settings: UserSettings | None,
    rehearsal: Rehearsal | None,
) -> Run:
    """The run's choices: what is given now over what was given before, where that may still change."""
    known = before or Run()
    platform = known.platform if settings is None else settings.platform
    in_file = settings.platform.get("partitions") if settings is not None else None
    asked = Run(partitions=options.partitions or in_file or known.partitions, platform=platform)
    _refuse_another_shape(before, asked)
    feed = FeedChoice(source="kite", broker=rehearsal.broker) if rehearsal is not None else _feed(options)
    if feed is None:
        feed = known.feed
    elif known.feed.source != "none" and not feed.names_same_market(known.feed):
        raise InputError(
            f"this run in {layout.root} is fed by {_told(known.feed)}, and {_told(feed)} is asked for",
            remedy="archive it and start a new run with --again",
        )
    return Run(
        partitions=asked.partitions,
        platform=platform,
        feed=feed,
        config=known.config,
        instruments=_absolute(options.instruments) or known.instruments,
        observability=options.observability or known.observability,
        rehearsal=rehearsal or known.rehearsal,
    )


def _refuse_another_shape(before: Run | None, asked: Run) -> None:
    try:
        shape = asked.log_shape
    except ValidationError as error:
        raise InputError("\n".join(map(told, error.errors()))) from error
    for name, wanted in shape.items():
        fixed = wanted if before is None else before.log_shape[name]
        if wanted != fixed:
            raise InputError(
                f"this run was started with {name} {fixed!r}, and {wanted!r} is asked for: "
                "what is on its log would not be found",
                remedy="archive it and start a new run with --again",
            )


def _refuse_another_api_port(platform: Platform, options: StartOptions) -> None:
    running = platform.status()
    if running is None or options.again or options.api_port in (None, running.api_port):
        return
    raise InputError(
        f"the API of this platform is served on port {running.api_port}, and --api-port asks for {options.api_port}",
        remedy="`panda down` first",
    )


def _feed(options: StartOptions) -> FeedChoice | None:
    if options.replay is not None:
        return FeedChoice(
            source="replay",
            path=_absolute(options.replay),
            speed=options.speed,
            timezone=options.timezone,
            interval_minutes=options.interval_minutes,
        )
    if options.synthetic is not None:
        return FeedChoice(source="synthetic", instruments=options.synthetic, rate=options.rate, seed=options.seed)
    if options.kite is not None:
        return FeedChoice(source="kite", broker=options.kite)
    if options.yahoo:
        return FeedChoice(source="yahoo")
    return None


def _check_feed(run: Run) -> None:
    """Find a wrong file or number now, not in a service's log."""
    if run.feed.source == "none":
        return
    if run.feed.source == "kite" and run.rehearsal is None:
        _say(f"feed: Kite Connect, by the login of Broker {run.feed.broker}")
        return
    if run.feed.source == "yahoo":
        _say("feed: prices of Yahoo, which come late: for paper money only")
        return
    recorded = None if run.rehearsal is None else FeedChoice(source="replay", path=run.rehearsal.path)
    values = msgspec.structs.asdict(recorded or run.feed)
    try:
        settings = FeedSettings.model_validate(
            {name: value for name, value in values.items() if value is not None and name != "broker"}
        )
    except ValidationError as error:
        raise InputError("\n".join(map(told, error.errors()))) from error
    source = select_source(settings, _table(run), default_calendar())
    by = "" if run.rehearsal is None else f", traded again by a simulated Zerodha for Broker {run.rehearsal.broker}"
    _say(f"feed: {source.description}{by}")


def _refuse_money_on_late_prices(run: Run, documents: list[Document]) -> None:
    """What is applied later the risk manager refuses, at each entry of a live Broker."""
    brokers = [each.resource for each in documents if isinstance(each.resource, Broker)]
    real = [each.metadata.name for each in brokers if each.spec.type is not BrokerType.PAPER]
    if run.feed.source == "yahoo" and real:
        raise InputError(
            f"--yahoo feeds prices that come late, and {', '.join(real)} trades at an exchange",
            remedy="take --kite for it, or leave that Broker out",
        )


def _table(run: Run) -> InstrumentTable:
    return load_instruments(Path(run.instruments) if run.instruments else None)


def _write_synthetic_table(layout: Layout, options: StartOptions) -> Path:
    """Every service must know the invented instruments, so the run gets a table of its own."""
    path = layout.root / "instruments.csv"
    write_private(
        path, format_instruments(synthetic_table(load_instruments(options.instruments), options.synthetic or 0))
    )
    return path


def _start(platform: Platform, run: Run, before: Run | None, options: StartOptions) -> None:
    """Start with the old feed, or none: a new one begins only after the resources are applied."""
    if platform.status() is None:
        first = msgspec.structs.replace(run, feed=before.feed if before is not None else FeedChoice())
        save_run(platform.layout, first)
    platform.start(_say, {"api": options.api_port} if options.api_port is not None else None)


async def _kept_resources(platform: Platform, documents: list[Document]) -> list[Document]:
    """A new run keeps the resources of the old one, where other ones are not given."""
    if documents:
        return []
    if platform.status() is None:
        await asyncio.to_thread(platform.start, _say)
    async with open_resources(platform.layout.root) as store:
        stored = await store.load_all()
    return [Document(resource=each.resource, source="the run before", line=1) for each in stored]


def _apply(layout: Layout, documents: list[Document]) -> None:
    if not documents:
        return
    actor = actor_name()

    async def work(store: ResourceStore) -> None:
        for applied in await store.apply(documents, actor):
            _say(f"{applied.kind.lower()}.alphapanda.io/{applied.name} {applied.outcome}")

    audited(open_resources(layout.root), work, Action.APPLY, actor, lambda deeds: record(layout, deeds))


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())


def _told(feed: FeedChoice) -> str:
    if feed.source == "replay":
        return f"a replay of {feed.path}"
    if feed.source == "kite":
        return f"Kite Connect (Broker {feed.broker})"
    if feed.source == "yahoo":
        return "prices of Yahoo"
    return f"a synthetic market of {feed.instruments} instruments (rate {feed.rate}, seed {feed.seed})"


def _say(text: str) -> None:
    if text:
        sys.stderr.write(f"· {text}\n")
        sys.stderr.flush()
