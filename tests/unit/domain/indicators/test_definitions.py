"""What an indicator says about itself is true, and what it cannot be made of is refused in a sentence."""

import inspect
from typing import Any

import msgspec
import pytest
from tests.support.indicator_bars import bar_at, closes, flat, values

from alpha_panda.domain.indicators import INDICATORS, Indicator, Macd, Rsi, Sma, indicator
from alpha_panda.domain.indicators.about import IndicatorError
from alpha_panda.domain.indicators.catalogue import entries, indicators_page

each_class = pytest.mark.parametrize("found", INDICATORS.values(), ids=INDICATORS)
RISING = [bar_at(index, (100 + index, 103 + index, 99 + index, 102 + index)) for index in range(100)]


@each_class
def test_parameters_and_defaults_are_those_of_the_constructor(found: type[Indicator[Any]]):
    signature = inspect.signature(found).parameters.values()
    assert [(each.name, each.default) for each in signature] == [
        (each.name, each.default) for each in found.about.parameters
    ]


@each_class
def test_outputs_are_the_fields_of_a_value(found: type[Indicator[Any]]):
    value = values(found(), RISING)[-1]
    names = [output.name for output in found.about.outputs]
    assert len(flat(value)) == len(names)
    if isinstance(value, msgspec.Struct):
        assert list(value.__struct_fields__) == names


@each_class
def test_the_warm_up_in_words_is_the_warm_up(found: type[Indicator[Any]]):
    for more in (0, 3):
        numbers = [each.default + more for each in found.about.parameters]
        names = {each.name: number for each, number in zip(found.about.parameters, numbers, strict=True)}
        said = eval(found.about.warm_up, {"max": max}, names)  # noqa: S307 — a formula of ours
        assert found(*numbers).warm_up == said


@each_class
def test_a_parameter_at_a_limit_is_taken_and_one_beyond_it_refused(found: type[Indicator[Any]]):
    for index, parameter in enumerate(found.about.parameters):
        numbers: list[Any] = [each.default for each in found.about.parameters]
        for wrong in (parameter.least - 1, parameter.most + 1, float("nan"), True, "5", None):
            numbers[index] = wrong
            with pytest.raises(IndicatorError, match=f"{found.about.name}: {parameter.name} is .*; allowed: a "):
                found(*numbers)
        parameter.check(parameter.least, "")
        parameter.check(parameter.most, "")


def test_a_slow_average_that_is_not_slower_is_refused():
    with pytest.raises(IndicatorError, match="macd: fast 26 is not less than slow 26"):
        Macd(26, 26)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("rsi", "rsi:14"),
        ("RSI:9", "rsi:9"),
        (" rsi : 9", "rsi:9"),
        ("macd:5,35", "macd:5,35,9"),
        ("bollinger:20,2.0", "bollinger:20,2"),
        ("bollinger:20,2.0000001", "bollinger:20,2.0000001"),
        ("vwap", "vwap"),
        ("vwap:", "vwap"),
    ],
)
def test_a_text_makes_an_indicator_and_what_it_leaves_out_is_usual(text: str, label: str):
    assert indicator(text).label == label


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rsx:14", "rsx is no indicator; did you mean rsi"),
        ("zigzag", "zigzag is no indicator; known: sma, ema, "),
        ("", "an empty name is no indicator"),
        ("rsi:0", "rsi: period is 0; allowed: a whole number from 2 to 2000"),
        ("rsi:14.5", "rsi: period is 14.5; allowed: a whole number"),
        ("rsi:fourteen", "rsi: period is fourteen; allowed: a whole number"),
        ("macd:12,,9", "macd: slow is empty; allowed: a whole number"),
        ("rsi:14,3", "rsi: 2 parameters are given; it takes period"),
        ("obv:3", "obv: 1 parameter is given; it takes none"),
        ("bollinger:20,inf", "bollinger: deviations is inf; allowed: a number from 0.01 to 100"),
    ],
)
def test_a_text_that_makes_none_is_refused_with_what_is_allowed(text: str, message: str):
    with pytest.raises(IndicatorError, match=message) as refused:
        indicator(text)
    assert "panda indicators --list" in str(refused.value.remedy)


def test_a_snapshot_of_other_parameters_is_refused():
    with pytest.raises(IndicatorError, match="rsi:14: the snapshot is of rsi:9"):
        Rsi(14).restore(Rsi(9).snapshot())


@pytest.mark.parametrize("state", [{}, {"of": "sma:3"}, {"of": "sma:3", "state": {"closes": "none"}}])
def test_what_is_no_snapshot_is_refused_and_changes_nothing(state: dict[str, Any]):
    kept = Sma(3)
    values(kept, closes(1, 2, 6))
    with pytest.raises((IndicatorError, msgspec.ValidationError)):
        kept.restore(state)
    assert kept.value == 3


@each_class
def test_a_snapshot_fits_every_codec_even_where_numbers_are_as_large_as_events_allow(found: type[Indicator[Any]]):
    kept, restored = found(), found()
    huge = [bar_at(index, (10**12, 10**12, 1, 10**12 - index), 10**15) for index in range(50)]
    values(kept, huge)
    restored.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(kept.snapshot())))
    assert restored.snapshot() == kept.snapshot()
    assert values(restored, huge) == values(kept, huge)


def test_the_page_of_documentation_names_every_indicator_output_and_source():
    page = indicators_page()
    for entry in entries():
        assert f"`{entry.usage}` {entry.title}" in page
        assert all(output in page for output in entry.outputs)
        assert entry.source in page
