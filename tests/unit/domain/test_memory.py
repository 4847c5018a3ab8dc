"""What was dealt with is remembered as long as it can come again."""

from datetime import UTC, datetime, timedelta

from alpha_panda.domain.memory import KEPT, Memory

START = datetime(2026, 6, 2, 4, 0, tzinfo=UTC)


def test_an_id_is_kept_for_a_while_and_then_forgotten() -> None:
    memory = Memory(sweep_at=2)
    memory.add("old", START)
    memory.add("new", START + timedelta(seconds=2))
    memory.forget(START + KEPT)
    assert "old" in memory
    memory = Memory(until=memory.until, sweep_at=2)
    memory.forget(START + KEPT + timedelta(seconds=1))
    assert "old" not in memory
    assert "new" in memory
