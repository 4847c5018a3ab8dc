"""`panda close`: close a strategy's position through the API, which asks the risk manager for an exit."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from alpha_panda.cli.api_client import ApiClient, find_api
from alpha_panda.cli.api_options import As, Form, Url, tell
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir
from alpha_panda.cli.output import print_text
from alpha_panda.errors import InputError

Broker = Annotated[str, typer.Argument(metavar="BROKER")]
Instrument = Annotated[str, typer.Argument(metavar="EXCHANGE:SYMBOL")]
Strategy = Annotated[str | None, typer.Option("--strategy", metavar="NAME", help="Whose; needed where two hold it.")]
Price = Annotated[
    str | None, typer.Option("--price", metavar="RUPEES", help="No worse than this; without it, at the market.")
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for everybody who sees it.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("close")(close)


def close(  # noqa: PLR0913 - each is one option of the command
    broker: Broker,
    instrument: Instrument,
    *,
    reason: Reason,
    strategy: Strategy = None,
    price: Price = None,
    yes: Yes = False,
    output: As = Form.TABLE,
    url: Url = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Close a position: an exit that the risk manager decides on, also while trading is halted."""
    client = find_api(data_dir, url)
    held = _held(client, broker, instrument.upper(), strategy)
    limit = "at the market" if price is None else f"at no worse than {price}"
    if not yes:
        what = f"{held['quantity']} {held['instrument']} ({held['product']}) of {held['strategy']} on {broker}"
        typer.confirm(f"Close {what} {limit}?", abort=True)
    body = {name: held[name] for name in ("strategy", "instrument", "product")} | {"reason": reason}
    answer = client.post(f"/api/v1/ops/brokers/{broker}/closings", body if price is None else {**body, "price": price})
    tell(lambda: answer, _show, output)


def _held(client: ApiClient, broker: str, instrument: str, strategy: str | None) -> dict[str, Any]:
    """The one position that is meant.

    Raises:
        InputError: there is none, or more than one.
    """
    there: list[dict[str, Any]] = client.get(f"/api/v1/portfolios/{broker}")["positions"]
    meant = [it for it in there if it["instrument"] == instrument and strategy in (None, it["strategy"])]
    if len(meant) == 1:
        return meant[0]
    shown = ", ".join(f"{it['instrument']} ({it['product']}) of {it['strategy']}" for it in there) or "nothing"
    found = "no position" if not meant else f"{len(meant)} positions"
    raise InputError(f"{found} in {instrument} on {broker}; open: {shown}", remedy="name one, with --strategy")


def _show(answer: dict[str, Any]) -> None:
    print_text(
        f"asked to close {answer['quantity']} {answer['instrument']} of {answer['strategy']} on {answer['broker']}; "
        f"the last price was {answer['price']['rupees']}"
    )
    print_text(f"what becomes of it: panda explain {answer['broker']} {answer['signal']}")
