"""Log files stay small, Prometheus is told where services are, shells get no password in their command line."""

from pathlib import Path

import pytest

from alpha_panda.errors import UnavailableError
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_rotation import rotate_logs
from alpha_panda.local.ports import Ports
from alpha_panda.local.prometheus import Prometheus, configuration, rules_file, targets
from alpha_panda.local.run_file import Run
from alpha_panda.local.shells import psql, redis_cli
from alpha_panda.local.status_file import ServiceState, ServiceStatus
from alpha_panda.local.tending import log_settings
from alpha_panda.runtime.settings import LogSettings

LIMIT = 1024 * 1024


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "data")
    made.create()
    return made


def test_a_log_that_is_too_large_is_put_aside_while_its_process_goes_on_writing(layout: Layout):
    log = layout.logs / "history.log"
    settings = LogSettings(file_megabytes=1, files=2)
    with log.open("ab", buffering=0) as process:
        for number in range(4):
            process.write(f"{number}".encode() * (LIMIT + 1))
            assert rotate_logs(layout, settings) == (log,)
        process.write(b"on")
    assert log.read_bytes() == b"on"
    assert [path.name for path in sorted(layout.logs.iterdir())] == ["history.log", "history.log.1", "history.log.2"]
    assert (layout.logs / "history.log.1").read_bytes()[:1] == b"3"
    assert rotate_logs(layout, settings) == ()


def test_a_run_has_its_own_settings_of_log_files(layout: Layout):
    config = layout.root / "settings.yaml"
    config.write_text("logs: {files: 0}\n")
    assert log_settings(Run(config=str(config))).files == 0
    assert log_settings(Run()).files == 4


def test_prometheus_scrapes_every_service_by_the_charts_rules():
    running = ServiceStatus(name="history", state=ServiceState.RUNNING, pid=1, restarts=0, port=8123)
    assert targets([running]) == [{"targets": ["127.0.0.1:8123"], "labels": {"instance": "history"}}]
    rules = rules_file()
    assert rules is not None
    assert configuration(Path("/t.json"), rules)["rule_files"] == [str(rules)]
    assert configuration(Path("/t.json"), None)["rule_files"] == []


def test_prometheus_is_told_where_services_are_before_it_was_ever_started(layout: Layout):
    Prometheus(layout, 9090).tell(
        [ServiceStatus(name="history", state=ServiceState.RUNNING, pid=1, restarts=0, port=1)]
    )
    assert "history" in (layout.root / "prometheus" / "targets.json").read_text()


def test_a_shell_shows_no_password_in_its_command_line(layout: Layout):
    with pytest.raises(UnavailableError, match="never started"):
        psql(layout, ())
    ports = Ports(layout)
    ports.take("postgres", "PostgreSQL")
    ports.take("redis", "Redis")
    shells = (psql(layout, ("-c", "SELECT 1")), redis_cli(layout, ("PING",)))
    secrets = (layout.secret("postgres-admin"), layout.secret("redis-admin"))
    for shell, secret in zip(shells, secrets, strict=True):
        assert not any(secret in word for word in shell.argv)
    kept = Path(shells[0].env["PGPASSFILE"])
    assert kept.stat().st_mode & 0o077 == 0
