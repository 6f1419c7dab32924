"""Everything the chains have said, and what must hold of it. No I/O: events and counters go in, alarms come out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relayers.watch.events import REGISTER, Event, plain

MISSED: Final = 12
"""Quorate slots in a row without a member's signature, after which it is said that it stopped signing."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that must not be. `is_breach`: value may be moving that was never sent; it is paused."""

    key: str
    """Names the matter: of one matter there is one alarm."""
    why: str
    is_breach: bool = False
    chains: tuple[int, ...] = ()
    evidence: Mapping[str, object] = field(default_factory=dict)
    stands_if: tuple[tuple[int, str], ...] = ()
    """Transactions that must still be mined, by chain: what a reorganisation took back is no breach."""


@dataclass(frozen=True, slots=True)
class Counters:
    """What two gateways count of one bond on one remote, read at one height each."""

    remote: int
    asset: str
    locked: int
    escrowed: int
    held: int
    """Units that the bond's token says home's gateway has."""
    supply: int
    sent_home: int
    settled_home: int
    sent_remote: int
    settled_remote: int
    highest_home: int
    highest_remote: int


@dataclass(frozen=True, slots=True)
class CommitteeView:
    """A committee as it is now."""

    chain: int
    epoch: int
    threshold: int
    members: tuple[str, ...]


