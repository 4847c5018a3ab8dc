"""K1, K3, K4 and K5: what the clients saw (`alpha_panda.runtime.journal`) against what is on the log."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alpha_panda.checker.model import Examination, Finding, Log, Place, place_text
from alpha_panda.runtime.journal import digest_of

Line = dict[str, Any]


class Journals:
    """The journals of a run, with its log."""

    def __init__(self, folder: Path, log: Log) -> None:
        """Read every client's lines; a last line that a kill cut off says nothing."""
        self._clients = {path.name: list(_lines(path)) for path in sorted(folder.glob("*.jsonl"))}
        self._log = {record.place: digest_of(record.value) for record in log.records}
        self._topics = {record.topic for record in log.records}

    def findings(self) -> tuple[Finding, ...]:
        """All four."""
        return (self.acknowledged(), self.same(), self.forward(), self.failed())

    def acknowledged(self) -> Finding:
        """K1: what a client was told is written stands where it was told, byte for byte."""
        look = Examination("acknowledged_is_kept", "what was acknowledged is on the log, where it was said to be")
        for client, line in self._of("written"):
            look.look()
            place = _place(line)
            if self._log.get(place) != line["digest"]:
                what = "other bytes" if place in self._log else "nothing"
                look.fail(place_text(place), f"{client} was told that its record is there; there is {what}")
        return look.finding()

    def same(self) -> Finding:
        """K3: a place has one value, for every client that reads it and in the end."""
        look = Examination("same_for_all_readers", "every reader sees the same at a place")
        for client, line in self._of("read"):
            for offset, digest in line["records"]:
                place = (line["topic"], line["partition"], offset)
                if line["topic"] in self._topics:
                    look.look()
                    if self._log.get(place) != digest:
                        look.fail(place_text(place), f"{client} has read what is not there")
        return look.finding()

    def forward(self) -> Finding:
        """K4: a client's offsets rise, unless it was sent back."""
        look = Examination("readers_go_forward", "what a reader is given rises, unless it was sent back")
        for client, lines in self._clients.items():
            last: dict[tuple[str, int], int] = {}
            for line in lines:
                where = (line["topic"], line["partition"])
                if line["saw"] in ("assigned", "sought"):
                    last.pop(where, None)
                for offset, _ in line.get("records", ()):
                    look.look()
                    if offset <= last.get(where, -1):
                        look.fail(place_text((*where, offset)), f"{client} was given it after {last[where]}")
                    last[where] = offset
        return look.finding()

    def failed(self) -> Finding:
        """K5: what was refused for good is not on the log, unless it was written again."""
        look = Examination("failed_is_not_there", "what was refused is not on the log")
        written: dict[str, set[str]] = defaultdict(set)
        for _, line in (*self._of("written"), *self._of("unknown")):
            written[line["topic"]].add(line["digest"])
        there: dict[tuple[str, str], Place] = {(place[0], digest): place for place, digest in self._log.items()}
        for client, line in self._of("refused"):
            look.look()
            place = there.get((line["topic"], line["digest"]))
            if place is not None and line["digest"] not in written[line["topic"]]:
                look.fail(place_text(place), f"{client} was told that it is refused")
        return look.finding()

    def _of(self, saw: str) -> Iterator[tuple[str, Line]]:
        for client, lines in self._clients.items():
            for line in lines:
                if line["saw"] == saw:
                    yield client, line


def _lines(path: Path) -> Iterator[Line]:
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            return


def _place(line: Line) -> Place:
    return line["topic"], line["partition"], line["offset"]
