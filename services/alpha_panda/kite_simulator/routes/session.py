"""Login and the account's own data."""

from __future__ import annotations

from typing import Any

from alpha_panda.kite_simulator.clock import stamp
from alpha_panda.kite_simulator.refusals import bad_input
from alpha_panda.kite_simulator.routes.call import Call, Door


def _profile(call: Call) -> dict[str, Any]:
    return {
        "user_id": call.exchange.options.keys.user_id,
        "user_type": "individual",
        "email": "simulator@example.com",
        "user_name": "Simulated Account",
        "user_shortname": "Simulated",
        "broker": "ZERODHA",
        "exchanges": ["NSE", "BSE", "NFO", "BFO"],
        "products": ["CNC", "NRML", "MIS"],
        "order_types": ["MARKET", "LIMIT", "SL", "SL-M"],
        "avatar_url": None,
        "meta": {"demat_consent": "consent"},
    }


def _exchange_token(call: Call) -> dict[str, Any]:
    key = call.form.get("api_key", "")
    token = call.exchange.sessions.exchange(key, call.form.get("request_token", ""), call.form.get("checksum", ""))
    return {
        **_profile(call),
        "api_key": key,
        "access_token": token,
        "public_token": "",
        "refresh_token": "",
        "login_time": stamp(call.exchange.clock.now()),
    }


def _log_out(call: Call) -> bool:
    call.exchange.sessions.end(call.form.get("access_token", ""))
    return True


def _margins(call: Call) -> dict[str, Any]:
    equity = call.exchange.portfolio.margins(call.exchange.book.working)
    segment = call.path.get("segment")
    if segment not in (None, "equity", "commodity"):
        raise bad_input("Invalid `segment`.")
    both = {"equity": equity, "commodity": {**equity, "enabled": False, "net": 0}}
    return both if segment is None else both[segment]


DOORS = (
    Door(method="POST", path="/session/token", name="session", limit="other", serve=_exchange_token, open=True),
    Door(method="DELETE", path="/session/token", name="logout", limit="other", serve=_log_out, open=True),
    Door(method="GET", path="/user/profile", name="profile", limit="other", serve=_profile),
    Door(method="GET", path="/user/margins", name="margins", limit="other", serve=_margins),
    Door(method="GET", path="/user/margins/{segment}", name="margins", limit="other", serve=_margins),
)
