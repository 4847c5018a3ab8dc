"""What daily returns let one expect: yearly means and covariances.

Covariances of a few hundred days are mostly chance, and an optimizer seeks out just what chance made look good.
So correlations are shrunk towards none, by as much as Ledoit and Wolf ("A Well-Conditioned Estimator for
Large-Dimensional Covariance Matrices", Journal of Multivariate Analysis 88, 2004) find best for the data; each one's
own deviation stays as it was measured. Means are as they were, and are the least certain of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from alpha_panda.domain.analytics.returns import DAYS_A_YEAR
from alpha_panda.optimizer.returns import Returns

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """For a year; `shrinkage` is from 0 (as measured) to 1 (no correlation at all)."""

    names: tuple[str, ...]
    mean: Array
    covariance: Array
    shrinkage: float

    @property
    def deviation(self) -> Array:
        """Of each by itself."""
        return np.sqrt(np.diag(self.covariance))


def estimate(returns: Returns) -> Estimate:
    """From daily returns."""
    daily = np.array(returns.rows, dtype=np.float64)
    mean, deviation = daily.mean(axis=0), daily.std(axis=0, ddof=1)
    shrunk, shrinkage = ledoit_wolf((daily - mean) / deviation, assume_centered=True)
    own = np.sqrt(np.diag(shrunk))
    correlation = shrunk / np.outer(own, own)
    return Estimate(
        names=returns.names,
        mean=mean * DAYS_A_YEAR,
        covariance=correlation * np.outer(deviation, deviation) * DAYS_A_YEAR,
        shrinkage=float(shrinkage),
    )
