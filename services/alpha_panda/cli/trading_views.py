"""`panda portfolio | orders | signals | explain | top`: what trades, why, and what it is worth, from the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from alpha_panda.cli.api_client import ApiClient, find_api
from alpha_panda.cli.api_options import As, Form, Limit, Url, Watch, tell
from alpha_panda.cli.messages import print_notice
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir
from alpha_panda.cli.output import print_table, print_text
from alpha_panda.domain.calendar import IST

Broker = Annotated[str | None, typer.Argument(metavar="BROKER", help="Only this Broker; all without it.")]
OneBroker = Annotated[str, typer.Argument(metavar="BROKER")]
SignalId = Annotated[str, typer.Argument(metavar="SIGNAL", help="Its id, as `panda signals` shows it.")]
Strategy = Annotated[str | None, typer.Option("--strategy", metavar="NAME", help="Only this strategy.")]
Instrument = Annotated[str | None, typer.Option("--instrument", metavar="EXCHANGE:SYMBOL")]
Status = Annotated[str | None, typer.Option("--status", help="Only orders of this status.")]
Verdict = Annotated[str | None, typer.Option("--verdict", help="pending, validated or rejected.")]
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (
        ("portfolio", portfolio),
        ("orders", orders),
        ("signals", signals),
        ("explain", explain),
        ("top", top),
    ):
        app.command(name)(command)


def portfolio(
    broker: Broker = None,
    *,
    watch: Watch = False,
    output: As = Form.TABLE,
    url: Url = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show each account: what it is worth, how old that is, and what it holds."""
    client = find_api(data_dir, url)
    tell(lambda: _portfolios(client, broker), _show_portfolios, output, watch=watch)


