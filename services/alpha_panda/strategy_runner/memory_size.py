"""How much memory a strategy keeps: what can be reached from its instances, its class and its module."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from types import BuiltinFunctionType, FunctionType, GetSetDescriptorType, MethodType, ModuleType
from typing import Any, Final

_CACHED: Final = type(cache(lambda: None))
_NOT_KEPT: Final = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, GetSetDescriptorType, _CACHED)
"""Code: everybody's, and the way from one strategy to all of Python."""


def kept_by(instances: Iterable[object], most: int) -> int:
    """Bytes that the instances keep together, each object once; it stops counting beyond `most`."""
    seen: set[int] = set()
    total = 0
    waiting = [root for instance in instances for root in _roots(instance)]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, _NOT_KEPT):
            continue
        seen.add(id(each))
        total += sys.getsizeof(each)
        if total > most:
            break  # before its parts are listed, which takes memory, too
        waiting += gc.get_referents(each)
    return total


def _roots(instance: object) -> Iterator[Any]:
    """What belongs to the instance: its own values, and those of its class and of the module that it is from."""
    yield from gc.get_referents(instance)
    kind = type(instance)
    module = sys.modules.get(kind.__module__)
    names = {**(vars(module) if module is not None else {}), **vars(kind)}
    for name, value in names.items():
        if name.startswith("__"):
            continue
        yield value
        if isinstance(value, _CACHED) and value.__module__ == kind.__module__:
            yield from gc.get_referents(value)  # what its own function remembers
