"""Several indicators on several timeframes: go with their weighted vote when it is sure."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from alpha_panda.domain.voting import Reading
from alpha_panda.strategy import Context
from alpha_panda.strategy.bracketed import RewardRisk, StopAtr, StopPercent
from alpha_panda.strategy.voting import Confidence, Voting, VotingConfig


class MultiIndicatorConfig(VotingConfig):
    """Parameters of `multi_indicator`."""

    min_confidence: Confidence = 60
    stop_percent: StopPercent = 2.0
    stop_atr: StopAtr = 1.5
    reward_risk: RewardRisk = 3.0
    reading: Reading = Field(
        default=Reading.REGIME,
        description="How oscillators vote: trend (high is BUY), reversion (low is BUY), or by the ADX: regime.",
    )


class MultiIndicator(Voting[MultiIndicatorConfig]):
    """Enters with the side of the vote; leaves at its levels or when the vote is as sure of the other side."""

    Config: ClassVar[type[MultiIndicatorConfig]] = MultiIndicatorConfig

    def __init__(self, config: MultiIndicatorConfig, context: Context) -> None:
        super().__init__(config, context)
        self.reading = config.reading
