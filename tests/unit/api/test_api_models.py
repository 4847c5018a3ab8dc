"""What the API answers with."""

import pytest
from pydantic_core import to_jsonable_python

from alpha_panda.api.money import Money


@pytest.mark.parametrize(("paise", "rupees"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-12_345, "-123.45")])
def test_money_is_the_same_amount_twice(paise: int, rupees: str):
    assert to_jsonable_python(Money.of(paise)) == {"paise": paise, "rupees": rupees}