class Ledger:
    """What has been seen. One per watchtower."""

    def __init__(self, home: int) -> None:
        self._home = home
        self._sent: dict[str, Event] = {}
        self._executed: dict[str, Event] = {}
        self._answered: dict[str, str] = {}
        self._unknown: dict[str, Event] = {}
        self._slots: dict[tuple[str, str], str] = {}
        self._signers: dict[str, set[str]] = defaultdict(set)
        self._order: list[str] = []
        self._counters: dict[tuple[int, str], Counters] = {}
        self._epochs: dict[int, int] = {}
        self.assets: set[str] = set()
        self.register: list[Event] = []

    def take(self, events: Iterable[Event]) -> list[Alarm]:
        """Take in what the chains have logged since the last time.

        An arrival whose source has not shown it yet is given until the next time: chains are read one after another.
        """
        overdue, self._unknown = list(self._unknown.values()), {}
        alarms: list[Alarm] = []
        for event in sorted(events, key=lambda event: event.name != "Dispatched"):
            match event.name:
                case "Dispatched":
                    self._sent[plain_hex(event.fields["leaf"])] = event
                    self.assets.add(str(event.fields["message"][2]).lower())
                case "Executed" | "Held":
                    alarms += self._arrived(event)
                case "SentBack" | "Returned":
                    alarms += self._undone(event)
                case "Posted":
                    alarms += self._posted(event)
                case name if name in REGISTER:
                    self.register.append(event)
                case _:
                    pass
        return [*alarms, *(alarm for event in overdue for alarm in self._unsent(event))]

    def judge_books(self, counters: Counters) -> list[Alarm]:
        """Hold the counters of one book to INV-01, 02, 04 and 07."""
        key = (counters.remote, counters.asset)
        before, self._counters[key] = self._counters.get(key), counters
        out = counters.sent_home - counters.settled_remote
        back = counters.sent_remote - counters.settled_home
        faults = []
        if out < 0 or back < 0:
            faults.append(("INV-04", "more was settled than was ever sent"))
        if counters.locked != counters.supply + out + back:
            faults.append(("INV-01", "what is locked is not what is wrapped and on its way"))
        if counters.escrowed > counters.held:
            faults.append(("INV-02", "the escrow holds less than the gateway says"))
        if counters.settled_home > counters.highest_home or counters.settled_remote > counters.highest_remote:
            faults.append(("INV-04", "more was settled than the highest total that was shown"))
        if before is not None and _fell(before, counters):
            faults.append(("INV-07", "a counter fell"))
        evidence = {name: getattr(counters, name) for name in Counters.__dataclass_fields__}
        chains = (self._home, counters.remote)
        return [
            Alarm(
                f"{id_} {counters.remote} {counters.asset}",
                f"{id_}: {why}",
                is_breach=True,
                chains=chains,
                evidence=evidence,
            )
            for id_, why in faults
        ]

    def judge_committee(self, view: CommitteeView) -> list[Alarm]:
        """Hold a committee to INV-08 and 09, and its members to their duty."""
        before, self._epochs[view.chain] = self._epochs.get(view.chain, view.epoch), view.epoch
        alarms = []
        evidence: dict[str, object] = {"chain": view.chain, "epoch": view.epoch, "threshold": view.threshold}
        if view.epoch not in (before, before + 1):
            why = f"INV-08: the epoch on chain {view.chain} went from {before} to {view.epoch}"
            alarms.append(
                Alarm(f"INV-08 {view.chain} {view.epoch}", why, is_breach=True, chains=(view.chain,), evidence=evidence)
            )
        if view.threshold and 2 * view.threshold <= len(view.members):
            why = f"INV-09: {view.threshold} of {len(view.members)} are no majority on chain {view.chain}"
            alarms.append(
                Alarm(f"INV-09 {view.chain} {view.epoch}", why, is_breach=True, chains=(view.chain,), evidence=evidence)
            )
        return alarms + self._silent(view)

    def _arrived(self, event: Event) -> list[Alarm]:
        leaf = plain_hex(event.fields["leaf"])
        if not self._was_sent(event):
            self._unknown[leaf] = event
            return []
        if event.name == "Executed":
            before = self._executed.setdefault(leaf, event)
            if (before.tx, before.block) != (event.tx, event.block) or leaf in self._answered:
                why = f"INV-03: {leaf} has more than one fate on chain {event.chain}"
                stands_if = ((before.chain, before.tx), (event.chain, event.tx))
                chains = (event.chain, int(event.fields["chain"]))
                return [
                    Alarm(
                        f"INV-03 {leaf}",
                        why,
                        is_breach=True,
                        chains=chains,
                        evidence=_evidence(event),
                        stands_if=stands_if,
                    )
                ]
        return []

    def _was_sent(self, event: Event) -> bool:
        sent = self._sent.get(plain_hex(event.fields["leaf"]))
        return sent is not None and (sent.chain, sent.fields["chain"]) == (event.fields["chain"], event.chain)

    def _unsent(self, event: Event) -> list[Alarm]:
        if self._was_sent(event):
            return []
        leaf, source = plain_hex(event.fields["leaf"]), int(event.fields["chain"])
        why = f"INV-10: chain {event.chain} has {event.name.lower()} {leaf}, which chain {source} never sent"
        stands_if = ((event.chain, event.tx),)
        return [
            Alarm(
                f"INV-10 {leaf}",
                why,
                is_breach=True,
                chains=(event.chain, source),
                evidence=_evidence(event),
                stands_if=stands_if,
            )
        ]

    def _undone(self, event: Event) -> list[Alarm]:
        leaf = plain_hex(event.fields["leaf"])
        if event.name == "SentBack" and leaf in self._executed:
            why = f"INV-12: {leaf} was executed and sent back"
            return [_breach(f"INV-12 {leaf}", why, (event.chain,), _evidence(event))]
        if event.name == "SentBack":
            self._answered[leaf] = event.tx
        return []

    def _posted(self, event: Event) -> list[Alarm]:
        slot, digest = plain_hex(event.fields["slot"]), plain_hex(event.fields["digest"])
        signer = str(event.fields["signer"]).lower()
        if slot not in self._signers:
            self._order.append(slot)
            del self._order[: -4 * MISSED]
        self._signers[slot].add(signer)
        first = self._slots.setdefault((slot, signer), digest)
        if first == digest:
            return []
        evidence = {"slot": slot, "signer": signer, "digests": [first, digest], "tx": event.tx}
        return [Alarm(f"equivocation {slot} {signer}", f"{signer} signed two digests for one slot", evidence=evidence)]

    def _silent(self, view: CommitteeView) -> list[Alarm]:
        """Name members who signed none of the last quorate slots, in which others of their committee signed."""
        members = set(view.members)
        quorate = [
            slot for slot in self._order if view.threshold and len(self._signers[slot] & members) >= view.threshold
        ][-MISSED:]
        if len(quorate) < MISSED:
            return []
        return [
            Alarm(f"silent {member} {quorate[0]}", f"{member} has not signed any of the last {MISSED} batches")
            for member in sorted(members)
            if all(member not in self._signers[slot] for slot in quorate)
        ]


def _breach(
    key: str,
    why: str,
    chains: tuple[int, ...],
    evidence: Mapping[str, object],
    stands_if: tuple[tuple[int, str], ...] = (),
) -> Alarm:
    return Alarm(key, why, is_breach=True, chains=chains, evidence=evidence, stands_if=stands_if)


def plain_hex(value: Any) -> str:  # noqa: ANN401 - bytes of any kind
    """Return bytes as 0x-hex."""
    return "0x" + bytes(value).hex()


def _fell(before: Counters, after: Counters) -> bool:
    rising: Sequence[str] = ("sent_home", "settled_home", "sent_remote", "settled_remote")
    return any(getattr(after, name) < getattr(before, name) for name in rising)


def _evidence(event: Event) -> dict[str, object]:
    fields = {name: plain(value) for name, value in event.fields.items()}
    return {"chain": event.chain, "event": event.name, "block": event.block, "tx": event.tx, "fields": fields}
