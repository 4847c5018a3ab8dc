"""The figures that models are shown: free of the price's unit, of the past alone, and the same after a restart."""

import json
import math
from collections.abc import Sequence

import msgspec
import pytest
from tests.support.strategy_bars import minutes

from alpha_panda.domain.features import FEATURES, FeatureError, Features, examples
from alpha_panda.domain.indicators import Adx, Rsi
from alpha_panda.events.market import Bar


def figures(bars: Sequence[Bar]) -> list[tuple[float, ...] | None]:
    features = Features()
    return [features.update(bar) for bar in bars]


def test_all_are_defined_from_the_warm_up_on_and_finite():
    found = figures(minutes())
    first = Features().warm_up - 1
    assert found[:first] == [None] * first
    assert all(each is not None and all(map(math.isfinite, each)) for each in found[first:])


def test_a_figure_is_that_of_its_indicator():
    features, rsi, adx = Features(("direction_14", "rsi_14")), Rsi(14), Adx(14)
    for bar in minutes()[:200]:
        features.update(bar)
        rsi.update(bar)
        adx.update(bar)
    assert adx.value is not None
    assert features.values == (adx.value.plus - adx.value.minus, rsi.value)


def test_a_market_at_ten_times_the_price_has_the_same_figures():
    dear = [
        msgspec.structs.replace(
            bar,
            **{f"{name}_paise": 10 * getattr(bar, f"{name}_paise") for name in ("open", "high", "low", "close")},
        )
        for bar in minutes()[:300]
    ]
    for one, other in zip(figures(minutes()[:300]), figures(dear), strict=True):
        assert other == (None if one is None else pytest.approx(one, rel=1e-9, abs=1e-9))


def test_a_market_that_stands_still_has_figures_too():
    (still,) = {bar.close_paise for bar in minutes()[:1]}
    flat = [
        msgspec.structs.replace(
            bar, open_paise=still, high_paise=still, low_paise=still, close_paise=still, volume=1000
        )
        for bar in minutes()[:60]
    ]
    last = figures(flat)[-1]
    assert last is not None
    told = dict(zip(FEATURES, last, strict=True))
    assert (told["return_20"], told["bollinger_place"], told["donchian_place"], told["rsi_14"]) == (0, 0, 0, 50)


def test_what_is_restored_goes_on_to_the_last_bit():
    one, other = Features(), Features()
    for bar in minutes()[:150]:
        one.update(bar)
    other.restore(json.loads(json.dumps(one.snapshot())))
    assert [one.update(bar) for bar in minutes()[150:400]] == [other.update(bar) for bar in minutes()[150:400]]


def test_the_figures_of_a_line_are_of_its_past_and_only_the_last_column_is_of_the_future():
    whole = examples(minutes(), horizon=5)
    cut = examples(minutes()[:200], horizon=5)
    assert cut == whole[: len(cut)]
    changed = [*minutes()[:150], *reversed(minutes()[150:300])]
    for one, other in zip(whole, examples(changed, horizon=5), strict=False):
        if one.bar.start > minutes()[149].start:
            break
        assert one.values == other.values
    first = whole[0]
    place = minutes().index(first.bar)
    assert first.forward_percent == 100 * (minutes()[place + 5].close_paise / first.bar.close_paise - 1)
    assert whole[-1].bar == minutes()[-6]


@pytest.mark.parametrize(
    ("names", "horizon", "count", "told"),
    [
        (("rsi_41",), 1, 100, 'rsi_41: there is no such feature; did you mean "rsi_14"?'),
        (("rsi_14", "rsi_14"), 1, 100, "rsi_14: the feature is named twice"),
        ((), 1, 100, "no feature is named"),
        (("rsi_14",), 0, 100, "the horizon is 0 bars"),
        (("rsi_14",), 5, 19, "19 bars are too few: the features and a horizon of 5 bars take 20"),
    ],
)
def test_what_makes_no_table_is_refused(names: tuple[str, ...], horizon: int, count: int, told: str):
    with pytest.raises(FeatureError) as caught:
        examples(minutes()[:count], names, horizon=horizon)
    assert told in str(caught.value)
    if count < 100:
        assert len(examples(minutes()[: count + 1], names, horizon=horizon)) == 1
