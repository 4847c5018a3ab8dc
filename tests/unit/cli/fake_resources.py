"""A store of resources in memory, which the verbs cannot tell from the real one."""

import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from alpha_panda.errors import UnavailableError
from alpha_panda.operations.resource_store import Applied, Change, Edit, Outcome
from alpha_panda.resources.documents import Document, write_object
from alpha_panda.resources.problems import Problem, ResourceError
from alpha_panda.resources.rules import validate_change
from alpha_panda.resources.stored import StoredResource


class FakeResources:
    """Keeps what the documents say; `running` False is a platform that is down."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], StoredResource] = {}
        self.history: list[Change] = []
        self.running = True
        self.opened: list[Path] = []

    @asynccontextmanager
    async def open(self, data_dir: Path) -> AsyncIterator["FakeResources"]:
        self.opened.append(data_dir)
        if not self.running:
            msg = f"no platform is running in {data_dir}"
            raise UnavailableError(msg, remedy="start it")
        yield self

    async def apply(self, documents: Sequence[Document], actor: str, *, dry_run: bool = False) -> tuple[Applied, ...]:
        before, past = dict(self.held), list(self.history)
        applied, problems = [], []
        for document in documents:
            resource = document.resource
            old = self.held.get((resource.kind, resource.metadata.name))
            if old is not None:
                problems += [
                    Problem(document.source, document.line, 1, each.field, each.message)
                    for each in validate_change(old.resource, resource)
                ]
            outcome = self._put(document, actor, old)
            applied.append(Applied(kind=resource.kind, name=resource.metadata.name, outcome=outcome))
        if dry_run or problems:
            self.held, self.history = before, past
        if problems:
            raise ResourceError(problems)
        return tuple(applied)

    async def edit(self, kind: str, names: Iterable[str] | None, change: Edit, actor: str) -> tuple[Applied, ...]:
        wanted = sorted(name for held, name in self.held if held == kind and (names is None or name in names))
        documents = [Document(change(self.held[kind, name].resource), "the fake", 1) for name in wanted]
        return await self.apply(documents, actor)

    async def delete(self, kind: str, names: Iterable[str], actor: str) -> tuple[str, ...]:
        deleted = tuple(sorted(name for name in set(names) if (kind, name) in self.held))
        for name in deleted:
            self._record(self.held.pop((kind, name)), "deleted", actor)
        return deleted

    async def load_all(self) -> tuple[StoredResource, ...]:
        return tuple(self.held[key] for key in sorted(self.held))

    async def changes(self, kind: str, name: str) -> tuple[Change, ...]:
        return tuple(change for change in self.history if (change.kind, change.name) == (kind, name))

    def _put(self, document: Document, actor: str, old: StoredResource | None) -> Outcome:
        resource, now = document.resource, datetime.now(UTC)
        if old is not None and old.resource == resource:
            return Outcome.UNCHANGED
        if old is None:
            stored = StoredResource(
                resource=resource,
                uid=str(uuid.uuid4()),
                generation=1,
                created_at=now,
                changed_at=now,
                changed_by=actor,
            )
        else:
            stored = replace(old, resource=resource, generation=old.generation + 1, changed_at=now, changed_by=actor)
        self.held[resource.kind, resource.metadata.name] = stored
        outcome = Outcome.CREATED if old is None else Outcome.CONFIGURED
        self._record(stored, outcome, actor)
        return outcome

    def _record(self, stored: StoredResource, action: str, actor: str) -> None:
        spec = write_object(stored.resource)["spec"]
        assert isinstance(spec, dict)
        change = Change(
            version=len(self.history) + 1,
            kind=stored.kind,
            name=stored.name,
            uid=stored.uid,
            generation=stored.generation,
            action=action,
            changed_by=actor,
            changed_at=datetime.now(UTC),
            spec=spec,
        )
        self.history.append(change)
