"""The board of signatures: who signed two digests for one slot, and who stopped signing. No I/O."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from relayers.watch.alarms import Alarm
from relayers.watch.events import Event

MISSED: Final = 12
"""Quorate slots in a row without a member's signature, after which it is said that it stopped signing."""
KEPT: Final = 5_000
"""Slots that are remembered. A second digest for an older one is not noticed here; the board keeps it all the same."""


@dataclass(slots=True)
class Slot:
    """What was signed for one slot, and when the first of it was seen, in UTC seconds."""

    since: int
    digests: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Members:
    """The committee of a chain as it is now."""

    chain: int
    epoch: int
    threshold: int
    members: tuple[str, ...]


class Board:
    """What was posted lately."""

    def __init__(self, slots: dict[str, Slot] | None = None) -> None:
        self.slots = slots or {}

    def take(self, events: Iterable[Event], now: int) -> list[Alarm]:
        """Take in posts; return an alarm for every signer of two digests for one slot."""
        alarms = []
        for event in events:
            if event.name != "Posted":
                continue
            signer, digest, name = event.fields["signer"], event.fields["digest"], event.fields["slot"]
            slot = self.slots.setdefault(name, Slot(now))
            first = slot.digests.setdefault(signer, digest)
            if first != digest:
                alarms.append(_equivocation(event, first))
        for name in list(self.slots)[: max(0, len(self.slots) - KEPT)]:
            del self.slots[name]
        return alarms

    def silent(self, committee: Members, now: int, grace_seconds: int) -> list[Alarm]:
        """Name members who signed none of the last quorate slots, in which others of their committee signed.

        A slot counts when it is older than the grace: whoever is a moment later than the quorum has not stopped.
        """
        members = set(committee.members)
        quorate: list[Slot] = []
        for slot in reversed(self.slots.values()):
            signed = len(members & slot.digests.keys())
            if slot.since + grace_seconds <= now and committee.threshold and signed >= committee.threshold:
                quorate.append(slot)
            if len(quorate) == MISSED:
                break
        if len(quorate) < MISSED:
            return []
        return [
            Alarm(
                f"silent {committee.chain} {member}",
                f"{member} has signed none of the last {MISSED} batches that its committee on chain "
                f"{committee.chain} signed",
                "ask its organisation whether its relayer runs; with one more silent there may be no quorum",
                is_standing=True,
            )
            for member in sorted(members)
            if not any(member in slot.digests for slot in quorate)
        ]


def _equivocation(event: Event, first: str) -> Alarm:
    signer, slot, second = event.fields["signer"], event.fields["slot"], event.fields["digest"]
    evidence = {"slot": slot, "signer": signer, "digests": [first, second], "block": event.block, "tx": event.tx}
    return Alarm(
        f"equivocation {slot} {signer}",
        f"{signer} signed two digests for one slot: its key is stolen, or its relayer has two minds",
        "call its organisation; have the council replace the committee without it until it is understood",
        evidence=evidence,
    )
