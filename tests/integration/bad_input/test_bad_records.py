"""Records that no service should meet: each gets a dead letter, nothing stops, and the result stays what it was."""

import asyncio
import json
from collections import defaultdict

import pytest
from tests.integration.bad_input.conftest import BAD_ROWS, Disturbed, Undisturbed, projection_of

from alpha_panda.local.layout import Layout
from alpha_panda.local.letter_box import read_letters
from alpha_panda.local.letters import Kind, Letter

pytestmark = pytest.mark.operations
HOLD = (
    "accounting",
    "positions",
    "ledger",
    "fills",
    "one_verdict",
    "one_order",
    "true_letters",
    "letters_for_malformed",
)
"""What must hold of a log however much rubbish is on it."""


def letters_of(disturbed: Disturbed) -> list[Letter]:
    """Every dead letter of the run."""
    return asyncio.run(read_letters(Layout(disturbed.panda.data_dir)))


def test_a_disturbed_replay_ends_with_the_fills_and_paise_of_an_undisturbed_one(
    undisturbed: Undisturbed, disturbed: Disturbed
) -> None:
    """Signals, orders, fills, positions and money are equal, and so is every id and time behind them."""
    assert disturbed.report["brokers"] == [undisturbed.day]
    assert projection_of(disturbed.panda)["digest"] == undisturbed.projection["digest"]
    assert len(undisturbed.day["fills"]) > 10


def test_no_service_stops_over_a_hostile_record(disturbed: Disturbed) -> None:
    """Every service is ready and none was started again."""
    found = {each["name"]: (each["state"], each["restarts"]) for each in disturbed.report["services"]}
    assert found == dict.fromkeys(found, ("Ready", 0))


def test_each_hostile_record_has_a_dead_letter_with_its_bytes_its_place_and_the_reason(disturbed: Disturbed) -> None:
    """Every reader of its topic says what was wrong with it."""
    by_source: dict[tuple[str, int, int], list[Letter]] = defaultdict(list)
    for letter in letters_of(disturbed):
        by_source[letter.source].append(letter)
    for topic, records in disturbed.written.items():
        for name, (hostile, partition, offset) in records.items():
            found = by_source[topic, partition, offset]
            assert found, f"{name} on {topic}: no dead letter"
            assert len({each.group for each in found}) == len(found), f"{name} on {topic}: two letters of one group"
            for letter in found:
                assert (letter.value or b"", letter.key) == (hostile.value or b"", hostile.key), f"{name} on {topic}"
            assert any(hostile.reason in each.reason for each in found), (name, topic, [each.reason for each in found])


def test_each_bad_row_of_a_file_has_a_dead_letter_with_its_line_and_the_reason(disturbed: Disturbed) -> None:
    """The row as it was in the file, where it was and why no bar could be made of it; the summary counts them."""
    rows = {
        (letter.value or b"").decode().strip(): letter for letter in letters_of(disturbed) if letter.kind is Kind.ROW
    }
    for line, (row, word) in enumerate(BAD_ROWS.items(), start=27):
        assert word in rows[row].reason, (row, rows[row].reason)
        assert rows[row].source[2] == line
    feed = next(each for each in disturbed.report["services"] if each["name"] == "market-feed")
    said = "\n".join(feed["detail"]["source"])
    assert f"{len(rows)} rows" in said, said


def test_the_books_hold_however_much_rubbish_is_on_the_log(disturbed: Disturbed) -> None:
    """The checker reckons the money, the orders and the dead letters again from the log alone."""
    findings = json.loads(disturbed.panda.run("verify", "-o", "json", check=False).stdout)
    verdicts = {each["invariant"]: each for each in findings}
    assert {name: verdicts[name]["verdict"] for name in HOLD} == dict.fromkeys(HOLD, "PASS"), [
        verdicts[name] for name in HOLD
    ]
