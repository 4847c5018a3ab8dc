"""The end of a replay: wait until every stage has drained, then tell the day in tables or JSON."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import datetime
from typing import Any

from alpha_panda.cli import rehearsal
from alpha_panda.cli.halting import summary
from alpha_panda.cli.output import print_table, print_text
from alpha_panda.cli.services import print_services
from alpha_panda.domain.calendar import IST
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.money import rupees
from alpha_panda.errors import PandaError, UnavailableError
from alpha_panda.local.day import BrokerDay, read_days
from alpha_panda.local.halt_doors import find_doors
from alpha_panda.local.platform import Platform, ServiceDetail
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.prometheus import INSTALL, find_prometheus
from alpha_panda.local.run_file import Run, instrument_table, load_run
from alpha_panda.local.tending import PORT
from alpha_panda.operations.halting import read_halts
from alpha_panda.resources.broker import BrokerType

_POLL_SECONDS = 0.2
_SAY_SECONDS = 1.0
_GIVE_UP_RESTARTS = 5
"""A service that failed this often and does not run will not drain anything."""


def wait_for_end(platform: Platform) -> None:
    """Return when the replay has ended and every stage has drained; raises PandaError where a service cannot."""
    run = load_run(platform.layout)
    if run is not None and run.rehearsal is not None:
        rehearsal.wait_for_end(platform)
        return
    if run is None or run.feed.source != "replay":
        raise PandaError("--wait waits for the end of a replay, and this run has none", remedy="give --replay PATH")
    said_at = 0.0
    while True:
        services = asyncio.run(platform.services())
        for service in services:
            if service.restarts >= _GIVE_UP_RESTARTS and service.state != "Ready":
                raise PandaError(f"{service.name} does not run: {service.reason}", remedy=f"panda logs {service.name}")
        if services and all(_drained(service) for service in services):
            return
        if time.monotonic() - said_at > _SAY_SECONDS:
            said_at = time.monotonic()
            _say_progress(services)
        time.sleep(_POLL_SECONDS)


async def report(platform: Platform) -> dict[str, Any]:
    """Everything that `show` tells, for programs."""
    standing = await read_halts(find_doors(platform.layout))
    return {
        "services": await platform.services(),
        "brokers": await read_days(platform.layout),
        "halts": standing.halts,
        "api": _api(platform),
    }


async def show(platform: Platform) -> None:
    """Tell the day: signals, fills, positions and P&L of each Broker, the services, and where the API is."""
    table, run = instrument_table(platform.layout), load_run(platform.layout)
    for day in await read_days(platform.layout):
        _show_day(day, table, _money(day, run))
    services = await platform.services()
    print_text("\nServices")
    print_services(services)
    for line in next((each.detail.get("source", ()) for each in services if each.name == "market-feed"), ()):
        print_text(f"feed: {line}")
    for conflict in platform.require_running().conflicts:
        print_text(f"conflict: {conflict}")
    for line in summary(await read_halts(find_doors(platform.layout))):
        print_text(line)
    for line in _observability(run, platform):
        print_text(line)
    api, token = _api(platform), platform.layout.secrets / "api-token"
    print_text(f"\nDashboard: {api}/")
    print_text(f"API: {api}/api/v1/openapi.json")
    print_text(f'     curl -H "Authorization: Bearer $(cat {token})" {api}/api/v1/portfolios')
    print_text("     panda portfolio | orders | signals | top ask it; to log in: panda users create YOU --role admin")


def _drained(service: ServiceDetail) -> bool:
    """Stream tasks and the feed say when they are past the final epoch; the others have nothing left to read."""
    if service.state != "Ready":
        return False
    return service.finished or (service.epoch is None and service.lag == 0)


def _say_progress(services: tuple[ServiceDetail, ...]) -> None:
    feed = next((each for each in services if each.name == "market-feed"), None)
    waiting = [each.name for each in services if not _drained(each)]
    at = feed.detail.get("event_time") if feed else None
    when = f"market time {datetime.fromisoformat(at).astimezone(IST):%Y-%m-%d %H:%M} IST" if at else "starting"
    sys.stderr.write(f"· {when}; not drained yet: {', '.join(waiting)}\n")


def _show_day(day: BrokerDay, table: InstrumentTable, money: str) -> None:
    print_text(f"\nBroker {day.broker}")
    print_text("Signals")
    print_table(
        ("STRATEGY", "STAGE", "REASON", "COUNT"),
        [(each.strategy, each.verdict, each.code, each.count) for each in day.signals],
    )
    print_text(f"\nFills ({', '.join(f'{each.count} orders {each.status}' for each in day.orders) or 'no orders'})")
    print_table(
        ("TIME (IST)", "STRATEGY", "INSTRUMENT", "LEG", "SIDE", "QUANTITY", "PRICE", "CHARGES"),
        [
            (
                f"{datetime.fromisoformat(each.time).astimezone(IST):%Y-%m-%d %H:%M:%S}",
                each.strategy,
                _name(table, each.instrument_token),
                each.leg,
                each.side,
                each.quantity,
                _amount(each.price_paise),
                _amount(each.charges_paise),
            )
            for each in day.fills
        ],
    )
    if day.account is None:
        print_text("\nno account yet: the portfolio has not written its first read model")
        return
    print_text("\nPositions")
    print_table(
        ("STRATEGY", "INSTRUMENT", "PRODUCT", "QUANTITY", "COST", "PRICE", "UNREALISED"),
        [
            (
                each["strategy"],
                _name(table, each["instrument_token"]),
                each["product"],
                each["quantity"],
                _amount(each["cost_paise"]),
                _amount(each["price_paise"]),
                _amount(each["unrealised_paise"]),
            )
            for each in day.positions
        ],
    )
    print_text("\nProfit and loss")
    print_table(
        ("STRATEGY", "FILLS", "REALISED", "UNREALISED", "CHARGES", "PROFIT"),
        [
            (
                each["strategy"],
                each["fills"],
                _amount(each["realised_paise"]),
                _amount(each["unrealised_paise"]),
                _amount(each["charges_paise"]),
                _amount(each["profit_paise"]),
            )
            for each in day.strategies
        ],
    )
    account = day.account
    print_text(
        f"started with {_amount(account['starting_cash_paise'])}, cash {_amount(account['cash_paise'])}, "
        f"realised {_amount(account['realised_paise'])}, charges {_amount(account['charges_paise'])}"
        f"{_rounding(account)}, "
        f"equity {_amount(account['equity_paise'])} (₹, {money})"
    )


def _money(day: BrokerDay, run: Run | None) -> str:
    if day.type == BrokerType.PAPER:
        return "paper money"
    return "at Zerodha" if run is None or run.rehearsal is None else "at the simulated Zerodha"


def _rounding(account: dict[str, Any]) -> str:
    """The part of the charges that no strategy's row has; a day's tax is whole rupees once its session is over."""
    paise = account.get("stt_rounding_paise", 0)
    return f" (with {_amount(paise)} for whole rupees of STT)" if paise else ""


def _amount(paise: int) -> str:
    """An amount in a table of rupees."""
    return rupees(paise, sign="")


def _name(table: InstrumentTable, token: int) -> str:
    found = table.get(token)
    return str(token) if found is None else found.name


def _observability(run: Run | None, platform: Platform) -> list[str]:
    """What to open, or what to install."""
    if run is None or not run.observability:
        return []
    if find_prometheus() is None:
        return [f"\nPrometheus is not installed, so nothing is scraped; {INSTALL}, then `panda up --observability`"]
    try:
        base = f"http://{HOST}:{Ports(platform.layout).known(PORT)}"
    except UnavailableError:
        return ["\nPrometheus starts in a moment: `panda status`, then the same again"]
    return [f"\nPrometheus: {base}/targets (what is scraped)", f"            {base}/alerts (the chart's rules)"]


def _api(platform: Platform) -> str:
    return f"http://{HOST}:{platform.require_running().api_port}"