def orders(  # noqa: PLR0913 - each is one option of the command
    broker: Broker = None,
    *,
    strategy: Strategy = None,
    instrument: Instrument = None,
    status: Status = None,
    limit: Limit = _SHOWN,
    watch: Watch = False,
    output: As = Form.TABLE,
    url: Url = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show orders, latest first."""
    client = find_api(data_dir, url)
    wanted = {"broker": broker, "strategy": strategy, "instrument": instrument, "status": status, "limit": limit}
    tell(lambda: client.get("/api/v1/orders", **wanted)["items"], _show_orders, output, watch=watch)


def signals(  # noqa: PLR0913 - each is one option of the command
    broker: Broker = None,
    *,
    strategy: Strategy = None,
    instrument: Instrument = None,
    verdict: Verdict = None,
    limit: Limit = _SHOWN,
    watch: Watch = False,
    output: As = Form.TABLE,
    url: Url = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show signals with their verdicts, latest first."""
    client = find_api(data_dir, url)
    wanted = {"broker": broker, "strategy": strategy, "instrument": instrument, "verdict": verdict, "limit": limit}
    tell(lambda: client.get("/api/v1/signals", **wanted)["items"], _show_signals, output, watch=watch)


def explain(
    broker: OneBroker,
    signal: SignalId,
    *,
    output: As = Form.TABLE,
    url: Url = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show why a signal was raised, what was said to it, and what became of it."""
    client = find_api(data_dir, url)
    tell(lambda: client.get(f"/api/v1/portfolios/{broker}/signals/{signal}"), _show_explanation, output)


def top(
    *,
    once: Annotated[bool, typer.Option("--once", help="Show it once.")] = False,
    output: As = Form.TABLE,
    url: Url = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show accounts, what is wrong and the latest orders on one screen, again each second until interrupted."""
    client = find_api(data_dir, url)

    def ask() -> dict[str, Any]:
        return {
            "portfolios": _portfolios(client, None),
            "monitoring": client.get("/api/v1/monitoring"),
            "orders": client.get("/api/v1/orders", limit=10)["items"],
        }

    def show(found: dict[str, Any]) -> None:
        _show_portfolios(found["portfolios"])
        state = found["monitoring"]
        flows = "well" if state["healthy"] else "NOT WELL"
        print_text(f"\nmarket {'open' if state['market_open'] else 'closed'}; pipeline {flows}")
        for each in state["services"]:
            said = "; ".join(finding["message"] for finding in each["findings"]) or each["reason"]
            print_text(f"PROBLEM {each['name']}: {each['state']} {said}")
        for each in state["missing"]:
            print_text(f"PROBLEM {each}")
        print_text("")
        _show_orders(found["orders"])

    tell(ask, show, output, watch=not once)


def _portfolios(client: ApiClient, broker: str | None) -> list[dict[str, Any]]:
    names = [broker] if broker is not None else [each["broker"] for each in client.get("/api/v1/portfolios")]
    return [client.get(f"/api/v1/portfolios/{name}") for name in names]


def _show_portfolios(found: list[dict[str, Any]]) -> None:
    rows = []
    for each in found:
        account, age = each["account"], each["freshness"]
        amounts = (
            [None] * 5
            if account is None
            else [account[name]["rupees"] for name in ("equity", "cash", "realised", "unrealised", "charges")]
        )
        halted = ", ".join(f"{halt['source']} {halt['subject']}".strip() for halt in each["halts"]) or None
        mode = "LIVE" if each["live"] else "paper money"
        rows.append((each["broker"], mode, *amounts, None if age is None else f"{age['age_seconds']:.0f} s", halted))
    print_table(("BROKER", "MODE", "EQUITY", "CASH", "REALISED", "UNREALISED", "CHARGES", "AGE", "HALTED"), rows)
    held = [
        (
            each["broker"],
            it["strategy"],
            it["instrument"],
            it["quantity"],
            it["price"]["rupees"],
            it["unrealised"]["rupees"],
        )
        for each in found
        for it in each["positions"]
    ]
    if held:
        print_text("")
        print_table(("BROKER", "STRATEGY", "INSTRUMENT", "QUANTITY", "PRICE", "UNREALISED"), held)


def _show_orders(found: list[dict[str, Any]]) -> None:
    if not found:
        print_notice("No orders")
        return
    rows = [
        (
            _clock(it["submitted_at"]),
            it["broker"],
            it["strategy"],
            it["instrument"],
            it["leg"],
            it["side"],
            it["quantity"],
            it["status"],
            it["code"],
        )
        for it in found
    ]
    print_table(("TIME (IST)", "BROKER", "STRATEGY", "INSTRUMENT", "LEG", "SIDE", "QUANTITY", "STATUS", "CODE"), rows)


def _show_signals(found: list[dict[str, Any]]) -> None:
    if not found:
        print_notice("No signals")
        return
    rows = [
        (
            _clock(it["event_time"]),
            it["broker"],
            it["strategy"],
            it["instrument"],
            f"{it['intent']} {it['side']}",
            *_verdict(it),
            it["id"],
        )
        for it in found
    ]
    print_table(("TIME (IST)", "BROKER", "STRATEGY", "INSTRUMENT", "SIGNAL", "VERDICT", "WHY", "ID"), rows)


def _verdict(signal: dict[str, Any]) -> tuple[str, str | None]:
    verdict = signal["verdict"]
    if verdict is None:
        return "pending", None
    return verdict["verdict"], verdict["code"] or verdict["binding_constraint"]


def _show_explanation(found: dict[str, Any]) -> None:
    signal = found["signal"]
    print_text(
        f"{signal['intent']} {signal['side']} {signal['instrument']} by {signal['strategy']} on {signal['broker']}"
    )
    print_text(f"at {_clock(signal['event_time'])} IST: {signal['reason']} (confidence {signal['confidence']} %)")
    print_text(f"outcome: {found['outcome']}")
    for reason in (signal["verdict"] or {}).get("reasons", ()):
        print_text(f"  {reason['message'].removeprefix('rejected: ')}")
    if found["votes"]:
        print_text("")
        rows = [
            (
                it["indicator"],
                it["timeframe"],
                it["action"],
                f"{it['strength']:.2f}",
                f"{it['weight']:.2f}",
                it["value"],
            )
            for it in found["votes"]
        ]
        print_table(("INDICATOR", "BARS", "VOTE", "STRENGTH", "WEIGHT", "SAW"), rows)
    if found["orders"]:
        print_text("")
        _show_orders(found["orders"])


def _clock(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(IST):%Y-%m-%d %H:%M:%S}"
