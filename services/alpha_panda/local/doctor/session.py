"""The login that each Broker at Zerodha needs: is it there, is it good, and until when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from alpha_panda.errors import PandaError
from alpha_panda.local.doctor.findings import Check, Finding, failed, fine, skipped, warning
from alpha_panda.local.layout import Layout
from alpha_panda.local.zerodha_session import session_store, zerodha_brokers

if TYPE_CHECKING:
    from alpha_panda.zerodha.session import SessionVerdict

LOG_IN = "panda zerodha login"


async def examine_session(layout: Layout) -> list[Finding]:
    """A line for each Broker at Zerodha."""
    try:
        brokers = await zerodha_brokers(layout)
    except PandaError as error:
        return [skipped(Check.SESSION, str(error))]
    return [await _examine(layout, broker) for broker in brokers]


async def _examine(layout: Layout, broker: str) -> Finding:
    try:
        from alpha_panda.zerodha.session import judge  # noqa: PLC0415 - an extra that not everybody has

        async with session_store(layout, broker) as store:
            return judge_session(broker, judge(await store.load(), datetime.now(UTC)))
    except ModuleNotFoundError as error:
        remedy = "pip install 'alpha-panda[zerodha]'"
        return failed(Check.SESSION, f"{broker}: {error.name} is not installed, so nobody can log in", remedy)
    except PandaError as error:
        return failed(Check.SESSION, f"{broker}: {error}", error.remedy or LOG_IN)


def judge_session(broker: str, verdict: SessionVerdict) -> Finding:
    """What the state of a login means for trading."""
    said = f"{broker}: {verdict.message}"
    if not verdict.state.is_valid:
        return failed(Check.SESSION, f"{said}; until then nothing is read from or sent to Zerodha", LOG_IN)
    return warning(Check.SESSION, said, LOG_IN) if verdict.state.value == "expiring" else fine(Check.SESSION, said)
