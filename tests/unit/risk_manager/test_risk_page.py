"""The page about risk names every code that a signal can be refused with, and every limit of an account."""

import re
from pathlib import Path

from alpha_panda.domain import breakers, protections
from alpha_panda.resources.account_limits import AccountLimits
from alpha_panda.resources.fields import Model
from alpha_panda.resources.protections import Protections

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "risk.md").read_text(encoding="utf-8")
SOURCES = ("account_checks", "market_checks", "order_terms", "intraday", "price_bands", "edge", "size_caps", "kelly")
CODE = re.compile(r"""(?:refusal|over|_risk_cap)\(\s*"([a-z_]+)"|code="([a-z_]+)"|\("(max_[a-z_]+)", "max""")
OTHERS = {"lot_size"}
"""Of an order that is not made by the risk manager."""


def settings(model: type[Model]) -> set[str]:
    return {str(field.alias) for field in model.model_fields.values()}


def test_every_code_is_on_the_page():
    text = "".join((ROOT / f"services/alpha_panda/domain/{each}.py").read_text(encoding="utf-8") for each in SOURCES)
    codes = {code for found in CODE.findall(text) for code in found if code} - OTHERS
    codes |= {*breakers.ACCOUNT_CODES, breakers.STRATEGY_LOSS, *protections.CODES}
    assert len(codes) > 35
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()


def test_every_limit_of_an_account_is_on_the_page():
    wanted = settings(AccountLimits) | settings(Protections)
    assert {name for name in wanted if name not in PAGE} == set()
