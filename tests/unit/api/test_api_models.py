"""What the API answers with."""

import pytest

from alpha_panda.api.models import Money


@pytest.mark.parametrize(("paise", "rupees"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-12_345, "-123.45")])
def test_money_is_the_same_amount_twice(paise: int, rupees: str):
    assert Money.of(paise).model_dump() == {"paise": paise, "rupees": rupees}
