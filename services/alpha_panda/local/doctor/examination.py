"""The whole examination of a data directory's platform, running or not, in the order of the report."""

from __future__ import annotations

import asyncio
import platform as python_platform
import time
from collections import Counter, defaultdict

from alpha_panda.errors import PandaError
from alpha_panda.local.doctor.address import examine_address
from alpha_panda.local.doctor.ask_stores import Addresses, addresses_of, ask_stores
from alpha_panda.local.doctor.compare import compare_with_plan, planned
from alpha_panda.local.doctor.findings import Check, Finding, failed, skipped
from alpha_panda.local.doctor.machine import judge_clock, judge_skew
from alpha_panda.local.doctor.measure import Stopwatch, examine_machine
from alpha_panda.local.doctor.pipeline import (
    Progress,
    judge_conflicts,
    judge_lag,
    judge_letters,
    judge_pipeline,
    judge_quarantines,
    judge_services,
    judge_supervisor,
)
from alpha_panda.local.doctor.session import examine_session
from alpha_panda.local.doctor.stores import COMPARED, judge_answer, judge_comparison, tell_versions
from alpha_panda.local.doctor.trading import examine_trading
from alpha_panda.local.layout import Layout
from alpha_panda.local.letter_box import read_letters, read_marks
from alpha_panda.local.letters import Decision, plan_replay
from alpha_panda.local.platform import Platform, ServiceDetail
from alpha_panda.local.quarantine_reader import read_quarantines
from alpha_panda.local.resource_access import open_resources

WATCHED_SECONDS = 2.0
"""How long a service with records to read is watched for reading some."""
_OF_STORES = (
    *(Check.KAFKA, Check.REDIS, Check.POSTGRES, Check.CREDENTIALS),
    *(check for checks in COMPARED.values() for check in checks),
    *(Check.CLOCK_SKEW, Check.DEAD_LETTERS, Check.QUARANTINE),
)


async def examine(layout: Layout) -> list[Finding]:
    """Everything that can be looked at; what cannot is said, with the reason."""
    watch = Stopwatch()
    local = Platform(layout)
    status = local.status()
    found = [judge_supervisor(status, str(layout.root))]
    versions = {"python": python_platform.python_version()}
    if status is None:
        why = "the platform is not running"
        found += [
            skipped(check, why) for check in (Check.SERVICES, Check.CONFLICTS, Check.LAG, Check.PIPELINE, *_OF_STORES)
        ]
        await asyncio.sleep(WATCHED_SECONDS / 4)
    else:
        begun = time.monotonic()
        before = await local.services()
        of_stores = await _examine_stores(layout, versions)
        await asyncio.sleep(max(0.0, WATCHED_SECONDS - (time.monotonic() - begun)))
        after = await local.services()
        lag = judge_lag(_progress(before), _progress(after), time.monotonic() - begun)
        found += [*judge_services(after), *judge_conflicts(status.conflicts), *lag, *judge_pipeline(after), *of_stores]
    found.append(judge_clock(watch.facts(layout)))
    found += examine_machine(layout, running=status is not None)
    found.append(tell_versions(versions))
    return found


async def _examine_stores(layout: Layout, versions: dict[str, str]) -> list[Finding]:
    addresses = addresses_of(layout)
    if not isinstance(addresses, Addresses):
        return [skipped(check, str(addresses)) for check in _OF_STORES]
    answers, clocks = await ask_stores(addresses)
    versions |= {answer.store: answer.version for answer in answers if answer.version is not None}
    there = {answer.store for answer in answers if answer.version is not None}
    found = [judge_answer(answer) for answer in answers]
    found += await _compare(layout, addresses, there)
    found += [judge_skew(clock) for clock in clocks] or [skipped(Check.CLOCK_SKEW, "no store with a clock answers")]
    found += (
        await _examine_letters(layout) if "kafka" in there else [skipped(Check.DEAD_LETTERS, "Kafka does not answer")]
    )
    if "postgres" in there:
        found += [*await examine_session(layout), *await examine_trading(layout), *await examine_address(layout)]
    if there >= {"kafka", "postgres"}:
        found += await _examine_quarantines(layout)
    else:
        found.append(skipped(Check.QUARANTINE, "Kafka or PostgreSQL does not answer"))
    return found


async def _compare(layout: Layout, addresses: Addresses, there: set[str]) -> list[Finding]:
    if "postgres" not in there:
        why = "the resources are in PostgreSQL, which does not answer"
        return [skipped(check, why) for check in (Check.CREDENTIALS, *_compared(COMPARED))]
    try:
        wanted = await planned(layout)
    except PandaError as error:
        return [failed(Check.SCHEMA, f"the resources cannot be read: {error}", error.remedy or "see `panda logs`")]
    found = [judge_comparison(each) for each in await compare_with_plan(wanted, layout, addresses, there)]
    away = {store: checks for store, checks in COMPARED.items() if store not in there}
    found += [skipped(check, "its store does not answer") for check in _compared(away)]
    if away:
        found.append(skipped(Check.CREDENTIALS, f"{', '.join(sorted(away))} does not answer"))
    return found


def _compared(stores: dict[str, tuple[Check, ...]]) -> list[Check]:
    return [check for checks in stores.values() for check in checks]


async def _examine_letters(layout: Layout) -> list[Finding]:
    try:
        letters = await read_letters(layout)
        marks = await read_marks(layout, letters)
    except PandaError as error:
        return [skipped(Check.DEAD_LETTERS, str(error))]
    outstanding: dict[str, Counter[Decision]] = defaultdict(Counter)
    for step in plan_replay(letters, marks, returned=False):
        outstanding[step.letter.place[0]][step.decision] += 1
    return list(judge_letters(outstanding))


async def _examine_quarantines(layout: Layout) -> list[Finding]:
    try:
        known = await read_quarantines(layout)
        async with open_resources(layout.root) as store:
            strategies = await store.list("Strategy")
    except PandaError as error:
        return [skipped(Check.QUARANTINE, str(error))]
    held = {each.name: known.get((each.name, each.uid, each.generation)) for each in strategies}
    return list(judge_quarantines({name: each for name, each in held.items() if each is not None}))


def _progress(services: tuple[ServiceDetail, ...]) -> tuple[Progress, ...]:
    return tuple(
        Progress(name=each.name, lag=each.lag, done=sum((each.detail.get("outcomes") or {}).values()))
        for each in services
    )
