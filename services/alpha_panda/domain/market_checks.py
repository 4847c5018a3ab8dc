"""Checks of the market and of the signal itself: is it open, are its prices fresh, are the signal's prices possible?

Each is a pure function from an `Inquiry` to a refusal or nothing. What concerns the account is in `account_checks`.
"""

from __future__ import annotations

from datetime import timedelta

from alpha_panda.domain.inquiry import Inquiry, refusal, rejected
from alpha_panda.domain.money import rupees
from alpha_panda.domain.order_terms import Refusal, entry_price_paise, refuse_prices
from alpha_panda.domain.price_bands import refuse_outside_band
from alpha_panda.events.signals import Product, Side


def unknown_instrument(inquiry: Inquiry) -> Refusal | None:
    """Only what the instrument table has is traded."""
    if inquiry.instrument is not None:
        return None
    token = inquiry.signal.instrument_token
    return refusal("unknown_instrument", token, "a token of the instrument table", f"instrument {token} is unknown")


def signal_expired(inquiry: Inquiry) -> Refusal | None:
    """A signal is worth acting on until its time to live ends."""
    expires, watermark = inquiry.signal.expires_at, inquiry.watermark
    if watermark is None or watermark <= expires:
        return None
    says = f"the signal expired at {expires.isoformat()}, it is {watermark.isoformat()} (signalTimeToLiveSeconds)"
    return refusal("signal_expired", watermark.isoformat(), expires.isoformat(), says)


def market_closed(inquiry: Inquiry) -> Refusal | None:
    """Nothing trades outside a session."""
    if inquiry.closed is None:
        return None
    return refusal("market_closed", inquiry.event_time.isoformat(), "a session of the market", inquiry.closed)


def market_phase(inquiry: Inquiry) -> Refusal | None:
    """Entries go to the continuous market, intraday ones until the platform begins to close them."""
    if inquiry.session is None or inquiry.instrument is None:
        return None
    return rejected(inquiry.hours.refuse(inquiry.instrument, inquiry.signal.product, inquiry.event_time))


def stale_data(inquiry: Inquiry) -> Refusal | None:
    """An entry needs a price that is not older than the account allows."""
    terms, session = inquiry.terms, inquiry.session
    if terms is None or session is None or terms.data_age is None:
        return None
    token = inquiry.signal.instrument_token
    if token not in inquiry.exposure.marks:
        most = _seconds(terms.data_age)
        says = f"no price of instrument {token} was seen yet (account.maxDataAgeSeconds)"
        return refusal("stale_data", "none", f"a price at most {most} s old", says)
    age = inquiry.freshness.age(token, inquiry.event_time, session.open)
    if age <= terms.data_age:
        return None
    most = _seconds(terms.data_age)
    says = f"the last price is {_seconds(age)} s old, limit {most} s (account.maxDataAgeSeconds)"
    return refusal("stale_data", f"{_seconds(age)} s", f"{most} s", says)


def delayed_data(inquiry: Inquiry) -> Refusal | None:
    """Real money is put on no price that its source tells late."""
    if not inquiry.delayed:
        return None
    says = "the feed tells prices late, and this Broker is live: feed it live prices (panda up --kite)"
    return refusal("delayed_data", "delayed", "live prices", says)


def data_gap(inquiry: Inquiry) -> Refusal | None:
    """After a silence of the instrument what strategies made of its prices is not trusted at once."""
    terms, session = inquiry.terms, inquiry.session
    if terms is None or session is None or terms.data_gap is None:
        return None
    token = inquiry.signal.instrument_token
    gap = inquiry.freshness.gap(token, inquiry.event_time, session.open, terms.data_gap)
    if gap is None:
        return None
    found, most = f"{_seconds(gap)} s", f"{_seconds(terms.data_gap)} s"
    says = f"there was no price for {found}, limit {most}; entries wait {most} after that (account.maxDataGapSeconds)"
    return refusal("data_gap", found, most, says)


def bad_prices(inquiry: Inquiry) -> Refusal | None:
    """The prices of the order are there, no more than there should be, and in whole ticks."""
    return None if inquiry.instrument is None else rejected(refuse_prices(inquiry.signal, inquiry.instrument))


