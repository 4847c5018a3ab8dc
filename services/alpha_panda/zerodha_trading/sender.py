"""Orders go out here, each once: claimed, asked about a last time, posted, and what came back written down.

Between the claim and the post stands every reason not to send: the kill switch, the login, the owner's fence, the
deadline. A reply that is not certain leaves the order UNKNOWN, which is the `watcher`'s; nothing is sent again.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import structlog

from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.kill_switch import SwitchReading
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.errors import PandaError
from alpha_panda.events.orders import Leg
from alpha_panda.runtime.fail_points import FailPoint, FailPoints
from alpha_panda.runtime.kill_switch import KillSwitch
from alpha_panda.runtime.order_settings import ExchangeOrderSettings
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.zerodha_trading.control import Control
from alpha_panda.zerodha_trading.gateway import Gateway
from alpha_panda.zerodha_trading.ledger import Ledger
from alpha_panda.zerodha_trading.meters import Meters
from alpha_panda.zerodha_trading.order_request import margin_request, order_request, slices
from alpha_panda.zerodha_trading.rates import Departure, Rates
from alpha_panda.zerodha_trading.replies import Outcome, Verdict, classify
from alpha_panda.zerodha_trading.standing import Locks
from alpha_panda.zerodha_trading.state import ExchangeOrder
from alpha_panda.zerodha_trading.terms import ZerodhaTerms

_NO_ENTRY_DEADLINE = 3600.0
"""An exit that waits for its turn is still wanted."""
_SINCE_CLAIM_SECONDS = 1.0
"""The claim was written by the owner; after a longer pause than this there may be another."""


class Sender:
    """The one place that posts orders."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that stands between a claim and a post
        self,
        ledger: Ledger,
        control: Control,
        locks: Locks,
        rates: Rates,
        switch: KillSwitch,
        tenure: Tenure,
        instruments: InstrumentTable,
        settings: ExchangeOrderSettings,
        fail_points: FailPoints,
        meters: Meters,
    ) -> None:
        """Send nothing yet: there is no gateway."""
        self.gateway: Gateway | None = None
        self._ledger, self._control, self._locks, self._rates = ledger, control, locks, rates
        self._switch, self._tenure, self._instruments = switch, tenure, instruments
        self._settings, self._points, self._meters = settings, fail_points, meters
        self._log = structlog.get_logger()

    async def send(self, order_id: str, departure: Departure) -> None:
        """Send an order that waits; returns when what became of it is written."""
        gateway, record = self.gateway, self._ledger.desk.book.orders[order_id]
        instrument = self._instruments.get(record.order.instrument_token)
        terms = self._control.terms
        if gateway is None or instrument is None or not isinstance(terms, ZerodhaTerms):
            return
        algo_id = self._control.algo_id(record.order.strategy)
        request = order_request(record.order, instrument, record.tag, terms, algo_id)
        if why := self._control.missing_key(record.order.strategy):
            await self._rehearse(record, request, why, gateway)
            return
        entry = record.order.leg is Leg.ENTRY
        deadline = time.monotonic() + (self._settings.entry_seconds if entry else _NO_ENTRY_DEADLINE)
        fence = self._tenure.fence or 0
        claimed_at = time.monotonic()
        await self._ledger.step(lambda desk: desk.claim(order_id, fence, datetime.now(UTC), algo_id), (order_id,))
        self._points.reached(FailPoint.AFTER_CLAIM)
        await self._still_owner(claimed_at)
        refusal = await self._last_question(record, entry=entry, gateway=gateway)
        if refusal is not None:
            self._log.warning("order denied", tag=record.tag, code=refusal.code, reason=refusal.message)
            await self._ledger.step(lambda desk: desk.deny(order_id, refusal))
            return
        self._meters.posting(record)
        several = slices(record.order, instrument) > 1
        departure.leave(time.monotonic(), placed=True)
        reply = await gateway.place(request, autoslice=several, deadline=min(deadline, time.monotonic() + 2))
        await self._answered(order_id, classify(reply), gateway)

    async def _answered(self, order_id: str, verdict: Verdict, gateway: Gateway) -> None:
        self._heed(verdict, gateway)  # at once: others are about to be sent
        await self._ledger.step(lambda desk: desk.answered(order_id, verdict, datetime.now(UTC)))
        record = self._ledger.desk.book.orders[order_id]
        self._meters.answered(verdict.outcome)
        said = self._log.info if verdict.outcome is Outcome.ACKED else self._log.warning
        said("order answered", tag=record.tag, outcome=verdict.outcome, code=verdict.code, reason=verdict.reason)

    async def cancel(self, record: ExchangeOrder, broker_order_id: str, departure: Departure) -> None:
        """Ask for the end of an order; whether it came is seen in the exchange's book."""
        gateway = self.gateway
        if gateway is None:
            return
        departure.leave(time.monotonic())
        verdict = classify(await gateway.cancel(broker_order_id))
        self._log.info("cancellation asked", tag=record.tag, because=record.cancel, outcome=verdict.outcome)
        self._heed(verdict, gateway)

    async def modify(self, record: ExchangeOrder, broker_order_id: str, quantity: int, departure: Departure) -> None:
        """Ask for another quantity of an order."""
        gateway = self.gateway
        if gateway is None:
            return
        departure.leave(time.monotonic())
        verdict = classify(await gateway.modify(broker_order_id, quantity, record.order.order_type.value))
        self._log.info("change asked", tag=record.tag, quantity=quantity, outcome=verdict.outcome)
        self._heed(verdict, gateway)
        taken = quantity if verdict.outcome is Outcome.ACKED else None
        if verdict.outcome in (Outcome.ACKED, Outcome.REJECTED) and not verdict.limited:
            await self._ledger.step(lambda desk: desk.modified(record.order.order_id, taken))

    def _heed(self, verdict: Verdict, gateway: Gateway) -> None:
        """What an answer says beyond its order; that a login is over only counts while it is the present one."""
        if verdict.session_over and gateway is self.gateway:
            self._locks.session = "Zerodha says that the login is over; log in: panda zerodha login"
        if verdict.limited or verdict.outcome is Outcome.NOT_SENT:
            self._rates.limited(time.monotonic(), self._settings.backoff_seconds)

    async def _still_owner(self, claimed_at: float) -> None:
        """Raise FencedError where another has the account by now: after a pause only an answer will do.

        An owner that slept behind its claim would else send what its successor has given up looking for.
        """
        if time.monotonic() - claimed_at < _SINCE_CLAIM_SECONDS:
            await self._tenure.assure()
        else:
            await self._tenure.must_own()

    async def _last_question(self, record: ExchangeOrder, *, entry: bool, gateway: Gateway) -> Refusal | None:
        """Why the order may not go after all; exits are kept by nothing but a login that is over."""
        if self._locks.session or gateway is not self.gateway:
            return _refusal("TokenException", self._locks.session or "the login is another by now")
        if not entry:
            return None
        if (locked := self._locks.reason) is not None:
            return _refusal(*locked)
        try:
            reading = SwitchReading(halts=await self._switch.read())
        except PandaError as error:
            reading = SwitchReading(unreadable=str(error))
        late = datetime.now(UTC) - record.received_at > timedelta(seconds=self._settings.entry_seconds)
        if late:
            return _refusal("signal_late", f"it waited longer than {self._settings.entry_seconds:g} s to be sent")
        return self._control.refuse_entry(record.order, reading)

    async def _rehearse(self, record: ExchangeOrder, request: dict[str, object], why: str, gateway: Gateway) -> None:
        """A dry run: what the order would need is asked, and the order ends before it is sent."""
        try:
            margins = await gateway.order_margins(margin_request(request))
            needs = f"; margin needed: {_total(margins)}"
        except PandaError as error:
            needs = f"; its margin is not known: {error}"
        message = f"dry run: {why}{needs}"
        self._log.info("dry run", tag=record.tag, request=request, reason=message)
        refusal = _refusal("dry_run", message)
        await self._ledger.step(lambda desk: desk.deny(record.order.order_id, refusal))


async def settle(tasks: set[asyncio.Task[None]]) -> None:
    """Wait for requests that are on their way: their outcome is to be written down before the end."""
    await asyncio.gather(*tasks, return_exceptions=True)


def _total(margins: object) -> str:
    first = margins[0] if isinstance(margins, list) and margins else None
    return f"₹{first.get('total')}" if isinstance(first, dict) else "not said"


def _refusal(code: str, message: str) -> Refusal:
    return Refusal(code=code, value="", limit="", message=message)
