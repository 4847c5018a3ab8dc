"""A sealed state opens as it was kept, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_panda.runtime.seals import UnreadableSnapshotError, open_seal, seal

STATE, WHOSE = b'{"cash_paise":5000000}', b"paper.portfolio/paper.portfolio"


def test_a_state_opens_for_the_task_it_was_sealed_for_alone():
    assert open_seal(seal(STATE, WHOSE), WHOSE) == STATE
    with pytest.raises(UnreadableSnapshotError, match="its 22 bytes are not those that were kept"):
        open_seal(seal(STATE, WHOSE), b"other.portfolio/other.portfolio")


@given(at=st.integers(0, len(seal(STATE, WHOSE)) - 1), bit=st.integers(0, 7))
def test_any_flipped_bit_is_seen(at: int, bit: int):
    sealed = bytearray(seal(STATE, WHOSE))
    sealed[at] ^= 1 << bit
    with pytest.raises(UnreadableSnapshotError):
        open_seal(bytes(sealed), WHOSE)


@given(length=st.integers(0, len(seal(STATE, WHOSE)) - 1))
def test_any_missing_end_is_seen(length: int):
    with pytest.raises(UnreadableSnapshotError):
        open_seal(seal(STATE, WHOSE)[:length], WHOSE)


def test_a_state_of_another_release_says_so():
    with pytest.raises(UnreadableSnapshotError, match=r"it begins with b'panda-snapshot-2.n'; this release reads"):
        open_seal(b"panda-snapshot-2\n" + STATE, WHOSE)
