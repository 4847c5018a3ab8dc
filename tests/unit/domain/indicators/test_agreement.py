"""On real bars every indicator is what other implementations say, from its first value on."""

from pathlib import Path

import pytest

from alpha_panda.cli.bar_file import read_bars
from alpha_panda.domain.indicators import INDICATORS
from indicator_agreement import FORGOTTEN, ORACLES, Oracle, Prices, agreements

MARKET = Path(__file__).parents[3] / "fixtures" / "market"
FILES = ("daily/RELIANCE.csv", "daily/TATASTEEL.csv", "yesbank/YESBANK.csv")
BILLIONTH = 1e-9
OTHERS = (
    *("sma:1", "sma:200", "ema:2", "ema:200", "macd:5,35,5", "macd:2,3,1", "roc:1", "roc:63", "rsi:2", "rsi:50"),
    *("stochastic:5,1,1", "stochastic:21,5,8", "stochastic:1,1,1", "bollinger:2,0.5", "bollinger:50,2.5"),
    *("donchian:2", "donchian:252", "keltner:50,1.5,14", "keltner:5,2,20", "atr:1", "atr:50", "supertrend:7,3"),
    *("supertrend:14,1.5", "di:2", "di:30", "adx:2", "adx:30", "volume_ratio:1", "volume_ratio:50"),
)
"""Parameters beside the usual ones."""
CASES = [(text, oracle) for text in (*INDICATORS, *OTHERS) for oracle in ORACLES[text.partition(":")[0]]]


@pytest.fixture(scope="module", params=FILES)
def prices(request: pytest.FixtureRequest) -> Prices:
    return Prices(read_bars(MARKET / request.param).bars)


@pytest.mark.parametrize(("text", "oracle"), CASES, ids=lambda each: each.name if isinstance(each, Oracle) else each)
def test_an_indicator_agrees_with_another_implementation_to_a_billionth(text: str, oracle: Oracle, prices: Prices):
    for found in agreements(text, oracle, prices):
        assert found.compared > FORGOTTEN
        assert found.worst <= BILLIONTH, found
        if not oracle.start:
            assert found.first == found.oracle_first, found


def test_every_indicator_has_another_implementation_beside_it():
    assert ORACLES.keys() == INDICATORS.keys()
