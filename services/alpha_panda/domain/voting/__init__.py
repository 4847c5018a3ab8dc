"""Several indicators on several timeframes asked what they think of a market, and their answers counted.

Closed bars come from a strategy; a tally goes back to it, and its votes go out with the signal. `voices` says
how a value becomes a vote, `panel` keeps the indicators of a timeframe, `weights` says how much each counts,
`tally` counts. Counting is in whole numbers, so that neither the order of the votes nor the unit of the
weights can change a result.
"""

from alpha_panda.domain.voting.panel import Panel, Panels, Periods
from alpha_panda.domain.voting.tally import Ballot, Tally, tally
from alpha_panda.domain.voting.voices import Reading, Voice
from alpha_panda.domain.voting.weights import (
    DEFAULT_TIMEFRAME_WEIGHTS,
    DEFAULT_WEIGHTS,
    WeightError,
    indicator_weights,
    timeframe_weights,
)

__all__ = [
    "DEFAULT_TIMEFRAME_WEIGHTS",
    "DEFAULT_WEIGHTS",
    "Ballot",
    "Panel",
    "Panels",
    "Periods",
    "Reading",
    "Tally",
    "Voice",
    "WeightError",
    "indicator_weights",
    "tally",
    "timeframe_weights",
]
