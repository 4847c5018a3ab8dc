"""How long ago something was, in the few characters of kubectl's AGE column."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_YEAR: Final = 365 * _DAY
_RULE: Final[tuple[tuple[int, str, int, str], ...]] = (
    (2 * _MINUTE, "s", 1, ""),
    (10 * _MINUTE, "m", _MINUTE, "s"),
    (3 * _HOUR, "m", _MINUTE, ""),
    (8 * _HOUR, "h", _HOUR, "m"),
    (2 * _DAY, "h", _HOUR, ""),
    (8 * _DAY, "d", _DAY, "h"),
    (2 * _YEAR, "d", _DAY, ""),
    (8 * _YEAR, "y", _YEAR, "d"),
)
"""Below so many seconds: the large unit, its seconds, and the small unit or none.

HumanDuration of Kubernetes' apimachinery (pkg/util/duration).
"""
_SECONDS: Final = {"s": 1, "m": _MINUTE, "h": _HOUR, "d": _DAY}


def short_age(age: timedelta) -> str:
    """`42s`, `5m3s`, `3h12m`, `5d2h`, `400d`: at most two units, fewer the older it is.

    Less than zero, which clocks apart can give, is `0s`.
    """
    seconds = max(0, int(age.total_seconds()))
    for limit, large, length, small in _RULE:
        if seconds < limit:
            rest = seconds % length // _SECONDS[small] if small else 0
            return f"{seconds // length}{large}" + (f"{rest}{small}" if rest else "")
    return f"{seconds // _YEAR}y"
