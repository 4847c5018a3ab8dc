"""A sealed state opens as it was kept, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_panda.runtime.seals import UnreadableSnapshotError, open_seal, seal

STATE, FACTS = b'{"cash_paise":5000000}', b'{"epoch":7}'


def test_a_state_opens_with_the_facts_it_was_sealed_with():
    assert open_seal(seal(STATE, FACTS), FACTS) == STATE
    with pytest.raises(UnreadableSnapshotError, match="its 22 bytes or its offsets are not those that were kept"):
        open_seal(seal(STATE, FACTS), b'{"epoch":8}')


@given(at=st.integers(0, len(seal(STATE, FACTS)) - 1), bit=st.integers(0, 7))
def test_any_flipped_bit_is_seen(at: int, bit: int):
    sealed = bytearray(seal(STATE, FACTS))
    sealed[at] ^= 1 << bit
    with pytest.raises(UnreadableSnapshotError):
        open_seal(bytes(sealed), FACTS)


@given(length=st.integers(0, len(seal(STATE, FACTS)) - 1))
def test_any_missing_end_is_seen(length: int):
    with pytest.raises(UnreadableSnapshotError):
        open_seal(seal(STATE, FACTS)[:length], FACTS)


def test_a_state_of_another_release_says_so():
    with pytest.raises(UnreadableSnapshotError, match=r"it begins with b'panda-snapshot-2.n'; this release reads"):
        open_seal(b"panda-snapshot-2\n" + STATE, FACTS)
