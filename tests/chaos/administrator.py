"""The administrator's ways into an arena's stores, for faults that nobody else could bring about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from redis.asyncio import Redis
from tests.chaos.arena import Arena
from tests.integration.bad_input.hostile import administrator

from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.postgres import ADMIN, DATABASE
from alpha_panda.runtime.kafka import make_producer, start_client


@asynccontextmanager
async def producer(arena: Arena) -> AsyncIterator[AIOKafkaProducer]:
    """Writes to any topic."""
    settings = administrator(arena.data_dir)
    made = make_producer(settings)
    await start_client(made, settings)
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def database(arena: Arena) -> AsyncIterator[Any]:
    """Reads and writes any table."""
    connection = await asyncpg.connect(
        host=HOST,
        port=Ports(arena.layout).known("postgres"),
        user=ADMIN,
        password=arena.layout.secret("postgres-admin"),
        database=DATABASE,
    )
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def redis(arena: Arena) -> AsyncIterator[Redis]:
    """Reads and writes any key."""
    client = Redis(
        host=HOST,
        port=Ports(arena.layout).known("redis"),
        username=ADMIN,
        password=arena.layout.secret("redis-admin"),
        decode_responses=True,
    )
    try:
        yield client
    finally:
        await client.aclose()
