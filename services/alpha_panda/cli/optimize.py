"""`panda optimize`: how capital might be divided between instruments or strategies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from alpha_panda.cli.backtest_tables import percent, ratio
from alpha_panda.cli.bar_file import read_each
from alpha_panda.cli.messages import print_notice, print_warning
from alpha_panda.cli.options import TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.errors import InputError
from alpha_panda.market_feed.sources.files import table_files
from alpha_panda.market_feed.sources.replay import named_zone
from alpha_panda.optimizer.returns import Returns, daily_closes, of_closes, of_report

if TYPE_CHECKING:
    from alpha_panda.optimizer.suggestion import Suggestion

_METHODS: Final = ("risk-parity", "mean-variance", "max-sharpe")
_TOLD: Final = 10
"""Notes that are told one by one."""

Data = Annotated[
    Path,
    typer.Argument(metavar="DATA", help="Bars: a CSV or Parquet file, or a folder of them; or a backtest's --json."),
]
Wanted = Annotated[
    list[str] | None,
    typer.Option("--method", metavar="NAME", help=f"{', '.join(_METHODS)}; several times for several; default: all."),
]
Cap = Annotated[float, typer.Option(metavar="PERCENT", help="The most that one may get.")]
Aversion = Annotated[
    float, typer.Option(metavar="NUMBER", help="Of mean-variance: the larger, the less risk for a return.")
]
FreeRate = Annotated[float, typer.Option(metavar="PERCENT", help="What cash earns in a year, for Sharpe ratios.")]
Zone = Annotated[
    str | None, typer.Option("--timezone", metavar="NAME", help="Of times without an offset; India's unless given.")
]
Format = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("optimize")(optimize)


def optimize(  # noqa: PLR0913 — each is an option
    data: Data,
    *,
    method: Wanted = None,
    cap: Cap = 100.0,
    aversion: Aversion = 4.0,
    free_rate: FreeRate = 0.0,
    timezone: Zone = None,
    output: Format = TextOutput.TEXT,
) -> None:
    """Suggest capital weights from daily returns: of instruments (bars), or of strategies (a backtest's report).

    Weights sum to 100 %, and none is negative. They are chosen by the returns that they are measured on.
    """
    names = _methods(method)
    if not 0 < aversion < float("inf"):
        raise InputError(f"--aversion {aversion}: is no aversion to risk", remedy="allowed: above 0, such as 4")
    if not -100 < free_rate < 100:  # noqa: PLR2004 — percent
        raise InputError(f"--free-rate {free_rate}: is no yearly rate", remedy="give it in percent, such as 6.5")
    returns = _returns(data, timezone)
    try:
        from alpha_panda.optimizer.suggestion import Wishes, suggest  # noqa: PLC0415 — an extra
        from alpha_panda.optimizer.weights import Method  # noqa: PLC0415 — as above
    except ImportError as error:
        raise InputError(
            f"panda optimize needs {(error.name or 'scikit-learn').partition('.')[0]}, which is not installed",
            remedy="pip install 'alpha-panda[optimizer]'",
        ) from error
    wishes = Wishes(cap=cap / 100, aversion=aversion, free_rate=free_rate / 100)
    found = suggest(returns, [Method(name) for name in names], wishes)
    if output is TextOutput.JSON:
        print_json(found)
        return
    _print(found)


def _methods(wanted: list[str] | None) -> list[str]:
    for name in wanted or ():
        if name not in _METHODS:
            raise InputError(f"--method {name}: there is none of this name", remedy=f"there are: {', '.join(_METHODS)}")
    return list(dict.fromkeys(wanted or _METHODS))


def _returns(data: Path, timezone: str | None) -> Returns:
    if data.suffix.lower() == ".json":
        try:
            return of_report(data.read_bytes())
        except OSError as error:
            message = f"{data}: cannot be read: {error.strerror}"
            raise InputError(message, remedy="write one with `panda backtest --json FILE`") from error
    closes, notes = {}, list[str]()
    for file in table_files(data):
        for name, series in read_each(file.path, zone=named_zone(timezone)).items():
            if name in closes:
                raise InputError(f"{file.path}: has {name}, which another file has too", remedy="keep one of them")
            closes[name] = daily_closes(series.bars)
            notes += [note for note in series.notes if note not in notes]
    for note in notes[:_TOLD]:
        print_warning(f"left out: {note}")
    if len(notes) > _TOLD:
        print_warning(f"left out: {len(notes) - _TOLD} more")
    return of_closes(closes)


def _print(found: Suggestion) -> None:
    for note in found.notes[:_TOLD]:
        print_warning(note)
    if len(found.notes) > _TOLD:
        print_warning(f"and {len(found.notes) - _TOLD} more")
    print_text(
        f"{found.days} daily returns, {found.first} to {found.last}; correlations shrunk by {found.shrinkage:.0%}"
    )
    methods = [each.method.value for each in found.portfolios]
    print_text("\nWeights")
    print_table(
        ("NAME", "RETURN A YEAR", "VOLATILITY", *(name.upper() for name in methods)),
        [
            (each.name, percent(each.mean), percent(each.deviation), *_shares(each.name, found, "weights"))
            for each in found.assets
        ],
    )
    print_text("\nShares of the risk")
    print_table(
        ("NAME", *(name.upper() for name in methods)),
        [(each.name, *_shares(each.name, found, "risk_shares")) for each in found.assets],
    )
    print_text("\nPortfolios")
    print_table(
        ("METHOD", "RETURN A YEAR", "VOLATILITY", "SHARPE"),
        [
            (each.method.value, percent(each.mean), percent(each.deviation), ratio(each.sharpe))
            for each in found.portfolios
        ],
    )
    print_notice("in-sample: chosen by the returns that they are measured on; the coming ones will be worse")


def _shares(name: str, found: Suggestion, of: Literal["weights", "risk_shares"]) -> list[str]:
    return [percent(getattr(portfolio, of)[name]) for portfolio in found.portfolios]
