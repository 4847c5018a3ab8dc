"""`panda dlq list | show | replay`: what could not be processed, why, and a second chance for it."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import Annotated

import typer

from alpha_panda.cli.actor import actor_name
from alpha_panda.cli.auditing import deed, record
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.events.audit import Action
from alpha_panda.local.layout import Layout
from alpha_panda.local.letter_box import read_letters
from alpha_panda.local.letters import Decision, Letter, Step, described, summaries
from alpha_panda.local.platform import Platform
from alpha_panda.local.replaying import Wanted, replay_letters
from alpha_panda.runtime.replays import coordinates_text

Json = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]
Topic = Annotated[str, typer.Argument(help="A dead-letter topic as `panda dlq list` names it, with or without .dlq.")]
_SHOWN_BYTES = 500


def register(app: typer.Typer) -> None:
    """Add the commands."""
    dlq = typer.Typer(
        help="Dead letters: records that could not be processed.", no_args_is_help=True, rich_markup_mode=None
    )
    dlq.command("list")(list_topics)
    dlq.command("show")(show)
    dlq.command("replay")(replay)
    app.add_typer(dlq, name="dlq")


def list_topics(output: Json = TextOutput.TEXT, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Show each topic with dead letters: how many, since when, whose and why."""
    found = summaries(asyncio.run(read_letters(_layout(data_dir))))
    if output is TextOutput.JSON:
        print_json(found)
        return
    if not found:
        print_text("no dead letters")
        return
    print_table(
        ("TOPIC", "LETTERS", "OLDEST", "NEWEST", "GROUPS", "REASONS"),
        [
            (
                each.topic,
                each.count,
                f"{each.oldest:%Y-%m-%d %H:%M:%S}",
                f"{each.newest:%Y-%m-%d %H:%M:%S}",
                _counted(each.groups),
                _counted(each.reasons),
            )
            for each in found
        ],
    )


def show(
    topic: Topic,
    *,
    limit: Annotated[int, typer.Option(min=1, help="Letters to show.")] = 20,
    offset: Annotated[int, typer.Option(min=0, help="Begin with the letter at this offset of the topic.")] = 0,
    output: Json = TextOutput.TEXT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show letters, oldest first: where the record came from, why it was set aside, and its bytes."""
    letters = asyncio.run(read_letters(_layout(data_dir), topic))
    chosen = sorted((each for each in letters if each.place[2] >= offset), key=lambda each: each.place)[:limit]
    if output is TextOutput.JSON:
        print_json([_as_json(letter) for letter in chosen])
        return
    for letter in chosen:
        print_text(_as_text(letter))
    print_text(f"{len(chosen)} of {len(letters)} letters")


def replay(  # noqa: PLR0913 - each is one option of the command
    topic: Topic,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be written back.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Records to write back at most.")] = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Only letters whose reason contains this.")] = None,
    returned: Annotated[
        bool, typer.Option("--returned", help="Also what was written back before and came back, three times at most.")
    ] = False,
    output: Json = TextOutput.TEXT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Write records back to where they came from, with their bytes, key and id, for those who could not process them.

    Each record is written back once: a second run changes nothing.
    """
    layout, actor = _layout(data_dir), actor_name()
    wanted = Wanted(topic=topic, reason=reason, returned=returned, limit=limit, dry_run=dry_run)
    steps, written = replay_letters(layout, wanted, _say)
    if written:
        record(layout, [deed(Action.REPLAY, actor, topic, reason or "", after={"written": written})])
    counts = Counter(step.decision.value for step in steps)
    if output is TextOutput.JSON:
        print_json({"dry_run": dry_run, "written": written, "counts": counts, "records": list(map(_step_json, steps))})
        return
    print_table(("RECORD", "DECISION", "REASON"), [described(step) for step in steps])
    would = f"{counts[Decision.REPLAY.value]} would be written back" if dry_run else f"{written} written back"
    print_text(", ".join([would, *(f"{n} {name}" for name, n in counts.items() if name != Decision.REPLAY.value)]))


def _layout(data_dir: DataDir) -> Layout:
    layout = Layout(data_dir)
    Platform(layout).require_running()
    return layout


def _counted(names: dict[str, int]) -> str:
    return "; ".join(f"{name} ({count})" for name, count in names.items())


def _as_json(letter: Letter) -> dict[str, object]:
    return {
        "letter": coordinates_text(letter.place),
        "written_at": letter.written_at,
        "group": letter.group,
        "source": coordinates_text(letter.source),
        "origin": coordinates_text(letter.origin),
        "replays": letter.replays,
        "reason": letter.reason,
        "key": _bytes_json(letter.key),
        "value": _bytes_json(letter.value),
        "whole": letter.whole or None,
        "headers": [{"name": name, **(_bytes_json(value) or {})} for name, value in letter.headers],
    }


def _step_json(step: Step) -> dict[str, object]:
    return {
        "source": coordinates_text(step.letter.source),
        "letter": coordinates_text(step.letter.place),
        "decision": step.decision,
        "replays": step.letter.replays,
        "event_id": step.event_id,
        "reason": step.letter.reason,
    }


def _as_text(letter: Letter) -> str:
    lines = [
        f"{coordinates_text(letter.place)}  {letter.written_at:%Y-%m-%d %H:%M:%S}  {letter.group}",
        f"  source:  {coordinates_text(letter.source)}",
        f"  reason:  {letter.reason}",
        f"  key:     {_shown(letter.key)}",
        f"  value:   {_shown(letter.value)}",
    ]
    if letter.whole:
        lines.append(f"  whole:   {letter.whole}; it is at its source for as long as that is kept")
    if letter.replay is not None:
        lines.insert(2, f"  origin:  {coordinates_text(letter.origin)}, replayed {letter.replays} times")
    lines += [f"  header:  {name}: {_shown(value)}" for name, value in letter.headers]
    return "\n".join(lines)


def _bytes_json(value: bytes | None) -> dict[str, str] | None:
    """Bytes as `text`, or as `hex` where they are none."""
    if value is None:
        return None
    text = _text(value)
    return {"hex": value.hex()} if text is None else {"text": text}


def _shown(value: bytes | None) -> str:
    if value is None:
        return "<none>"
    text = _text(value)
    shown = value[:_SHOWN_BYTES].hex() if text is None else text[:_SHOWN_BYTES]
    kind = "hex " if text is None else ""
    more = f" … ({len(value)} bytes; -o json has all)" if len(value) > _SHOWN_BYTES else ""
    return f"{kind}{shown}{more}"


def _text(value: bytes) -> str | None:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _say(text: str) -> None:
    sys.stderr.write(f"· {text}\n")
