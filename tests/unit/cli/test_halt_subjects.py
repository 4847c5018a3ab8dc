"""A halt's subject must exist, and where nobody can tell, it is pressed all the same."""

from pathlib import Path

import pytest

from alpha_panda.cli.halt_subjects import check_subject
from alpha_panda.errors import InputError
from alpha_panda.events.control import HaltScope
from alpha_panda.local.layout import Layout


def test_an_instrument_is_one_of_the_table_in_its_spelling(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert check_subject(layout, HaltScope.INSTRUMENT, "nse:reliance") == "NSE:RELIANCE"
    with pytest.raises(InputError, match='no instrument NSE:RELIANC; did you mean "NSE:RELIANCE"'):
        check_subject(layout, HaltScope.INSTRUMENT, "NSE:RELIANC")


@pytest.mark.parametrize("scope", [HaltScope.BROKER, HaltScope.STRATEGY])
def test_a_name_that_no_store_can_confirm_is_a_warning_and_no_obstacle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], scope: HaltScope
) -> None:
    assert check_subject(Layout(tmp_path), scope, "momentum") == "momentum"
    assert "momentum could not be checked: no platform is running" in capsys.readouterr().err


def test_everything_needs_no_name(tmp_path: Path) -> None:
    assert check_subject(Layout(tmp_path), HaltScope.ALL, "") == ""
