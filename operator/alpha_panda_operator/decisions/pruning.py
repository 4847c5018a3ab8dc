"""What is to go: objects of an owner that nothing wants any more, unless those are most of them for no known reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alpha_panda_operator.objects.model import OWNER_UID, SERVICE, Manifest, Owner


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """The objects that are to go, in their given order, or why none may."""

    surplus: tuple[Manifest, ...] = ()
    refusal: str = ""


def decide_pruning(
    owner: Owner, live: Iterable[Manifest], wanted: Iterable[Manifest], *, explained: bool = False
) -> Pruning:
    """The owner's objects that are not wanted.

    Only objects with the owner's UID count. More than half of its services at once is taken for a fault of ours, unless
    it is `explained` by what the owner itself says, such as that it is stopped.
    """
    kept = {_place(each) for each in wanted}
    mine = [each for each in live if each["metadata"].get("labels", {}).get(OWNER_UID) == owner.uid]
    surplus = tuple(each for each in mine if _place(each) not in kept)
    there, going = _services(mine), _services(surplus)
    if not explained and 2 * len(going) > len(there):
        refusal = (
            f"{len(going)} of {len(there)} services of {owner.kind} {owner.name} would go at once "
            f"({', '.join(sorted(going))}): they are left alone; delete the {owner.kind} if that is what you want"
        )
        return Pruning(refusal=refusal)
    return Pruning(surplus=surplus)


def _services(found: Iterable[Manifest]) -> set[str]:
    return {each["metadata"]["labels"][SERVICE] for each in found if each["kind"] == "Deployment"}


def _place(found: Manifest) -> tuple[str, str, str]:
    return (found["kind"], found["metadata"]["namespace"], found["metadata"]["name"])
