"""What the accounts of a release have made and may do, as its API tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from alpha_panda.cli.options import TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.cluster.release import Release
from alpha_panda.domain.calendar import IST
from alpha_panda.errors import InputError

_MOST: Final = 500
"""Fills of one answer of the API."""


def show_report(release: Release, broker: str, output: TextOutput) -> None:
    """Print the day of one account, or of all."""
    found = asyncio.run(_days(release, broker))
    if output is TextOutput.JSON:
        print_json(found)
        return
    for each in found:
        _print_day(each)


def show_risk(release: Release, broker: str, output: TextOutput) -> None:
    """Print what one account may do, or all."""
    found = asyncio.run(_risks(release, broker))
    if output is TextOutput.JSON:
        print_json(found)
        return
    for each in found:
        _print_risk(each)


async def _brokers(release: Release, broker: str) -> list[str]:
    known = [str(each["broker"]) for each in await release.ask("/portfolios")]
    if broker and broker not in known:
        raise InputError(f"there is no Broker {broker}", remedy=f"there are: {', '.join(known) or 'none'}")
    return [broker] if broker else known


async def _days(release: Release, broker: str) -> list[dict[str, Any]]:
    return [
        {
            **await release.ask(f"/portfolios/{name}"),
            "fills": (await release.ask(f"/fills?broker={name}&limit={_MOST}"))["items"],
        }
        for name in await _brokers(release, broker)
    ]


async def _risks(release: Release, broker: str) -> list[dict[str, Any]]:
    return [await release.ask(f"/portfolios/{name}/risk") for name in await _brokers(release, broker)]


def _print_day(day: Mapping[str, Any]) -> None:
    print_text(f"Broker {day['broker']} ({day['type']}{', live' if day['live'] else ''})")
    _print_halts(day["halts"])
    account = day["account"]
    if account is None:
        print_text("no account yet: nothing was traded\n")
        return
    print_text(
        f"equity {account['equity']['rupees']}, cash {account['cash']['rupees']}, "
        f"realised {account['realised']['rupees']}, charges {account['charges']['rupees']}, {account['fills']} fills, "
        f"as of {_clock(day['freshness']['as_of'])} IST"
    )
    amounts = ("realised", "unrealised", "charges", "profit")
    rows = [
        (each["strategy"], each["fills"], *(each[name]["rupees"] for name in amounts)) for each in day["strategies"]
    ]
    _print("Profit and loss", ("STRATEGY", "FILLS", "REALISED", "UNREALISED", "CHARGES", "PROFIT"), rows)
    rows = [
        (each["strategy"], each["instrument"], each["product"], each["quantity"], each["unrealised"]["rupees"])
        for each in day["positions"]
    ]
    _print("Positions", ("STRATEGY", "INSTRUMENT", "PRODUCT", "QUANTITY", "UNREALISED"), rows)
    rows = [
        (
            *(_clock(each["event_time"]), each["strategy"], each["instrument"], each["leg"], each["side"]),
            *(each["quantity"], each["price"]["rupees"], each["charges"]["rupees"]),
        )
        for each in sorted(day["fills"], key=lambda each: str(each["event_time"]))
    ]
    columns = ("TIME (IST)", "STRATEGY", "INSTRUMENT", "LEG", "SIDE", "QUANTITY", "PRICE", "CHARGES")
    _print("Fills" if len(rows) < _MOST else f"The last {_MOST} fills", columns, rows)
    print_text("")


def _print_risk(found: Mapping[str, Any]) -> None:
    as_of = f" at {_clock(found['as_of'])} IST" if found["as_of"] else ""
    print_text(f"account {found['broker']}: {found['state'] or 'not heard of the market yet'}{as_of}")
    _print_halts(found["halts"])
    for title in ("breakers", "pauses"):
        rows = [
            (each["code"], each["strategy"], each["instrument"], _clock(each["until"]), each["message"])
            for each in found[title]
        ]
        _print(title.capitalize(), ("CODE", "STRATEGY", "INSTRUMENT", "UNTIL (IST)", "REASON"), rows)
    rows = [
        (
            *(_clock(each["event_time"]), each["strategy"], each["instrument"], f"{each['intent']} {each['side']}"),
            "; ".join(reason["message"].removeprefix("rejected: ") for reason in each["reasons"]),
        )
        for each in found["refusals"]
    ]
    _print("Last refusals", ("TIME (IST)", "STRATEGY", "INSTRUMENT", "SIGNAL", "REASON"), rows)
    print_text("")


def _print_halts(halts: Iterable[Mapping[str, Any]]) -> None:
    for each in halts:
        where = f"{each['source']} {each['subject']}".strip()
        print_text(f"HALTED {where} by {each['actor'] or 'its resource'}: {each['reason']}")


def _print(title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        print_text(f"\n{title}")
        print_table(columns, rows)


def _clock(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(IST):%Y-%m-%d %H:%M:%S}"
