"""Why a Broker at Zerodha trades or does not, in one line, by what its trading service has written down last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from alpha_panda.errors import PandaError
from alpha_panda.local.doctor.findings import Check, Finding, failed, fine, skipped, warning
from alpha_panda.local.exchange_standing import exchange_standing
from alpha_panda.local.layout import Layout
from alpha_panda.local.zerodha_session import zerodha_brokers

_SILENT_SECONDS: Final = 30.0
"""The service writes each second; a busy machine is given time."""
RECONCILE: Final = "panda zerodha reconcile"


async def examine_trading(layout: Layout) -> list[Finding]:
    """A line for each Broker at Zerodha."""
    try:
        brokers = await zerodha_brokers(layout)
        return [judge_trading(broker, await exchange_standing(layout, broker)) for broker in brokers]
    except PandaError as error:
        return [skipped(Check.TRADING, str(error))]


def judge_trading(broker: str, standing: Mapping[str, Any] | None) -> Finding:
    """What the service's last word means: entries go, or why they do not."""
    if standing is None:
        return failed(Check.TRADING, f"{broker}: its trading service has never said how it stands", "panda status")
    age = float(standing["age_seconds"])
    if age > _SILENT_SECONDS:
        return failed(Check.TRADING, f"{broker}: its trading service has said nothing for {age:.0f} s", "panda status")
    if not standing["trading"]:
        return failed(Check.TRADING, f"{broker}: no entry is sent: {standing['why_not']}", RECONCILE)
    if standing["findings"]:
        return warning(Check.TRADING, f"{broker}: entries go, and {standing['findings'][0]}", RECONCILE)
    how = "entries go" if standing["live"] else "dry run: every order ends before it is sent (Broker.live is false)"
    return fine(Check.TRADING, f"{broker}: {how}")
