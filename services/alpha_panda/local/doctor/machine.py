"""Verdicts on the machine: clock, calendar, disk, memory, ports. Pure: measurements in, findings out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec

from alpha_panda.local.doctor.findings import Check, Finding, Level, failed, fine, warning

MEBIBYTE = 1024 * 1024
LOW_DISK, NO_DISK = 1024 * MEBIBYTE, 200 * MEBIBYTE
LOW_MEMORY, NO_MEMORY = 512 * MEBIBYTE, 200 * MEBIBYTE
HORIZON_DAYS = 45
MOST_SKEW = timedelta(milliseconds=500)
MOST_DRIFT = timedelta(milliseconds=100)
MOST_OFFSET = timedelta(hours=14)
QUARTER = timedelta(minutes=15)
FUTURE = timedelta(seconds=5)
_CALENDAR_REMEDY = "install a newer release, or make the table anew: python scripts/generate_sessions.py"
_CLOCK_REMEDY = "let a time service keep the clock: timedatectl set-ntp true"


class ClockFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Both clocks at two moments: how far each went, what the time is, and what the run's files say."""

    wall: timedelta
    monotonic: timedelta
    now: datetime
    utc_offset: timedelta
    newest_file: datetime | None
    """When the run was last written to."""


class StoreClock(msgspec.Struct, frozen=True, kw_only=True):
    """A store's clock minus ours, known within `uncertainty` (half the way there and back)."""

    store: str
    offset: timedelta
    uncertainty: timedelta


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """A folder and the bytes that are free on its disk."""

    what: str
    path: str
    free: int


class PortFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A remembered port, and whether somebody listens there now."""

    name: str
    port: int
    taken: bool


def judge_clock(facts: ClockFacts) -> Finding:
    """The clock runs evenly, knows its zone, and was not set back behind what was written."""
    drift = abs(facts.wall - facts.monotonic)
    if drift > MOST_DRIFT:
        message = (
            f"the clock was stepped by {_text(drift)} within {_text(facts.monotonic)}; allowed: {_text(MOST_DRIFT)}"
        )
        return failed(Check.CLOCK, message, _CLOCK_REMEDY)
    if abs(facts.utc_offset) > MOST_OFFSET or facts.utc_offset % QUARTER:
        message = f"the zone's offset from UTC is {facts.utc_offset}, which no zone has"
        return failed(Check.CLOCK, message, "set a zone: timedatectl set-timezone Asia/Kolkata")
    if facts.newest_file is not None and facts.newest_file - facts.now > FUTURE:
        ahead = facts.newest_file - facts.now
        message = f"the run was written to {_text(ahead)} after now: the clock was set back"
        return failed(Check.CLOCK, message, _CLOCK_REMEDY)
    return fine(Check.CLOCK, f"runs evenly, {facts.now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")


def judge_skew(clock: StoreClock) -> Finding:
    """A store's clock is ours, within half a second."""
    if abs(clock.offset) - clock.uncertainty > MOST_SKEW:
        way = "ahead of" if clock.offset > timedelta() else "behind"
        message = f"{clock.store} is {_text(abs(clock.offset))} {way} this machine; allowed: {_text(MOST_SKEW)}"
        return failed(Check.CLOCK_SKEW, message, f"let both keep time by the same service; here: {_CLOCK_REMEDY}")
    return fine(
        Check.CLOCK_SKEW, f"{clock.store} is within {_text(abs(clock.offset) + clock.uncertainty)} of this machine"
    )


def judge_calendar(last: date, today: date) -> Finding:
    """The session table reaches far enough ahead."""
    left = (last - today).days
    message = f"the session table ends {last}, {left} days from today"
    if left < 0:
        return failed(Check.CALENDAR, f"the session table ended {last}: no session is known today", _CALENDAR_REMEDY)
    if left < HORIZON_DAYS:
        return warning(Check.CALENDAR, f"{message}; wanted: {HORIZON_DAYS}", _CALENDAR_REMEDY)
    return fine(Check.CALENDAR, message)


def judge_disk(space: Space) -> Finding:
    """There is room to go on writing."""
    message = f"{_size(space.free)} free for {space.what} at {space.path}"
    if space.free < NO_DISK:
        return failed(Check.DISK, f"{message}; needed: {_size(NO_DISK)}", f"make room on the disk of {space.path}")
    if space.free < LOW_DISK:
        return warning(Check.DISK, f"{message}; wanted: {_size(LOW_DISK)}", f"make room on the disk of {space.path}")
    return fine(Check.DISK, message)


def judge_memory(available: int) -> Finding:
    """There is memory for the stores and the services."""
    message = f"{_size(available)} of memory available"
    remedy = "stop other programs, or use fewer Brokers: each has services of its own"
    if available < NO_MEMORY:
        return failed(Check.MEMORY, f"{message}; needed: {_size(NO_MEMORY)}", remedy)
    if available < LOW_MEMORY:
        return warning(Check.MEMORY, f"{message}; wanted: {_size(LOW_MEMORY)}", remedy)
    return fine(Check.MEMORY, message)


def judge_ports(ports: tuple[PortFacts, ...], *, running: bool) -> tuple[Finding, ...]:
    """While the platform runs each port is listened on; while it does not, each is free."""
    found = []
    for each in ports:
        if running and not each.taken:
            message = f"nothing listens on port {each.port} of {each.name}"
            found.append(failed(Check.PORTS, message, "see `panda logs`, then `panda down` and `panda up`"))
        if not running and each.taken:
            message = f"port {each.port} of {each.name} is in use by another program"
            remedy = "nothing need be done: the next start chooses another one; a port that you named must be freed"
            found.append(warning(Check.PORTS, message, remedy))
    if found:
        return tuple(found)
    if not ports:
        return (Finding(check=Check.PORTS, level=Level.SKIPPED, message="skipped: this run has none yet"),)
    state = "listened on" if running else "free"
    return (fine(Check.PORTS, f"{len(ports)} ports are {state}"),)


def _text(time: timedelta) -> str:
    seconds = time / timedelta(seconds=1)
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _size(count: int) -> str:
    mebibytes = count / MEBIBYTE
    return f"{mebibytes / 1024:.1f} GiB" if mebibytes >= 1024 else f"{mebibytes:.0f} MiB"  # noqa: PLR2004 - 1024 MiB
