"""Whatever is changed in an audit log, the chain shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from alpha_panda.domain.audit import Deed, chained, first_break
from alpha_panda.events.audit import Action, AuditRecorded

BEGUN = datetime(2026, 6, 2, 4, 0, tzinfo=UTC)
values = st.none() | st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3)
deeds = st.builds(
    Deed,
    at=st.integers(0, 10**6).map(lambda seconds: BEGUN + timedelta(seconds=seconds)),
    actor=st.text(min_size=1, max_size=8),
    action=st.sampled_from(Action),
    subject=st.text(max_size=8),
    reason=st.text(max_size=8),
    before=values,
    after=values,
)


def chain(told: list[Deed]) -> list[AuditRecorded]:
    entries: list[AuditRecorded] = []
    for deed in told:
        entries.append(chained(deed, entries[-1] if entries else None))
    return entries


@given(st.lists(deeds, max_size=6))
def test_a_chain_holds_also_after_it_was_written_and_read(told: list[Deed]) -> None:
    entries = chain(told)
    assert first_break(entries) is None
    assert first_break(msgspec.json.decode(msgspec.json.encode(entries), type=list[AuditRecorded])) is None


@given(st.lists(deeds, min_size=2, max_size=6), st.data())
def test_what_is_changed_removed_or_moved_breaks_it(told: list[Deed], data: st.DataObject) -> None:
    entries = chain(told)
    place = data.draw(st.integers(0, len(entries) - 1))
    changed = [*entries]
    changed[place] = msgspec.structs.replace(entries[place], actor=entries[place].actor + "x")
    assert f"entry {place + 1} was changed" in (first_break(changed) or "")
    forged = [*entries]
    forged[place] = chained(
        Deed(at=BEGUN, actor="mallory", action=Action.HALT, subject=""), entries[place - 1] if place else None
    )
    if forged[place] != entries[place] and place < len(entries) - 1:
        assert f"entry {place + 2} does not follow" in (first_break(forged) or "")
    if place < len(entries) - 1:
        assert first_break(entries[:place] + entries[place + 1 :]) is not None
        moved = [*entries]
        moved[place], moved[place + 1] = moved[place + 1], moved[place]
        assert first_break(moved) is not None
