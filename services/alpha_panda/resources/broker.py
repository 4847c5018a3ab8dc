"""The `Broker` resource: one account, on paper or at Zerodha, and the limits of all that trade on it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from alpha_panda.resources.account_limits import AccountLimits
from alpha_panda.resources.common import API_VERSION, ApiVersion, DeletionPolicy, Metadata, Product, Rollout
from alpha_panda.resources.fields import AlgoId, BasisPoints, BrokerName, Model, Money, ObjectName, PositivePercent


class BrokerType(StrEnum):
    """Where a Broker's orders are executed."""

    PAPER = "Paper"
    ZERODHA = "Zerodha"


class Charges(Model):
    """Which row of the dated charges table applies."""

    as_of: date | None = Field(
        default=None,
        description="Charge every trade as on this date (YYYY-MM-DD); needed for trades before the table begins.",
    )


class PaperSettings(Model):
    """How the paper market behaves."""

    starting_cash: Money = Field(default="50000", description="Cash the account begins with, in rupees.")
    slippage_bps: BasisPoints = Field(
        default="2", description="Price given up on each market fill, in hundredths of a percent."
    )
    latency_milliseconds: Annotated[int, Field(ge=0, le=60_000)] = Field(
        default=50, description="Milliseconds of event time from an order's acceptance until it can match."
    )
    participation_percent: PositivePercent = Field(
        default="10", description="Share of a tick's volume, in percent, that one order may take."
    )
    charges: Charges = Field(default=Charges(), description="Which charges apply to a trade.")


class SecretReference(Model):
    """A Kubernetes Secret in the resource's own namespace."""

    name: ObjectName = Field(description="The Secret's name.")


class ZerodhaSettings(Model):
    """How orders are placed at Zerodha."""

    product: Product = Field(
        default=Product.MIS, description="Product of orders whose strategy names none: MIS intraday, CNC, NRML."
    )
    orders_per_second: Annotated[int, Field(ge=1, le=10)] = Field(
        default=8, description="Orders a second that may be placed, changed or cancelled; the exchange's cap is 10."
    )
    capital: Money = Field(
        default="50000", description="Cash of the account that strategies may use, in rupees; entries are sized by it."
    )
    market_protection_percent: PositivePercent = Field(
        default="2", description="How far from the last price an order at the market may trade, in percent."
    )
    algo_id: AlgoId | None = Field(
        default=None, description="The exchange's id of the algorithm, carried by each order; none where none is given."
    )
    charges: Charges = Field(default=Charges(), description="Which charges the books reckon with.")


class Funds(Model):
    """What a Broker of any type is sized and booked by."""

    cash: Money
    slippage_bps: BasisPoints
    charges: Charges


class BrokerSpec(Model):
    """What a trader asks of a Broker."""

    type: BrokerType = Field(description="Paper or Zerodha; it can never be changed.")
    live: bool = Field(default=False, description="Whether orders move real money; only Live strategies may use it.")
    halted: bool = Field(
        default=False, description="Whether risk-increasing orders are refused; exits and cancellations go on."
    )
    account: AccountLimits = Field(
        default=AccountLimits(), description="Risk limits of the account, over all its strategies."
    )
    paper: PaperSettings | None = Field(default=None, description="How the paper market behaves; Paper only.")
    zerodha: ZerodhaSettings | None = Field(default=None, description="How orders are placed; Zerodha only.")
    credentials_secret_ref: SecretReference | None = Field(
        default=None, description="The Secret with the account's credentials; Zerodha needs it, Paper may not have it."
    )
    deletion_policy: DeletionPolicy = Field(
        default=DeletionPolicy.RETAIN,
        description="Whether the Broker's topics, keys and tables are kept or deleted with it.",
    )
    rollout: Rollout = Field(default=Rollout(), description="When a change that restarts a service may take effect.")

    def paper_settings(self) -> PaperSettings:
        """The paper market's settings, with the documented defaults where the resource gives none."""
        return self.paper if self.paper is not None else PaperSettings()

    @property
    def funds(self) -> Funds:
        """The cash that strategies may use, what an order at the market is expected to give up, and the charges."""
        paper = self.paper_settings()
        if self.type is BrokerType.PAPER:
            return Funds(cash=paper.starting_cash, slippage_bps=paper.slippage_bps, charges=paper.charges)
        zerodha = self.zerodha_settings()
        return Funds(cash=zerodha.capital, slippage_bps=PaperSettings().slippage_bps, charges=zerodha.charges)

    def zerodha_settings(self) -> ZerodhaSettings:
        """Zerodha's settings, with the documented defaults where the resource gives none."""
        return self.zerodha if self.zerodha is not None else ZerodhaSettings()


class BrokerMetadata(Metadata):
    """Who a Broker is; its name is its namespace in every store."""

    name: BrokerName = Field(
        description="The Broker's name: it begins its topics and Redis keys, and names its database schema."
    )


class Broker(Model):
    """An account that strategies trade on."""

    api_version: ApiVersion = Field(default=API_VERSION, description="The version of the resource's fields.")
    kind: Literal["Broker"] = Field(default="Broker", description="The kind of the resource.")
    metadata: BrokerMetadata = Field(description="Who the Broker is.")
    spec: BrokerSpec = Field(description="What the trader asks for.")
