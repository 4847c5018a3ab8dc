"""The indicators described for people: what `panda indicators --list` prints and `docs/indicators.md` holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from alpha_panda.domain.indicators.about import About, Parameter, said
from alpha_panda.domain.indicators.registry import INDICATORS, indicator_class


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One indicator in words; `usage` is its name with the parameters that it has unless others are given."""

    usage: str
    title: str
    parameters: tuple[str, ...]
    outputs: tuple[str, ...]
    warm_up: str
    formula: str
    source: str

    DETAILS: ClassVar = ("parameters", "outputs", "warm_up", "formula", "source")


def entries(names: Sequence[str] = ()) -> tuple[Entry, ...]:
    """Those of these names, or all.

    Raises:
        IndicatorError: there is none of a name.
    """
    found = [indicator_class(name.partition(":")[0]) for name in names] or list(INDICATORS.values())
    return tuple(_entry(each.about, each().warm_up) for each in found)


def indicators_page() -> str:
    """The whole page of documentation."""
    rows = "\n".join(_table_row(entry) for entry in entries())
    formulas = "\n".join(_formula(entry) for entry in entries())
    return f"""\
# Indicators

<!-- Written by `make schemas` from services/alpha_panda/domain/indicators: change that, not this file. -->

```
panda indicators examples/market/YESBANK.csv rsi:14 macd:12,26,9 bollinger:20,2 > values.csv
panda indicators --list
```

The first prints one line for each bar, so that the values can be laid beside those of a charting tool: the time at
which the bar begins, then a column for each output, empty until it is defined. Prices are in rupees. Files are those
that a replay takes ([examples](../examples/README.md#market-data-to-replay)), and daily bars as well. Bars within the
day that are in no session are left out, as the platform leaves them out; standard error tells what was left out.

Parameters may be left out from the end; what stands below is what they are then. In a strategy the same indicators take
closed bars one at a time: `Rsi(14).update(bar)`, from `alpha_panda.domain.indicators`. There prices are in paise.

| Indicator | Parameters | Outputs | Warm-up in bars |
|---|---|---|---|
{rows}

An indicator has no value before its warm-up, and all outputs of one are defined with the same bar. It takes constant
work for each bar and keeps constant memory. Sums are of whole paise and whole shares and therefore exact.

## Formulas

| Indicator | Formula | As defined by |
|---|---|---|
{formulas}

The tests compare with these sources on real bars of NSE, to a billionth, from the first value on (with talipp, which
counts the first bar's range as a true range, from where that is forgotten).

## Where another tool may show something else

- **Other beginnings.** Averages with a memory without end (EMA, RSI, ATR, ADX, MACD, Keltner, Supertrend) depend on
  where the series begins. Give both tools the same first bar, or look at values some hundred bars later.
- **Nothing has moved.** RSI and the stochastic are 50 where there was no move or no range, since neither side can be
  said to be ahead; TA-Lib has 0 there, which reads as oversold, and others 100.
- **Ties.** Here prices are whole paise. A tool that holds rupees as binary fractions takes 36.45 - 36.40 and
  36.40 - 36.35 for different moves; in +DI, -DI and ADX such a tie then counts for one side, and the values differ
  visibly. TA-Lib agrees when it is given paise.
- **Volume ratio.** The bar's own volume is in the mean. Some tools leave it out.
- **Keltner.** Some tools average the true range in other ways, or over `period` bars.
"""


def _entry(about: About, warm_up: int) -> Entry:
    return Entry(
        usage=about.label([each.default for each in about.parameters]),
        title=about.title,
        parameters=tuple(_parameter(each) for each in about.parameters) or ("none",),
        outputs=tuple(f"{each.name} ({each.unit})" for each in about.outputs),
        warm_up=about.warm_up if about.warm_up == str(warm_up) else f"{about.warm_up} = {warm_up}",
        formula=about.formula,
        source=about.source,
    )


def _parameter(parameter: Parameter) -> str:
    return f"{parameter.name} {said(parameter.default)}, {parameter.allowed}"


def _table_row(entry: Entry) -> str:
    cells = (f"`{entry.usage}` {entry.title}", *map("<br>".join, (entry.parameters, entry.outputs)), entry.warm_up)
    return _row(cells)


def _formula(entry: Entry) -> str:
    return _row((f"`{entry.usage.partition(':')[0]}`", entry.formula, entry.source))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
