"""`jgb-relayer replay`: opens what a replay needs, and says what it has found."""

import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click

from bridge.adapters.config import RelayerConfig
from bridge.adapters.config.checks import CHECKPOINTS
from bridge.core.types import ZERO_ADDRESS, Hash32
from relayers.app import SystemClock
from relayers.assembly import DATABASE, opened, read_plan
from relayers.plan import Plan
from relayers.replay import Chains, Rebuilt, Verdict, replayed, verified

NOBODY: Final = ZERO_ADDRESS
"""Who replays: nothing is signed, and no key is opened."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a replay has found, for people and for programs."""

    is_well: bool
    text: str
    document: dict[str, Any]


@dataclass
class _Voice:
    """Says on standard error what is going on; a provider's fault once."""

    said: set[str] = field(default_factory=set)

    def failed(self, part: str, fault: Exception) -> None:
        """Name what fails."""
        sentence = f"{part}: {fault}"
        if sentence not in self.said:
            self.said.add(sentence)
            self.say(sentence)

    def worked(self, part: str) -> None:
        """Say nothing: it goes on."""

    def say(self, sentence: str) -> None:
        """Say how far it is."""
        click.echo(sentence, err=True)


async def replay_state(
    config: RelayerConfig, wait: Callable[[], Awaitable[None]], *, verify: bool, from_checkpoint: bool
) -> Said:
    """Rebuild the state of a relayer from the chains and, if asked, hold its database to it.

    Raises Refuse if the database cannot be compared now, Retry if the chains do not answer, Halt if they contradict
    themselves.
    """
    voice, database = _Voice(), config.data_dir / DATABASE
    with _scratch(config.data_dir) as folder:
        if from_checkpoint and (known := config.data_dir / CHECKPOINTS).exists():
            shutil.copy(known, folder / CHECKPOINTS)
        async with opened(config, folder / CHECKPOINTS, voice) as access:
            plan = await read_plan(config, NOBODY, access)
            readers = {chain: one.reader for chain, one in access.items()}
            chains = Chains(plan, readers, SystemClock(), folder, voice.say, wait)
            if verify and database.exists():
                return _compared(plan, await verified(chains, database))
            if verify:
                voice.say(f"there is no database {database} to compare with")
            return _rebuilt(plan, await replayed(chains))


@contextmanager
def _scratch(data_dir: Path) -> Iterator[Path]:
    """Give a folder beside the database, which has room for another; it goes when the replay ends."""
    with TemporaryDirectory(prefix="replay-", dir=data_dir if data_dir.exists() else None) as folder:
        yield Path(folder)


def _rebuilt(plan: Plan, rebuilt: Rebuilt) -> Said:
    lines = [*_blocks(plan, rebuilt), f"chains    0x{rebuilt.digest.hex()}"]
    return Said(is_well=True, text="\n".join(lines), document=_document(plan, rebuilt))


def _compared(plan: Plan, verdict: Verdict) -> Said:
    equal = not verdict.differences
    lines = [
        *_blocks(plan, verdict.rebuilt),
        f"chains    0x{verdict.rebuilt.digest.hex()}",
        f"database  {_shown(verdict.digest) or 'unreadable'}",
        *(["equal"] if equal else ["different:", *(f"  {sentence}" for sentence in verdict.differences)]),
    ]
    document = _document(plan, verdict.rebuilt) | {
        "database_digest": _shown(verdict.digest),
        "equal": equal,
        "differences": list(verdict.differences),
    }
    return Said(equal, "\n".join(lines), document)


def _document(plan: Plan, rebuilt: Rebuilt) -> dict[str, Any]:
    blocks = {
        plan.chains[chain].name: {"height": block.height, "hash": f"0x{block.hash.hex()}"}
        for chain, block in rebuilt.blocks.items()
    }
    return {"rebuilt_digest": f"0x{rebuilt.digest.hex()}", "blocks": blocks}


def _blocks(plan: Plan, rebuilt: Rebuilt) -> list[str]:
    return [
        f"{plan.chains[chain].name} up to block {block.height} 0x{block.hash.hex()}"
        for chain, block in rebuilt.blocks.items()
    ]


def _shown(digest: Hash32 | None) -> str | None:
    return None if digest is None else f"0x{digest.hex()}"
