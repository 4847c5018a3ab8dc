"""`panda up --rehearse`: Zerodha's side of recorded days is played on this machine, and every Broker trades by it.

The simulator is started with the platform and waits. Here the Broker is logged in there, whatever trades is waited
for, then the recording begins; its end is waited for as that of a replay is.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx

from alpha_panda.cli.zerodha import log_in_with
from alpha_panda.domain.calendar import IST
from alpha_panda.errors import InputError, PandaError, UnavailableError
from alpha_panda.local.platform import Platform, ServiceDetail
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.run_file import Rehearsal, Run, load_run
from alpha_panda.local.simulator import API_KEY, API_SECRET, PORT
from alpha_panda.local.zerodha_session import AppKeys
from alpha_panda.resources.broker import Broker, BrokerType
from alpha_panda.resources.documents import Document

SPEED: Final = 60.0
"""An hour a minute: what a person would do in a day fits into a tea break, and answers still come in market time."""
_FASTEST: Final = 600.0
_READY_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.5
_SAY_SECONDS: Final = 5.0
_QUIET_SECONDS: Final = 3.0
"""The end is reached when nothing has changed for so long: the exchange's books are looked at each second."""


def rehearsal_of(path: Path | None, speed: str, before: Run | None, documents: list[Document]) -> Rehearsal | None:
    """What is to be rehearsed; None where nothing is.

    Raises:
        InputError: it cannot be: by no Broker, at no speed, or in a run that has a past.
    """
    if path is None:
        return None
    if before is not None and before.feed.source != "none":
        raise InputError(
            "this run has traded already, and a rehearsal begins with an account in which nothing has happened",
            remedy="archive it and start a new run with --again",
        )
    named = [each.resource for each in documents]
    brokers = [each for each in named if isinstance(each, Broker) and each.spec.type is BrokerType.ZERODHA]
    if len(brokers) != 1:
        names = ", ".join(each.metadata.name for each in brokers) or "none"
        raise InputError(
            f"--rehearse plays one account at Zerodha; Brokers of type Zerodha in what -f names: {names}",
            remedy="give one, such as -f examples/rehearsal",
        )
    return Rehearsal(path=str(path.absolute()), speed=_speed(speed), broker=brokers[0].metadata.name)


def _speed(text: str) -> float:
    if text == "max":
        return SPEED
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= _FASTEST:
        raise InputError(
            f"--speed {text!r}: a rehearsal answers in real time, so it runs at a factor above 0, at most {_FASTEST:g}",
            remedy=f"leave it out for {SPEED:g}: an hour of the market in a minute",
        )
    return speed


def begin(platform: Platform) -> None:
    """Log the Broker in at the simulator, wait until it may trade, and let the recording begin.

    Raises:
        PandaError: something that is waited for did not come; it says what.
    """
    rehearsed = _rehearsal(platform)
    deadline = time.monotonic() + _READY_SECONDS
    _await(lambda: _state(platform) is not None, deadline, lambda: "the Kite simulator does not answer")
    token = str(_call(platform, "session", {"action": "login"})["request_token"])
    keys = AppKeys(api_key=API_KEY, api_secret=API_SECRET)
    _say(asyncio.run(log_in_with(platform.layout, rehearsed.broker, keys, token)))
    _await(lambda: not _lacks(platform, rehearsed), deadline, lambda: _lacks(platform, rehearsed))
    _call(platform, "replay", {})
    _say(f"the recording begins, {rehearsed.speed:g} times as fast as the market")


def wait_for_end(platform: Platform) -> None:
    """Return when the recording has ended and nothing changes any more; raises PandaError where it cannot."""
    seen: object = None
    quiet_since = said_at = time.monotonic()
    while True:
        state, services = _state(platform), asyncio.run(platform.services())
        if state is None:
            raise UnavailableError("the Kite simulator has ended", remedy="panda logs kite-simulator")
        now = time.monotonic()
        at_rest = state["recording"] == "ended" and not any(_behind(each) for each in services)
        present = (state["orders"], state["working"], *(each.detail.get("ticks") for each in services))
        if present != seen or not at_rest:
            seen, quiet_since = present, now
        if now - quiet_since >= _QUIET_SECONDS:
            return
        if now - said_at >= _SAY_SECONDS:
            said_at = now
            at = f"{datetime.fromisoformat(state['now']).astimezone(IST):%Y-%m-%d %H:%M} IST"
            _say(f"market time {at}; orders at the simulated exchange: {state['orders']}")
        time.sleep(_POLL_SECONDS)


def _lacks(platform: Platform, rehearsed: Rehearsal) -> str:
    """What is not ready to trade; empty where all is."""
    state, services = _state(platform), asyncio.run(platform.services())
    if state is None or not state["instruments_followed"]:
        return "the market feed follows nothing at the simulated exchange yet: panda status"
    for each in services:
        if each.state != "Ready":
            return f"{each.name} is {each.state}: {each.reason or 'panda logs ' + each.name}"
        if each.name == f"{rehearsed.broker}.zerodha-trading" and not each.detail.get("trading"):
            return str(each.detail.get("why_not") or f"{each.name} has not said that it may trade")
    return ""


def _behind(service: ServiceDetail) -> bool:
    return service.state != "Ready" or bool(service.lag)


def _rehearsal(platform: Platform) -> Rehearsal:
    run = load_run(platform.layout)
    if run is None or run.rehearsal is None:
        raise PandaError("nothing is rehearsed in this run", remedy="panda up --rehearse PATH")
    return run.rehearsal


def _await(done: Callable[[], bool], deadline: float, why_not: Callable[[], str]) -> None:
    while not done():
        if time.monotonic() > deadline:
            raise UnavailableError(f"the rehearsal cannot begin: {why_not()}", remedy="panda logs")
        time.sleep(_POLL_SECONDS)


def _state(platform: Platform) -> dict[str, Any] | None:
    """What the simulator says of itself; None while it does not."""
    try:
        return dict(httpx.get(f"{_root(platform)}/state", timeout=5.0, trust_env=False).json())
    except (httpx.HTTPError, ValueError):
        return None


def _call(platform: Platform, what: str, said: dict[str, str]) -> dict[str, Any]:
    try:
        reply = httpx.post(f"{_root(platform)}/{what}", json=said, timeout=10.0, trust_env=False)
        return dict(reply.raise_for_status().json())
    except (httpx.HTTPError, ValueError) as error:
        raise UnavailableError(
            f"the Kite simulator did not do {what}: {error}", remedy="panda logs kite-simulator"
        ) from error


def _root(platform: Platform) -> str:
    return f"http://{HOST}:{Ports(platform.layout).known(PORT)}/simulator"


def _say(text: str) -> None:
    sys.stderr.write(f"· {text}\n")
    sys.stderr.flush()
