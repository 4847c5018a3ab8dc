"""What both passes work with; made once, by `main`."""

from __future__ import annotations

from dataclasses import dataclass

from alpha_panda_operator.cluster.api import ApiServer
from alpha_panda_operator.cluster.cache import Cache
from alpha_panda_operator.engine.children import Children
from alpha_panda_operator.engine.market import Market
from alpha_panda_operator.engine.telling import Teller
from alpha_panda_operator.engine.world import Facts
from alpha_panda_operator.metrics import OperatorMetrics
from alpha_panda_operator.stores import Stores


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The edges, and what is known."""

    api: ApiServer
    cache: Cache
    facts: Facts
    stores: Stores
    children: Children
    teller: Teller
    market: Market
    metrics: OperatorMetrics
