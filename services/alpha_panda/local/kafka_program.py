"""Apache Kafka as a program: its jars from Maven Central through `jgo`, its Java from `local.java`.

`kafka_jars.txt` pins every jar by hash; jgo is asked for those that the cache lacks, and after that
Kafka starts without it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from alpha_panda.errors import UnavailableError
from alpha_panda.local.cache import Pinned, cache_folder, fill
from alpha_panda.local.java import find_java
from alpha_panda.local.progress import Progress

if TYPE_CHECKING:
    from jgo.maven import MavenContext

VERSION = "4.1.1"
_DOWNLOADS = 16
_EVERY = 8


class KafkaProgram(msgspec.Struct, frozen=True, kw_only=True):
    """What starts Kafka: a Java, the jars, and the archive of loaded classes that makes it start faster."""

    java: Path
    classpath: tuple[Path, ...]
    archive: Path | None = None

    def command(self, *options: str, main: str, argument: str) -> list[str]:
        """The command line that runs the class `main`."""
        archive = [f"-XX:SharedArchiveFile={self.archive}", "-Xlog:cds=off"] if self.archive is not None else []
        jars = ":".join(str(jar) for jar in self.classpath)
        return [str(self.java), *archive, *options, "-cp", jars, main, argument]


class Jar(msgspec.Struct, frozen=True, kw_only=True):
    """A pinned jar and the Maven coordinates it comes from."""

    coordinates: str
    file: Pinned


def find_kafka(progress: Progress) -> KafkaProgram:
    """Kafka, fetched into the cache where it is not there whole (43 MB)."""
    java = find_java(progress)
    jars = pinned_jars()
    folder = cache_folder(f"kafka-{VERSION}")
    coordinates = {jar.file.name: jar.coordinates for jar in jars}

    def fetch(missing: tuple[Pinned, ...], into: Path) -> None:
        _download({pinned.name: coordinates[pinned.name] for pinned in missing}, into, progress)

    fill(folder, tuple(jar.file for jar in jars), fetch, progress)
    return KafkaProgram(java=java, classpath=tuple(folder / jar.file.name for jar in jars))


def pinned_jars() -> tuple[Jar, ...]:
    """The jars of `kafka_jars.txt`: lines of coordinates, size and SHA-256."""
    text = files("alpha_panda.local").joinpath("kafka_jars.txt").read_text()
    return tuple(_jar(line) for line in text.splitlines() if line and not line.startswith("#"))


def _jar(line: str) -> Jar:
    coordinates, size, sha256 = line.split()
    _group, artifact, version = coordinates.split(":")
    return Jar(coordinates=coordinates, file=Pinned(name=f"{artifact}-{version}.jar", size=int(size), sha256=sha256))


def _download(wanted: dict[str, str], into: Path, progress: Progress) -> None:
    if find_spec("jgo") is None:
        msg = "the tool that fetches the embedded Kafka is not installed (Python package jgo)"
        raise UnavailableError(msg, remedy="type: pip install jgo")
    from jgo.maven import MavenContext  # noqa: PLC0415 - needed only to fill the cache, slow to import

    progress(f"fetching Kafka {VERSION}: {len(wanted)} files from Maven Central")
    maven = MavenContext(repo_cache=into / "repository")
    with ThreadPoolExecutor(_DOWNLOADS) as pool:
        fetched = pool.map(lambda item: _fetch_one(maven, item[0], item[1], into), wanted.items())
        for count, _name in enumerate(fetched, 1):
            if count % _EVERY == 0 or count == len(wanted):
                progress(f"fetching Kafka {VERSION}: {count} of {len(wanted)} files")


def _fetch_one(maven: MavenContext, name: str, coordinates: str, into: Path) -> str:
    try:
        path = maven.create_dependency(coordinates).artifact.resolve()
    except Exception as error:
        # jgo raises whatever its HTTP client, its checksum test or its parser raises: all mean the same here.
        msg = f"{name} could not be fetched from Maven Central: {error}"
        raise UnavailableError(msg, remedy="check the network connection and try again") from error
    path.replace(into / name)
    return name
