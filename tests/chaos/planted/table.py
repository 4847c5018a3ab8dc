"""Ten bugs, and the proof that finds each."""

from __future__ import annotations

from typing import Final

from tests.chaos.planted.bugs import Bug, Change

_SERVICES: Final = "services/alpha_panda"

BUGS: Final[tuple[Bug, ...]] = (
    Bug(
        name="auto-commit",
        says="offsets are committed as records are read, as a client's timer does, whether or not they are stored",
        proof="stalled",
        changes=(
            Change(
                f"{_SERVICES}/runtime/sink.py",
                "            await self._take(batches, publisher)\n",
                "            self._positions |= {where: records[-1].offset + 1 for where, records in batches.items()}\n"
                "            await self._commit(consumer)\n"
                "            await self._take(batches, publisher)\n",
            ),
        ),
    ),
    Bug(
        name="commit-before-produce",
        says="the snapshot with its offsets is kept before the outputs are on the log",
        proof="killed",
        changes=(
            Change(
                f"{_SERVICES}/runtime/task.py",
                "                await self._publisher.publish(outputs, closing.epoch)\n"
                "                await self._mark(closing)\n"
                "            self._close(closing)\n",
                "                self._close(closing)\n"
                "                await self.checkpoint()\n"
                "                await self._publisher.publish(outputs, closing.epoch)\n"
                "                await self._mark(closing)\n",
            ),
        ),
    ),
    Bug(
        name="float-cash",
        says="cash goes through binary fractions of a rupee",
        proof="undisturbed",
        changes=(
            Change(
                f"{_SERVICES}/domain/account.py",
                "self.cash_paise -= order.side.sign * fill.quantity * fill.price_paise + fill.charges.total_paise",
                "spent = order.side.sign * fill.quantity * (fill.price_paise / 100) + fill.charges.total_paise / 100\n"
                "        self.cash_paise = int((self.cash_paise / 100 - spent) * 100)",
            ),
        ),
    ),
    Bug(
        name="check-then-act-limit",
        says="a limit looks at what is filled and not at what was let through and may still fill",
        proof="unit:tests/unit/risk_manager",
        changes=(
            Change(
                f"{_SERVICES}/domain/exposure.py",
                "        for reservation in self.reservations.values():\n"
                "            if reservation.instrument_token == instrument_token:\n"
                "                return reservation.strategy\n"
                "        return None\n",
                "        return None\n",
            ),
        ),
    ),
    Bug(
        name="letter-then-no-commit",
        says="a dead letter is written, its record's offset is not kept, and a restart does not look for the letter",
        proof="poisoned",
        changes=(
            Change(
                f"{_SERVICES}/runtime/publisher.py",
                "                    self._set_aside.add(coordinates)\n                continue\n",
                "                    pass\n                continue\n",
            ),
        ),
    ),
    Bug(
        name="swallowed-exception",
        says="a record that cannot be understood is dropped without a word",
        proof="poisoned",
        changes=(
            Change(
                f"{_SERVICES}/runtime/refusals.py",
                "        if isinstance(outcome, Refused):\n            self._waiting.append(outcome)\n",
                "        if isinstance(outcome, Refused):\n            return\n",
            ),
        ),
    ),
    Bug(
        name="wrong-prefix",
        says="a Broker's portfolio writes under another name than its own",
        proof="undisturbed",
        changes=(
            Change(
                f"{_SERVICES}/portfolio/read_model.py",
                'f"{broker}:portfolio:{part}"',
                'f"{broker}2:portfolio:{part}"',
            ),
        ),
    ),
    Bug(
        name="lost-snapshot",
        says="the offsets of a snapshot move on and its state stays what it was",
        proof="killed",
        changes=(
            Change(
                f"{_SERVICES}/runtime/task.py",
                "        state = self._decider.snapshot()\n",
                "        state = self.__dict__.setdefault('_kept', self._decider.snapshot())\n",
            ),
        ),
    ),
    Bug(
        name="ordinal-ids",
        says="a signal is named by how many there were before it in this process",
        proof="killed",
        changes=(
            Change(f"{_SERVICES}/events/ids.py", '_SEPARATOR = "|"\n', '_SEPARATOR = "|"\n_ORDINALS: list[int] = []\n'),
            Change(
                f"{_SERVICES}/events/ids.py",
                '    return event_id(event_time, "signal", broker, strategy, instrument_token, cause, n)\n',
                "    _ORDINALS.append(n)\n"
                '    return event_id(event_time, "signal", broker, strategy, instrument_token, len(_ORDINALS))\n',
            ),
        ),
    ),
    Bug(
        name="deduplication-without-expiry",
        says="every id that was ever seen is kept in memory",
        proof="unit:tests/unit/runtime/test_inbox_memory.py",
        changes=(
            Change(
                f"{_SERVICES}/runtime/inbox.py",
                "        if len(self._recent) > _REMEMBERED_IDS:\n            self._recent.popitem(last=False)\n",
                "",
            ),
        ),
    ),
)
