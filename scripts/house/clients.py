"""One factory makes every client of a store: the defaults of the libraries are unsafe for money."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from house.tree import Finding, Source

RULE = "client"
FOLDERS = ("services/", "operator/", "strategies/")
FACTORIES = ("services/alpha_panda/runtime/", "services/alpha_panda/provision/", "services/alpha_panda/local/")
LIBRARIES = frozenset({"aiokafka", "asyncpg", "confluent_kafka", "redis"})
MAKERS = frozenset(
    {
        *("AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient"),
        *("Consumer", "Producer", "AdminClient", "DeserializingConsumer", "SerializingProducer"),
        *("Redis", "StrictRedis", "RedisCluster", "Sentinel", "ConnectionPool", "BlockingConnectionPool", "from_url"),
        *("connect", "create_pool", "Connection", "Pool"),
    }
)


def _imported(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for, as a dotted path, for the libraries of the stores."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    names[alias.asname or alias.name.split(".")[0]] = (
                        alias.name if alias.asname else alias.name.split(".")[0]
                    )
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                names |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in aliases}
            case _:
                pass
    return {name: path for name, path in names.items() if path.split(".")[0] in LIBRARIES}


def _annotations(tree: ast.Module) -> set[int]:
    """The nodes that only say what type something has."""
    hints: list[ast.expr | None] = []
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=hint) | ast.arg(annotation=hint):
                hints.append(hint)
            case ast.FunctionDef(returns=hint) | ast.AsyncFunctionDef(returns=hint):
                hints.append(hint)
            case _:
                pass
    return {id(part) for hint in hints if hint is not None for part in ast.walk(hint)}


def _path(node: ast.expr, imported: dict[str, str]) -> str | None:
    match node:
        case ast.Name(id=name):
            return imported.get(name)
        case ast.Attribute(value=value, attr=attr):
            base = _path(value, imported)
            return f"{base}.{attr}" if base else None
        case _:
            return None


def check(sources: Iterable[Source]) -> Iterator[Finding]:
    """Each use of a client's constructor outside the factories; as a type it may be named anywhere."""
    for source in sources:
        if not source.is_python or not source.path.startswith(FOLDERS) or source.path.startswith(FACTORIES):
            continue
        imported, hints = _imported(source.tree), _annotations(source.tree)
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Name | ast.Attribute) or id(node) in hints:
                continue
            path = _path(node, imported)
            if path and path.rpartition(".")[2] in MAKERS:
                yield source.finding(RULE, node.lineno, f"uses {path}; only alpha_panda.runtime makes clients")
