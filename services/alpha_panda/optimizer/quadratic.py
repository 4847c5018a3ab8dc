"""The least of a convex quadratic function over portfolios: weights that sum to 1, none negative, none above a cap.

scipy's SLSQP tells about where the answer is. Which weights are at a bound is then settled one by one, and the others
are the solution of a linear system (an active-set method: Nocedal and Wright, "Numerical Optimization", section 16.5).
What comes out is proven, not believed: the most that any other portfolio could gain on it, by its slope, must be
nothing (the gap of Frank and Wolfe, 1956).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from alpha_panda.errors import PandaError
from alpha_panda.optimizer.estimate import Array

ROUNDING: Final = 1e-9
_GAP: Final = 1e-8
"""Of the function, scaled so that its slope is about 1."""
_EXACT: Final = 1e-13


class UnsolvedError(PandaError):
    """The search did not end at a best portfolio."""


def least(matrix: Array, linear: Array, cap: float, start: Array | None = None) -> Array:
    """The weights with the least `weights @ matrix @ weights / 2 - linear @ weights`; the matrix is positive definite.

    A `start` near the answer saves the search for one.

    Raises:
        UnsolvedError: rounding errors were larger than the gap that is allowed.
    """
    count = len(linear)
    if count * cap <= 1 + ROUNDING:
        return np.full(count, 1 / count)
    scale = max(float(np.abs(matrix).max()), float(np.abs(linear).max()))
    matrix, linear = matrix / scale, linear / scale
    held = _settled(matrix, linear, cap, _near(matrix, linear, cap) if start is None else start)
    slope = matrix @ held - linear
    gap = float(slope @ (held - lowest(slope, cap)))
    if gap > _GAP:
        message = f"the search ended {gap:.2g} from the best portfolio of {count}"
        raise UnsolvedError(message, remedy="choose risk-parity, or leave out one of two that are nearly the same")
    return held


def lowest(slope: Array, cap: float) -> Array:
    """The portfolio with the least `slope @ weights`: the lowest slopes up to the cap."""
    held = np.zeros(len(slope))
    left = 1.0
    for place in np.argsort(slope, kind="stable"):
        held[place] = min(cap, left)
        left -= held[place]
    return held


def tidied(held: Array, cap: float) -> Array:
    """Within bounds and summing to 1 in spite of rounding; dust is nothing."""
    tidy: Array = np.clip(held, 0.0, cap)
    tidy[tidy < ROUNDING] = 0.0
    tidy[tidy > cap - ROUNDING] = cap
    for _ in range(3):
        free = (tidy > 0) & (tidy < cap)
        if not free.any() or abs(tidy.sum() - 1) < _EXACT:
            break
        tidy[free] *= (1 - tidy[~free].sum()) / tidy[free].sum()
        tidy = np.clip(tidy, 0.0, cap)
    return tidy


def _near(matrix: Array, linear: Array, cap: float) -> Array:
    found = minimize(
        lambda held: (float(held @ matrix @ held / 2 - linear @ held), matrix @ held - linear),
        np.full(len(linear), 1 / len(linear)),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, cap)] * len(linear),
        constraints={"type": "eq", "fun": lambda held: held.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-9, "maxiter": 200},
    )
    near = tidied(np.asarray(found.x, dtype=np.float64), cap)
    return near if abs(near.sum() - 1) < ROUNDING else lowest(-linear, cap)


def _settled(matrix: Array, linear: Array, cap: float, start: Array) -> Array:
    """From a portfolio to the best one, by changes of which weights are free to be anything between the bounds."""
    held = start.copy()
    free = (held > 0) & (held < cap)
    for _ in range(20 * len(held)):
        step = _best_of_free(matrix, linear, held, free) - held
        room = np.where(step > 0, cap - held, held)
        moves = free & (np.abs(step) > _EXACT)
        reach = np.full(len(held), np.inf)
        reach[moves] = room[moves] / np.abs(step[moves])
        first = int(np.argmin(reach))
        held = held + min(1.0, reach[first]) * np.where(free, step, 0.0)
        if reach[first] < 1:
            held[first] = cap if step[first] > 0 else 0.0
            free[first] = False
        elif not _release(matrix @ held - linear, held, free, cap):
            break
    return tidied(held, cap)


def _best_of_free(matrix: Array, linear: Array, held: Array, free: NDArray[np.bool_]) -> Array:
    """The least over the free weights where the others stay, bounds forgotten."""
    count = int(free.sum())
    if count < 2:  # noqa: PLR2004 — one alone is what the others leave
        return held
    system = np.ones((count + 1, count + 1))
    system[:count, :count] = matrix[np.ix_(free, free)]
    system[count, count] = 0.0
    wanted = np.append(linear[free] - matrix[np.ix_(free, ~free)] @ held[~free], 1 - held[~free].sum())
    best = held.copy()
    best[free] = np.linalg.solve(system, wanted)[:count]
    return best


def _release(slope: Array, held: Array, free: NDArray[np.bool_], cap: float) -> bool:
    """Free the weight at a bound that gains most by leaving it; False where none gains."""
    down, up = np.where(held > 0, slope, -np.inf), np.where(held < cap, slope, np.inf)
    high, low = int(np.argmax(down)), int(np.argmin(up))
    if slope[high] - slope[low] <= _EXACT:
        return False
    before = free.copy()
    free[[high, low]] = True
    return bool((free != before).any())
