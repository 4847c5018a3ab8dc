"""Verdicts on the pipeline: supervisor, services, lag, dead letters. Pure: what they say in, findings out."""

from __future__ import annotations

from collections import Counter

import msgspec

from alpha_panda.domain.quarantine import Quarantine
from alpha_panda.local.doctor.findings import Check, Finding, failed, fine, skipped, warning
from alpha_panda.local.findings import merged
from alpha_panda.local.letters import Decision
from alpha_panda.local.platform import ServiceDetail
from alpha_panda.local.status_file import Phase, PlatformStatus

MUCH_LAG = 10_000
"""Records; a service of this size of lag is a second or more behind."""
_LETTERS_REMEDY = "look with `panda dlq list` and `panda dlq show TOPIC`; when mended, `panda dlq replay TOPIC`"


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A service's lag and the records that it has dealt with since its start, at one moment."""

    name: str
    lag: int | None
    done: int


def judge_supervisor(status: PlatformStatus | None, data_dir: str) -> Finding:
    """The supervisor runs and has brought everything up."""
    if status is None:
        return failed(Check.SUPERVISOR, f"no platform is running in {data_dir}", "start it with `panda up`")
    if status.error:
        return failed(Check.SUPERVISOR, status.error, status.remedy or "see `panda logs supervisor`")
    if status.phase is not Phase.SERVING:
        message = f"the supervisor (process {status.pid}) is {status.phase.value}: {status.progress}"
        return warning(Check.SUPERVISOR, message, "wait until it serves; `panda logs supervisor` tells what it does")
    return fine(Check.SUPERVISOR, f"process {status.pid} serves")


def judge_services(services: tuple[ServiceDetail, ...]) -> tuple[Finding, ...]:
    """Every service is ready; each that is not has its own line."""
    if not services:
        return (warning(Check.SERVICES, "no service runs", "apply a Broker and a Strategy: panda apply -f FILE"),)
    bad = [each for each in services if each.state != "Ready"]
    found = tuple(
        failed(
            Check.SERVICES,
            f"{each.name} is {each.state} after {each.restarts} restarts" + (f": {each.reason}" if each.reason else ""),
            f"see `panda logs {each.name}`",
        )
        for each in bad
    )
    return found or (fine(Check.SERVICES, f"{len(services)} services are ready"),)


def judge_conflicts(conflicts: tuple[str, ...]) -> tuple[Finding, ...]:
    """No resource asks for what it cannot have."""
    found = tuple(warning(Check.CONFLICTS, each, "change or delete one of the resources") for each in conflicts)
    return found or (fine(Check.CONFLICTS, "every resource has what it asks for"),)


def judge_quarantines(held: dict[str, Quarantine]) -> tuple[Finding, ...]:
    """By name: the Strategies that their runner calls no more."""
    found = tuple(
        warning(
            Check.QUARANTINE,
            f"Strategy {name} is quarantined since {each.since:%Y-%m-%d %H:%M:%S} UTC ({each.kind}): {each.reason}",
            f"see `panda describe strategy {name}`; mend it and apply it, or let it go on: panda unpause {name}",
        )
        for name, each in sorted(held.items())
    )
    return found or (fine(Check.QUARANTINE, "no strategy is quarantined"),)


def judge_lag(before: tuple[Progress, ...], after: tuple[Progress, ...], seconds: float) -> tuple[Finding, ...]:
    """Whoever has something to read reads it."""
    earlier = {each.name: each for each in before}
    found: list[Finding] = []
    known = [each for each in after if each.lag is not None]
    for now in known:
        then = earlier.get(now.name)
        lag = now.lag or 0
        if then is not None and lag and (then.lag or 0) and now.done == then.done and lag >= (then.lag or 0):
            message = f"{now.name} has {lag} records to read and read none within {seconds:g} s"
            found.append(failed(Check.LAG, message, f"see `panda logs {now.name}` for what it waits for"))
        elif lag >= MUCH_LAG:
            message = f"{now.name} is {lag} records behind; wanted: below {MUCH_LAG}"
            found.append(warning(Check.LAG, message, "feed it slower (--speed, --rate) or give it more partitions"))
    if found:
        return tuple(found)
    if not known:
        return (skipped(Check.LAG, "no service has said how far it is"),)
    worst = max(each.lag or 0 for each in known)
    return (fine(Check.LAG, f"no service is more than {worst} records behind"),)


def judge_pipeline(services: tuple[ServiceDetail, ...]) -> tuple[Finding, ...]:
    """What the services' own watches find: a stale feed, a stage without progress, growing lag."""
    found = tuple(
        failed(
            Check.PIPELINE, f"{each.subject}: {each.code} since {each.since:%H:%M:%S} UTC: {each.message}", each.look
        )
        for each in merged(services)
    )
    if found:
        return found
    if not services:
        return (skipped(Check.PIPELINE, "no service runs"),)
    return (fine(Check.PIPELINE, "ticks come when they are due, and every stage makes progress"),)


def judge_letters(outstanding: dict[str, Counter[Decision]]) -> tuple[Finding, ...]:
    """By dead-letter topic: how many records were set aside and what became of them."""
    found = []
    for topic, decisions in sorted(outstanding.items()):
        open_ones = {each.value: n for each, n in decisions.items() if each is not Decision.DONE and n}
        if not open_ones:
            continue
        count = sum(open_ones.values())
        told = ", ".join(f"{n} {_told(name)}" for name, n in sorted(open_ones.items()))
        found.append(warning(Check.DEAD_LETTERS, f"{topic}: {count} set aside ({told})", _LETTERS_REMEDY))
    return tuple(found) or (fine(Check.DEAD_LETTERS, "nothing is set aside that was not replayed"),)


def _told(decision: str) -> str:
    return "not yet replayed" if decision == Decision.REPLAY.value else decision