def bad_levels(inquiry: Inquiry) -> Refusal | None:
    """An entry has a stop, and stop and target are on their sides of it."""
    signal = inquiry.signal
    if signal.stop_loss_paise is None:
        says = "an entry needs a stop loss to be sized (levels.stopLossPercent)"
        return refusal("no_stop", "none", "a stop loss", says)
    sign, entry_paise = signal.side.sign, entry_price_paise(signal)
    prices = [("reference", signal.reference_price_paise)]
    if entry_paise != signal.reference_price_paise:
        prices.append(("entry", entry_paise))
    for name, price_paise in prices:
        if sign * (price_paise - signal.stop_loss_paise) <= 0:
            return _level("stop loss", signal.stop_loss_paise, "below" if sign > 0 else "above", name, price_paise)
        if signal.target_paise is not None and sign * (signal.target_paise - price_paise) <= 0:
            return _level("target", signal.target_paise, "above" if sign > 0 else "below", name, price_paise)
    return None


def short_needs_mis(inquiry: Inquiry) -> Refusal | None:
    """Shares that are kept overnight cannot be sold short."""
    signal = inquiry.signal
    if signal.side is Side.BUY or signal.product is Product.MIS:
        return None
    return refusal("short_needs_mis", signal.product, Product.MIS, "a short sale must be MIS (product)")


def reward_risk(inquiry: Inquiry) -> Refusal | None:
    """A target is worth its stop. Both are rounded away from the entry, so the stop is forgiven a tick."""
    signal, terms, instrument = inquiry.signal, inquiry.terms, inquiry.instrument
    if terms is None or instrument is None or terms.reward_risk is None:
        return None
    if signal.target_paise is None or signal.stop_loss_paise is None:
        return None
    price_paise, sign, least = entry_price_paise(signal), signal.side.sign, terms.reward_risk
    reward_paise = sign * (signal.target_paise - price_paise)
    risk_paise = sign * (price_paise - signal.stop_loss_paise)
    forgiven_paise = risk_paise - instrument.tick_size_paise
    if risk_paise <= 0 or reward_paise * least.denominator >= forgiven_paise * least.numerator:
        return None
    found = f"{reward_paise / risk_paise:.2f}"
    says = f"the target is {rupees(reward_paise)} away and the stop {rupees(risk_paise)}: {found} < {float(least):g}"
    return refusal("reward_risk", found, f"{float(least):g}", f"{says} (account.minRewardRisk)")


def price_band(inquiry: Inquiry) -> Refusal | None:
    """The exchange takes no price outside the day's band, so neither the entry nor its stop may be there."""
    instrument, signal = inquiry.instrument, inquiry.signal
    close_paise = inquiry.freshness.closes.get(signal.instrument_token)
    if instrument is None or instrument.band_percent is None or close_paise is None:
        return None
    for price_paise in (entry_price_paise(signal), signal.stop_loss_paise):
        found = None if price_paise is None else refuse_outside_band(instrument, price_paise, close_paise)
        if found is not None:
            return rejected(found)
    return None


def far_from_market(inquiry: Inquiry) -> Refusal | None:
    """A price that is far from the last trade is a slip of a finger or of a feed."""
    signal, terms = inquiry.signal, inquiry.terms
    last_paise = inquiry.exposure.marks.get(signal.instrument_token)
    if terms is None or terms.price_deviation is None or last_paise is None:
        return None
    share = terms.price_deviation
    for name, price_paise in (
        ("reference price", signal.reference_price_paise),
        ("limit price", signal.limit_price_paise),
        ("trigger price", signal.trigger_price_paise),
    ):
        if price_paise is None:
            continue
        away_paise = abs(price_paise - last_paise)
        if away_paise * share.denominator > last_paise * share.numerator:
            found, most = f"{away_paise / last_paise:.2%}", f"{float(share * 100):g} %"
            says = f"the {name} {rupees(price_paise)} is {found} from the last trade at {rupees(last_paise)}"
            says = f"{says}, limit {most} (account.maxPriceDeviationPercent)"
            return refusal("far_from_market", rupees(price_paise), f"{rupees(last_paise)} ± {most}", says)
    return None


def _level(what: str, level_paise: int, should: str, of: str, price_paise: int) -> Refusal:
    says = f"the {what} {rupees(level_paise)} is not {should} the {of} price {rupees(price_paise)} (levels)"
    return refusal("bad_levels", rupees(level_paise), f"{should} {rupees(price_paise)}", says)


def _seconds(length: timedelta) -> str:
    return f"{length.total_seconds():g}"
