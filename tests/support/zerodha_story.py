"""What tests of an account at an exchange wait for, and the story of a run that the checker judges in the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from tests.support.zerodha_plan import provisioned
from tests.support.zerodha_rig import Rig, rigged

from alpha_panda.checker import identity, orders, owners, signals
from alpha_panda.checker.exchange_orders import check_exchange, counts, verdict
from alpha_panda.checker.exchange_run import ExchangeRun, Row
from alpha_panda.checker.model import Verdict
from alpha_panda.checker.reading import Facts
from alpha_panda.events.envelope import decode
from alpha_panda.events.orders import OrderAcknowledged
from alpha_panda.events.topics import ORDER_EVENTS
from alpha_panda.local.log_reader import read_log
from alpha_panda.local.stores import Stores

PATIENCE = 240.0
STRATEGIES = 1_000
"""Each signal is of a strategy of its own; so many may be written."""
AT_WORK = ("FILLED", "ACKED", "UNKNOWN_ABSENT")
UNSENT = ("DENIED", "REJECTED", "NOT_SENT")
"""An entry that is so is never anything else."""
_POLL_SECONDS = 0.1
OF_ORDERS = (
    *(orders.order_sequences, orders.order_automaton, orders.order_terms, orders.fills, signals.one_order),
    *(identity.order_ids, owners.one_writer),
)
OF_IDS = (identity.unique_ids, identity.deterministic_ids)


@asynccontextmanager
async def account(stores: Stores, folder: Path, broker: str, *, hurried: bool = True) -> AsyncIterator[Rig]:
    """A Broker, its exchange and its service, which lets entries go."""
    plan, run = await provisioned(stores, broker)
    with rigged(stores, folder, plan, run, broker, hurried) as made:
        made.configure()
        made.turn_keys(STRATEGIES)
        made.start()
        await trading(made)
        yield made


async def until(holds: Callable[[], Awaitable[Any]], what: str | Callable[[], str]) -> Any:  # noqa: ANN401 - what it finds
    deadline = time.monotonic() + PATIENCE
    while not (found := await holds()):
        said = what if isinstance(what, str) else what()
        assert time.monotonic() < deadline, f"not so within {PATIENCE:g} s: {said}"
        await asyncio.sleep(_POLL_SECONDS)
    return found


async def trading(rig: Rig) -> None:
    """The service runs and lets entries go; one that has died is started again."""
    begun = time.time()
    standing: dict[str, Any] = {}

    async def holds() -> bool:
        nonlocal standing
        if rig.alive() is None:
            rig.start()
        standing = await rig.standing()
        return bool(standing.get("trading")) and await rig.said_since(begun)

    await until(holds, lambda: f"entries may go: {standing.get('why_not')}")


async def in_state(rig: Rig, signal: str, *states: str, leg: str = "entry") -> dict[str, Any] | None:
    """The last order of a signal's leg, where it is in one of these states; an entry that can no longer be fails."""
    rows = [row for row in await rig.rows(signal) if row["order"]["leg"] == leg]
    last = max(rows, key=lambda row: row["order"]["generation"], default=None)
    if leg == "entry" and last is not None and last["state"] in UNSENT and last["state"] not in states:
        raise AssertionError(f"the entry of {signal} is {last['state']}: {last['code']}: {last['reason']}")
    return last if last is not None and last["state"] in states else None


async def comes_to(rig: Rig, signal: str, *states: str, leg: str = "entry") -> dict[str, Any]:
    """Wait for one of these states; the order's record."""
    found: dict[str, Any] = await until(
        lambda: in_state(rig, signal, *states, leg=leg), f"the {leg} of {signal} is {' or '.join(states)}"
    )
    return found


async def comes_through(rig: Rig) -> None:
    """An entry is made; one that is denied because Redis was late on a busy machine is made again, twice at most."""
    for _ in range(3):
        found = await comes_to(rig, rig.enter(), "FILLED", "DENIED")
        if found["state"] == "FILLED":
            return
        assert found["code"] == "halts_unreadable", found["reason"]
    raise AssertionError("three entries were denied because Redis did not answer in time")


async def story(rig: Rig) -> ExchangeRun:
    """What is known of the run, once nothing is on its way."""

    async def published() -> bool:
        return not await rig.waiting_events()

    await until(published, "every event is published")
    rows = [
        Row(
            tag=row["tag"],
            order_id=row["order"]["order_id"],
            signal_id=row["order"]["signal_id"],
            leg=row["order"]["leg"],
            state=row["state"],
            filled=row["filled"],
            quantity=row["order"]["quantity"],
            parts=tuple(row["parts"]),
        )
        for row in await rig.rows()
        if row["order"]["signal_id"] in rig.sent
    ]
    events = [decode(envelope) for envelope in rig.events()]
    return ExchangeRun(
        journal=list(rig.simulator.exchange.journal.lines),
        orders=[event for event in events if event.data.order.signal_id in rig.sent],
        validated=list(rig.sent.values()),
        rows=rows,
        kills=rig.kills,
        fencings=rig.fencings,
        silences=rig.silences,
        faults=dict(rig.simulator.exchange.faults.played),
    )


def judge(run: ExchangeRun, least: Mapping[str, int]) -> None:
    """Every invariant holds, and the run has exercised enough to say so."""
    findings, exercised = check_exchange(run), counts(run)
    for each in findings:
        print(f"{each.invariant} {each.verdict} {each.examined} {each.message}")  # noqa: T201 - shown with -s
    print(exercised)  # noqa: T201 - likewise
    said = msgspec.json.encode([each for each in findings if each.verdict == "FAIL"]).decode()
    assert verdict(findings, exercised, dict(least)) == "PASS", said


async def verify(rig: Rig) -> None:
    """What `panda verify` says of orders holds for the log, too; its signals were written by hand, some twice."""
    log = await read_log(rig.stores.layout)
    ours = {topic.full_name(rig.broker) for topic in ORDER_EVENTS}
    told = Facts(msgspec.structs.replace(log, records=tuple(each for each in log.records if each.topic in ours)))
    found = [*(rule(Facts(log)) for rule in OF_ORDERS), *(rule(told) for rule in OF_IDS)]
    for each in found:
        print(f"{each.invariant} {each.verdict} {each.examined} {each.message}")  # noqa: T201 - shown with -s
    assert {each.verdict for each in found} == {Verdict.PASS}, [each for each in found if each.verdict != Verdict.PASS]


def adoption_seconds(rig: Rig, run: ExchangeRun) -> list[float]:
    """Of each order that was taken and not answered: how long after that the log has it as acknowledged."""
    shift = time.time_ns() - time.monotonic_ns()
    taken = {line["tag"]: line["mono_ns"] + shift for line in run.journal if line["what"] == "accepted"}
    spoilt = {line["request"] for line in run.journal if line["what"] == "reply" and line["fault"]}
    lost = {post.tag for post in run.posts if post.number in spoilt}
    tags = {row.order_id: row.tag for row in run.rows}
    told = [each for each in rig.events() if each.type == OrderAcknowledged.__name__]
    found = ((tags.get(decode(each).data.order.order_id), each.timestamp.timestamp()) for each in told)
    return [at - taken[tag] / 1e9 for tag, at in found if tag in lost and tag in taken]
