"""The page on risk and the test of the chain know the same codes."""

import re
from collections.abc import Iterator

from tests.integration.panda_command import ROOT
from tests.integration.risk_chain.cases import (
    BREAKERS,
    BY_ACCOUNT,
    BY_STRATEGY,
    BY_THE_CLOCK,
    FOREVER,
    LIVE_ONLY,
    UNREACHABLE,
)


def test_every_code_of_the_page_on_risk_is_brought_about_or_cannot_be() -> None:
    page = (ROOT / "docs" / "risk.md").read_text(encoding="utf-8")
    changed = (*(each.code for each in BY_STRATEGY), *(code for each in BY_ACCOUNT for code, _, _ in each.refuses))
    shown = {*changed, *BREAKERS, *BY_THE_CLOCK, *FOREVER, *LIVE_ONLY}
    assert set(_codes(page)) == shown | UNREACHABLE.keys()
    assert not shown & UNREACHABLE.keys()


def _codes(page: str) -> Iterator[str]:
    """What the tables have in their column of codes: the first, or the one with what a method refuses with."""
    place = 0
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if "Refused with" in cells:
            place = cells.index("Refused with")
        elif "Code" in cells:
            place = cells.index("Code")
        elif line.startswith("|"):
            yield from re.findall(r"`([a-z]+(?:_[a-z]+)*)`", cells[place])
        else:
            place = 0
