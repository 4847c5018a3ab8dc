"""Every rule of the house finds a violation that is planted, and leaves good code alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from alpha_panda.events.topics import SIGNALS_RAW, TICKS, TOPICS
from house import brokers, clients, credentials, money, texts, topics
from house.tree import Source, tracked_files

SERVICE = "services/alpha_panda/risk_manager/app.py"


def python(text: str, path: str = SERVICE) -> list[Source]:
    return [Source(path, text)]


@pytest.mark.parametrize("name", [topic.name for topic in TOPICS if "." in topic.name])
def test_each_topic_of_the_table_is_recognised_alone_and_under_a_broker(name: str) -> None:
    assert len(list(topics.check(python(f"a = {name!r}\nb = 'paper.{name}'\nc = f'{{broker}}.{name}'\n")))) == 3


@pytest.mark.parametrize(
    "code",
    [
        "f'{broker}.orders.{kind}'",  # house: topic: planted
        "broker + '.orders.' + kind",  # house: topic: planted
        "f'{broker}.epochs'",  # house: topic: planted
        "f'{topic}.dlq'",  # house: topic: planted
    ],
)
def test_a_topic_put_together_from_pieces_is_found(code: str) -> None:
    assert list(topics.check(python(f"x = {code}\n")))


def test_prose_tables_and_the_table_itself_may_spell_topics() -> None:
    prose = f'"""Reads {TICKS.name}."""\nx: int\n"""From {SIGNALS_RAW.name}."""\nq = "COPY {TICKS.name}"\n'
    assert not list(topics.check(python(prose + "y = 'Send fewer orders.'\n")))
    assert not list(topics.check(python(f"x = '{TICKS.name}'\n", topics.TABLE)))


@pytest.mark.parametrize(
    "code", ["from alpha_panda import zerodha", "def kite_order() -> None: ...", "x = 'Kite'", "x.zerodha = 1"]
)
def test_a_paper_service_that_speaks_of_zerodha_is_found(code: str) -> None:
    found = list(brokers.check(python(f"import os\n{code}\n", "services/alpha_panda/paper_trading/app.py")))
    assert [finding.line for finding in found] == [2]


def test_a_zerodha_service_that_speaks_of_paper_is_found() -> None:
    assert list(brokers.check(python("x = PaperFill()\n", "services/alpha_panda/zerodha_trading/app.py")))


def test_a_service_may_speak_of_one_kind_of_broker_but_not_of_two_even_in_two_files() -> None:
    one = Source("services/alpha_panda/market_feed/kite.py", "source = 'kite'\n")
    two = Source("services/alpha_panda/market_feed/app.py", "source = 'paper'\n")
    assert not list(brokers.check([one]))
    assert list(brokers.check([one, two]))
    assert not list(brokers.check(python("Broker = Paper | Zerodha\n", "services/alpha_panda/resources/broker.py")))


@pytest.mark.parametrize(
    "code",
    [
        "import asyncpg\nasyncpg.create_pool()",
        "import redis.asyncio as r\nr.Redis.from_url('')",
        "from redis.asyncio import Redis\nmake(Redis)",
        "from aiokafka import AIOKafkaProducer as P\nP()",
        "from confluent_kafka.admin import AdminClient\nAdminClient({})",
    ],
)
def test_a_client_made_outside_the_factory_is_found(code: str) -> None:
    assert list(clients.check(python(code)))
    assert not list(clients.check(python(code, "services/alpha_panda/runtime/kafka.py")))


def test_a_client_may_be_named_as_a_type_and_an_own_connect_may_be_called() -> None:
    code = "from redis.asyncio import Redis\ndef f(redis: Redis) -> Redis: return redis\nself.connect()\nConsumer()\n"
    assert not list(clients.check(python(code)))


@pytest.mark.parametrize(
    "code",
    [
        "cash_paise: float = 0",
        "cash_paise: Decimal",
        "def charge_paise() -> float: ...",
        "def f(price_paise: float | None) -> None: ...",
        "fee_paise = notional * 0.5",
        "fee_paise = notional / 3",
        "fee_paise /= 2",
        "Fill(price_paise=float(x))",
    ],
)
def test_paise_that_are_not_whole_are_found(code: str) -> None:
    assert list(money.check(python(f"{code}\n")))


def test_an_alias_of_int_counts_as_int_and_one_of_float_does_not() -> None:
    for kind, expected in (("int", 0), ("float", 1)):
        alias = Source("services/alpha_panda/domain/kinds.py", f"Count = Annotated[{kind}, Meta(gt=0)]\n")
        assert len(list(money.check([alias, *python("tick_paise: Count\n")]))) == expected


def test_whole_paise_are_left_alone() -> None:
    code = (
        "a_paise: int = x // 3\nb_paise: dict[str, int]\nc_paise = round(x / 3)\nd: float = 0.5\ne_paise: int | None\n"
    )
    assert not list(money.check(python(code)))


SECRETS = {
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "cloud key": "key = '" + "AKIA" + "Q3EGRIYTWZ5K7MXH" + "'",
    "git token": "t = '" + "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx" + "'",  # pragma: allowlist secret, planted
    "password in an address": "url = 'postgres" + "://panda:Tr0ub4dor@db/panda'",  # pragma: allowlist secret, planted
    "high entropy": "x = '" + "c3VwZXIgbG9uZyBz".swapcase() + "dHJpbmcgQ0NBIGVub3VnaCBl" + "'",
    "value of a secret name": "pass" + "word = 'Xy7qpWm2vL'",
}


@pytest.mark.parametrize("line", SECRETS.values(), ids=SECRETS.keys())
def test_a_planted_secret_is_found_and_an_allowed_one_is_not(line: str, tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(f"{line}\n")
    (tmp_path / "allowed.py").write_text(f"{line}  # pragma: allowlist secret, an example\n")
    assert list(credentials.check([Source("planted.py", line)], tmp_path))
    assert not list(credentials.check([Source("allowed.py", line)], tmp_path))


@pytest.mark.parametrize("host", ["files.python" + "hosted.org", "registry.npm" + "js.org", "--index" + "-url x"])
def test_a_package_host_is_found_in_any_file(host: str) -> None:
    assert list(texts.hosts([Source("docs/x.md", f"see {host}\n")]))


def test_a_path_of_one_machine_is_found_and_one_from_home_is_not() -> None:
    assert list(texts.machine_paths([Source("Makefile", "x: /" + "root/panda\n")]))
    assert not list(texts.machine_paths([Source("Makefile", "x: ~/work/panda services/home/x $HOME/work/y\n")]))


def test_a_long_module_is_found_unless_its_first_line_gives_the_reason() -> None:
    long = Source("services/x.py", "x = 1\n" * 301)
    reasoned = Source("services/x.py", "# house: size: one table of charges\n" + "x = 1\n" * 301)
    assert [long.waives(finding) for finding in texts.sizes([long])] == [False]
    assert [reasoned.waives(finding) for finding in texts.sizes([reasoned])] == [True]
    assert not list(texts.sizes([Source("services/x.py", "x = 1\n" * 300)]))


def test_a_package_file_in_the_operator_folder_is_found() -> None:
    assert list(texts.operator_package([Source("operator/__init__.py", "")]))


def test_a_waiver_needs_the_name_of_the_rule_and_a_reason() -> None:
    for comment, expected in (("house: size: a table", True), ("house: size:", False), ("house: topic: a", False)):
        source = Source("x.py", f"# {comment}\n" + "x = 1\n" * 301)
        assert [source.waives(finding) for finding in texts.sizes([source])] == [expected]


def test_new_files_count_and_ignored_and_binary_ones_do_not(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "new.py").write_text("x = 1\n")
    (tmp_path / "a.log").write_text("x\n")
    (tmp_path / "b.parquet").write_bytes(b"PAR1\0\0")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)  # noqa: S603, S607
    assert [source.path for source in tracked_files(tmp_path)] == [".gitignore", "new.py"]
