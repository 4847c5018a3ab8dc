"""Kafka's classes, loaded and linked once and kept in the cache, so that the next starts read them as they are.

This is Java's class data sharing (JEP 310, JEP 350): without it Kafka serves after 1.7 s, with it
after 0.8 s. An archive fits one Java, at its place, and the jars at theirs; Java ignores one that does not fit.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from pathlib import Path

import msgspec

from alpha_panda.errors import UnavailableError
from alpha_panda.local.cache import cache_folder
from alpha_panda.local.kafka import Kafka
from alpha_panda.local.kafka_program import VERSION, KafkaProgram
from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import Ports
from alpha_panda.local.progress import Progress
from alpha_panda.runtime.file_lock import FileLock

_READY_SECONDS = 60.0
_JAVA_NAME = "java"


async def with_class_archive(program: KafkaProgram, progress: Progress) -> KafkaProgram:
    """`program` with an archive of its classes, made by a trial start where the cache has none (5 s, once)."""
    folder = cache_folder(f"kafka-{VERSION}-classes") / _fitting(program)
    archive = folder / "kafka.jsa"
    fast = msgspec.structs.replace(program, archive=archive)
    if archive.exists():
        return fast
    lock = FileLock(folder.parent / "lock")
    if not lock.try_acquire():
        return program
    try:
        if not archive.exists():
            progress("preparing Kafka for quick starts (once)")
            _drop_unusable(folder.parent)
            folder.mkdir(exist_ok=True)
            await _make(program, folder, archive)
    finally:
        lock.release()
    return fast if archive.exists() else program


def _fitting(program: KafkaProgram) -> str:
    """A name for what an archive must fit: this Java and these jars, by place, size and time of change."""
    image = program.java.parent.parent / "lib" / "modules"
    parts = [str(program.java)]
    for path in (image, *program.classpath):
        stat = path.stat()
        parts.append(f"{path} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _drop_unusable(folder: Path) -> None:
    """Delete the archives of Javas that are no longer installed (63 MB each)."""
    for archive in folder.iterdir():
        note = archive / _JAVA_NAME
        if note.is_file() and not Path(note.read_text()).exists():
            shutil.rmtree(archive)


async def _make(program: KafkaProgram, folder: Path, archive: Path) -> None:
    base = folder / "java.jsa"
    await _dump_base(program, base)
    half = folder / "kafka.part"
    with tempfile.TemporaryDirectory() as place:
        layout = Layout(Path(place) / "trial")
        layout.create()
        kafka = Kafka(msgspec.structs.replace(program, archive=base), layout, Ports(layout))
        await kafka.prepare()
        try:
            await kafka.start(f"-XX:ArchiveClassesAtExit={half}")
            await kafka.wait_ready(_READY_SECONDS)
        finally:
            await kafka.stop()
    (folder / _JAVA_NAME).write_text(str(program.java))
    if half.exists():
        half.replace(archive)


async def _dump_base(program: KafkaProgram, base: Path) -> None:
    dumping = await asyncio.create_subprocess_exec(
        *(str(program.java), "-Xshare:dump", f"-XX:SharedArchiveFile={base}", "-XX:+UseG1GC"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await dumping.communicate()
    if dumping.returncode != 0:
        msg = f"Java could not archive its own classes: {said.decode(errors='replace').strip()}"
        raise UnavailableError(msg, remedy=f"delete {program.java.parent.parent} and try again")
