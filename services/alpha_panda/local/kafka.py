"""The embedded Kafka: one KRaft node on 127.0.0.1, with users (SCRAM), permissions and nothing by default.

Every listener asks for credentials, also the controller's: an open one would let any local program
give itself permissions.
"""

from __future__ import annotations

import asyncio
import base64
import shutil
import time
import uuid
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError
from confluent_kafka.admin import AdminClient

from alpha_panda.errors import UnavailableError
from alpha_panda.events.topics import DLQ_ROOM
from alpha_panda.local.kafka_program import KafkaProgram
from alpha_panda.local.kafka_readiness import open_groups, serves
from alpha_panda.local.layout import Layout, write_private
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.process import ServerProcess
from alpha_panda.provision.kafka import AUTHENTICATION_FAILED

ADMIN = "admin"
_CONTROLLER = "controller"
_POLL_SECONDS = 0.02
_MESSAGE_BYTES = 1024 * 1024
"""Kafka's own limit of a record; a dead letter may be larger by its coordinates and reason."""
_JAVA = (
    "-Xmx512m",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "--sun-misc-unsafe-memory-access=allow",
)
_SETTINGS = f"""\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENT
listener.security.protocol.map=CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-256
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-256
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:{ADMIN};User:{_CONTROLLER}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.coordinator.append.linger.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
message.max.bytes={_MESSAGE_BYTES + DLQ_ROOM}
log.message.timestamp.type=LogAppendTime
log.segment.bytes={64 * 1024 * 1024}
log.index.size.max.bytes={1024 * 1024}
log.cleaner.dedupe.buffer.size={16 * 1024 * 1024}
num.network.threads=2
num.io.threads=4
background.threads=2
num.recovery.threads.per.data.dir=2
"""
"""Records have the time of their arrival: of a client whose clock is an hour ahead Kafka would take none otherwise."""


class Kafka:
    """One Kafka node of a run; `prepare()`, `start()`, `wait_ready()`, and in the end `stop()`."""

    name = "kafka"

    def __init__(self, program: KafkaProgram, layout: Layout, ports: Ports) -> None:
        """Nothing is read, written or started yet."""
        self._program = program
        self._layout = layout
        self._ports = ports
        self._port = 0
        self._configuration = layout.kafka / "server.properties"
        self.process = ServerProcess(
            name="Kafka",
            log=layout.logs / "kafka.log",
            pid_file=layout.run / "kafka.json",
            marker=str(self._configuration),
        )

    @property
    def bootstrap(self) -> str:
        """Host and port for clients."""
        return f"{HOST}:{self._ports.door('kafka')}"

    @property
    def password(self) -> str:
        """The password of the administrator."""
        return self._layout.secret("kafka-admin")

    def admin_settings(self) -> dict[str, str]:
        """Settings of a confluent-kafka client that acts as the administrator."""
        return client_settings(self.bootstrap, ADMIN, self.password)

    async def prepare(self) -> None:
        """Stop what a crash left, take the ports, write the configuration, format the log on the first start."""
        await self.process.stop_leftover()
        self._port = self._ports.take("kafka", "Kafka")
        controller_port = self._ports.take("kafka-controller", "Kafka's controller")
        data = self._layout.kafka / "data"
        write_private(self._configuration, self._settings(controller_port, data))
        if not (data / "meta.properties").exists():
            await self._format(controller_port, data)

    async def start(self, *options: str) -> None:
        """Start the broker, with further `options` of Java; it serves when `wait_ready()` returns."""
        command = self._program.command(*_JAVA, *options, main="kafka.Kafka", argument=str(self._configuration))
        self.process.start(command, cwd=self._layout.kafka, env={"LC_ALL": "C.UTF-8", "TZ": "UTC"})

    async def wait_ready(self, seconds: float) -> None:
        """Wait until the administrator is served; raises UnavailableError when it takes longer or cannot be."""
        deadline = time.monotonic() + seconds
        refusals: list[KafkaError] = []
        settings: dict[str, Any] = {**self.admin_settings(), "error_cb": refusals.append}
        client = AdminClient(settings)
        while True:
            self.process.require_running()
            if await asyncio.to_thread(serves, client):
                break
            if any(error.code() == AUTHENTICATION_FAILED for error in refusals):
                msg = f"Kafka's records in {self._layout.kafka} belong to another administrator password"
                raise UnavailableError(msg, remedy="put the folder secrets/ of this run back, or `panda reset`")
            if time.monotonic() > deadline:
                msg = f"Kafka does not answer after {seconds:g} s; the end of its log:\n{self.process.last_lines()}"
                raise UnavailableError(msg, remedy=f"read {self.process.log}")
            await asyncio.sleep(_POLL_SECONDS)
        await asyncio.to_thread(open_groups, self.admin_settings(), max(deadline - time.monotonic(), 1.0))

    async def stop(self) -> None:
        """Stop the broker: gracefully for at most 10 s, then by force."""
        await self.process.stop()

    async def _format(self, controller_port: int, data: Path) -> None:
        """Format under another name first, so that a broken-off attempt is not taken for a log.

        The arguments go through a file: every local user could read a password in the command line.
        """
        half = data.with_suffix(".part")
        shutil.rmtree(half, ignore_errors=True)
        configuration = self._layout.kafka / "format.properties"
        write_private(configuration, self._settings(controller_port, half))
        arguments = self._layout.kafka / "format.arguments"
        write_private(
            arguments,
            "\n".join(
                [
                    *("format", "--cluster-id", _cluster_id(), "--config", str(configuration)),
                    *("--add-scram", f"SCRAM-SHA-256=[name={ADMIN},password={self.password}]"),
                ]
            ),
        )
        command = self._program.command(*_JAVA, main="kafka.tools.StorageTool", argument=f"@{arguments}")
        formatting = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await formatting.communicate()
        configuration.unlink()
        arguments.unlink()
        if formatting.returncode != 0:
            msg = f"Kafka's storage in {self._layout.kafka} could not be formatted:\n{said.decode(errors='replace')}"
            raise UnavailableError(msg)
        half.rename(data)

    def _settings(self, controller_port: int, data: Path) -> str:
        controller = self._layout.secret("kafka-controller")
        login = "org.apache.kafka.common.security"
        return (
            f"{_SETTINGS}"
            f"log.dirs={data}\n"
            f"controller.quorum.voters=1@{HOST}:{controller_port}\n"
            f"listeners=CLIENT://{HOST}:{self._port},CONTROLLER://{HOST}:{controller_port}\n"
            f"advertised.listeners=CLIENT://{self.bootstrap}\n"
            f"listener.name.client.scram-sha-256.sasl.jaas.config={login}.scram.ScramLoginModule required"
            f' username="{ADMIN}" password="{self.password}";\n'
            f"listener.name.controller.plain.sasl.jaas.config={login}.plain.PlainLoginModule required"
            f' username="{_CONTROLLER}" password="{controller}" user_{_CONTROLLER}="{controller}";\n'
        )


def client_settings(bootstrap: str, user: str, password: str) -> dict[str, str]:
    """Settings of a confluent-kafka client of the embedded Kafka that logs in as `user`."""
    return {
        "bootstrap.servers": bootstrap,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-256",
        "sasl.username": user,
        "sasl.password": password,
        "reconnect.backoff.ms": "20",
        "reconnect.backoff.max.ms": "100",
        "log_level": "0",
    }


def _cluster_id() -> str:
    """A random Kafka UUID (16 bytes, URL-safe base64) that does not begin like an option."""
    text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return f"A{text[1:]}"
