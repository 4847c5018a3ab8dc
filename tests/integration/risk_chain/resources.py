"""The Brokers and Strategies of the risk chain's test."""

from __future__ import annotations

from typing import Any

from tests.integration.risk_chain.cases import AGED, AIM, BY_STRATEGY, DAILY, GAPPY, PLAIN, SLIP, ByStrategy, Fields
from tests.integration.risk_chain.market import Share

LOSER = "loser"
SPECIAL = (
    Share("PLAIN"),
    Share("SLIP"),
    Share("AGED", sparse=True),
    Share("GAPPY", sparse=True),
    Share("KEPT"),
    Share("KEPT-DAILY", late=True),
    Share("DAILY", late=True),
    Share("AUCTION", late=True),
    Share("LOSER"),
    Share("FREEZE-QUANTITY", lot=20, freeze="10"),
    Share("SECOND"),
    Share("AIM"),
)
"""Within an epoch, signals are decided by instrument: those of the last share when all others are."""
SHARES = (*(each.share or Share(each.symbol) for each in BY_STRATEGY), *SPECIAL)
TOKENS = {each.symbol: token for token, each in enumerate(SHARES, start=1)}
_ROOM = 100


def broker(name: str = "paper", **change: Any) -> Fields:  # noqa: ANN401 - a resource's values are JSON
    """A Paper Broker whose limits get in the way of nothing, but for `change`."""
    account = {
        "maxOpenPositions": _ROOM,
        "maxSwingPositions": _ROOM,
        "maxIntradayPositions": _ROOM,
        "maxSectorPercent": "100",
        "maxDataAgeSeconds": 0,
        "minRewardRisk": "1.5",
        **change.pop("account", {}),
    }
    paper = {"startingCash": "10000000", "charges": {"asOf": "2026-04-01"}, **change.pop("paper", {})}
    return _resource("Broker", name, {"type": "Paper", "account": account, "paper": paper, **change})


def probe(name: str, symbols: tuple[str, ...], **fields: Any) -> Fields:  # noqa: ANN401 - a resource's values are JSON
    """A Strategy that trades a few shares over and over, each position worth at most 50,000 rupees."""
    spec: Fields = {
        "strategy": "probe:Probe",
        "instruments": [{"exchange": "NSE", "symbol": each} for each in symbols],
        "timeframes": ["1m"],
        "product": "CNC",
        **fields,
    }
    spec["sizing"] = {"riskPercent": "0.01", **fields.get("sizing", {})}
    if spec["sizing"].get("method") == "Kelly":
        del spec["sizing"]["riskPercent"]
    spec["risk"] = {"maxPositionValue": "50000", **fields.get("risk", {})}
    return _resource("Strategy", name, spec)


def of_case(case: ByStrategy, *, refused: bool) -> Fields:
    """The Strategy of a case. The one of the order rate has a second share, since a single one is sent in a minute."""
    symbols = (case.symbol, "SECOND") if case.code == "max_orders_per_minute" else (case.symbol,)
    usual = {"params": {"turns": ["E", "", "X", ""]}}
    return probe(case.name, symbols, **{**usual, **(case.refused if refused else case.passes or {})})


def standing() -> tuple[Fields, ...]:
    """Strategies that trade throughout: those that cases of the account look at, and those that keep positions."""
    return (
        probe(AIM, ("AIM",), params={"targetPercent": 2}),
        probe(PLAIN, ("PLAIN",)),
        probe(SLIP, ("SLIP",), params={"limitPercent": 3, "targetPercent": 10}),
        probe(AGED, ("AGED",), timeframes=["5m"]),
        probe(GAPPY, ("GAPPY",)),
        probe("keeps", ("KEPT",), params={"turns": ["E"]}),
        probe("keeps-daily", ("KEPT-DAILY",), params={"turns": ["E"]}, product="MIS"),
        probe(DAILY, ("DAILY",), product="MIS"),
        probe("auction", ("AUCTION",)),
        probe(LOSER, ("LOSER",), brokers=["losing"]),
        probe("freeze-quantity", ("FREEZE-QUANTITY",)),
    )


def _resource(kind: str, name: str, spec: Fields) -> Fields:
    return {"apiVersion": "alphapanda.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
