"""Every message's fate, as the chains' logs tell it, and what must hold of it. No I/O: events go in, alarms come out.

What has come to its end is forgotten, so that what is kept grows with what is on its way, not with the history: a nonce
that was sent and is not open any more has had its fate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from relayers.watch.alarms import Alarm
from relayers.watch.events import DELAYED, RETURN, TOTAL_EXCEEDED, TRANSFER, Event, leaf_of

_PAYS: Final = (TRANSFER, RETURN)
CALL: Final = "both ends are paused if this watchtower could: keep the evidence, call every organisation, find the keys"
COMPARE: Final = (
    "compare what this node shows with another operator's node: one of them misses logs, or a contract lies"
)


@dataclass(frozen=True, slots=True)
class Places:
    """Which contract of which chain is believed for what."""

    home: int
    gateways: Mapping[int, str]
    committees: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that left and has not come to its end."""

    chain: int
    destination: int
    nonce: int
    kind: int
    asset: str
    amount: int
    fate: str = "open"
    """Then `held`, or `back`: sent back, and not paid back yet."""
    reason: int = 0
    """Why it is held, if it is."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that was executed or held and that its source has not shown."""

    chain: int
    source: int
    nonce: int
    name: str
    block: int
    tx: str
    claims: int
    """Height of the source that the batch it came with says it is from; 0 if it came with none."""
    reason: int = 0
    """Why it is held, if it is."""


class Batch(NamedTuple):
    """What arrives on a chain from one source in one transaction, which may deliver from several."""

    chain: int
    source: int
    tx: str

    @property
    def name(self) -> str:
        """It as keys of alarms spell it."""
        return f"{self.chain} {self.source} {self.tx}"


@dataclass(slots=True)
class State:
    """All that is kept. Keys are words, so that it is JSON as it is."""

    sent: dict[str, Sent] = field(default_factory=dict)
    waiting: dict[str, Arrival] = field(default_factory=dict)
    returned: dict[str, str] = field(default_factory=dict)
    """Leaves paid back at their source whose SentBack was not seen yet, with the leaf of the RETURN."""
    open: dict[str, str] = field(default_factory=dict)
    next_nonce: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    """`backing CHAIN OTHER ASSET`: locked at home or wrapped on a remote; `unmetered …`: what fills no limit."""
    claimed: dict[str, int] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    revoked: dict[str, list[int]] = field(default_factory=dict)
    assets: set[str] = field(default_factory=set)
    routes: set[int] = field(default_factory=set)
    """Chains to which home has opened a route."""

    def copy(self) -> "State":
        """Return a copy that may change."""
        return State(
            dict(self.sent),
            dict(self.waiting),
            dict(self.returned),
            dict(self.open),
            dict(self.next_nonce),
            dict(self.units),
            dict(self.claimed),
            dict(self.epochs),
            {key: list(epochs) for key, epochs in self.revoked.items()},
            set(self.assets),
            set(self.routes),
        )


class Ledger:
    """What is known of all messages."""

    def __init__(self, places: Places, state: State | None = None) -> None:
        self.places = places
        self.state = state or State()
        self.touched: set[tuple[int, str]] = set()
        """Remotes and assets whose books have moved since this was last emptied."""

    def copy(self) -> "Ledger":
        """Return a ledger that goes on from here and leaves this one as it is."""
        return Ledger(self.places, self.state.copy())

    def take(self, events: Iterable[Event]) -> list[Alarm]:
        """Take in what chains have logged, each block of each chain once. What left is read before what arrived."""
        alarms: list[Alarm] = []
        claims: dict[tuple[str, int], int] = {}
        order = sorted(events, key=lambda event: (event.name != "Dispatched", event.chain, event.block, event.index))
        for event in order:
            if event.emitter == self.places.committees.get(event.chain):
                alarms += self._committee(event)
            if event.emitter != self.places.gateways.get(event.chain):
                continue
            match event.name:
                case "Dispatched":
                    alarms += self._dispatched(event)
                case "Delivered":
                    claims[event.tx, int(event.fields["chain"])] = int(event.fields["source_height"])
                    alarms += self._delivered(event)
                case "Executed" | "Held":
                    alarms += self._arrived(event, claims.get((event.tx, int(event.fields["chain"])), 0))
                case "SentBack":
                    alarms += self._sent_back(event)
                case "Returned":
                    alarms += self._returned(event)
                case "RouteOpened":
                    alarms += self._opened(event)
                case _:
                    self._ruled(event)
        return alarms

    def unsent(self) -> dict[Batch, list[tuple[str, Arrival]]]:
        """Return the arrivals that their source has not shown, with their leaves."""
        found: dict[Batch, list[tuple[str, Arrival]]] = {}
        for leaf, arrival in self.state.waiting.items():
            found.setdefault(Batch(arrival.chain, arrival.source, arrival.tx), []).append((leaf, arrival))
        return found

    def backing(self, chain: int, other: int, asset: str) -> int:
        """Return the units that logs say are locked at home for a remote, or wrapped on it."""
        return self.state.units.get(f"backing {chain} {other} {asset}", 0)

    def unmetered(self, chain: int, other: int, asset: str) -> int:
        """Return the units that were settled at a gateway without filling a limit."""
        return self.state.units.get(f"unmetered {chain} {other} {asset}", 0)

    def claimed(self, chain: int, source: int) -> int:
        """Return the greatest height of a source that a delivery has named."""
        return self.state.claimed.get(_route(source, chain), 0)

    # --- Messages ---------------------------------------------------------------------------------------------------

    def _dispatched(self, event: Event) -> list[Alarm]:
        state, leaf, destination = self.state, event.fields["leaf"], int(event.fields["chain"])
        kind, nonce, asset, _, _, amount, *_ = event.fields["message"]
        sent = Sent(event.chain, destination, int(nonce), int(kind), str(asset), int(amount))
        route, alarms = _route(event.chain, destination), []
        expected = state.next_nonce.get(route, 0)
        if nonce < expected:
            alarms.append(_breach("INV-07", f"{route} {nonce}", f"nonce {nonce} of {route} was given twice", event))
        elif nonce > expected:
            why = f"INV-07: nonces {expected} to {nonce - 1} of {route} were not shown"
            alarms.append(Alarm(f"INV-07 {route} {nonce} skipped", why, COMPARE, evidence=evidence_of(event)))
        state.next_nonce[route] = max(expected, int(nonce) + 1)
        gateway, there = self.places.gateways[event.chain], self.places.gateways.get(destination)
        if there and leaf_of((event.chain, gateway), (destination, there), event.fields["message"]) != leaf:
            alarms.append(_breach("INV-10", leaf, f"{leaf} is not the hash of what was sent", event))
        state.sent[leaf] = sent
        state.open[f"{route} {nonce}"] = leaf
        if sent.kind in _PAYS:
            state.assets.add(sent.asset)
            self._touch(event.chain, destination, sent.asset)
        if sent.kind == TRANSFER:
            self._add("backing", event.chain, destination, sent, sign=1 if event.chain == self.places.home else -1)
        if (arrival := state.waiting.pop(leaf, None)) is not None:
            self._match(leaf, sent, arrival.name, arrival.reason)
        return alarms

    def _delivered(self, event: Event) -> list[Alarm]:
        source, epoch = int(event.fields["chain"]), int(event.fields["epoch"])
        route = _route(source, event.chain)
        self.state.claimed[route] = max(self.state.claimed.get(route, 0), int(event.fields["source_height"]))
        if epoch in self.state.revoked.get(str(event.chain), ()):
            why = f"a batch of epoch {epoch}, which is revoked, was accepted on chain {event.chain}"
            return [_breach("INV-13", f"{event.chain} {source} {event.tx}", why, event)]
        return []

    def _arrived(self, event: Event, claims: int) -> list[Alarm]:
        state, leaf = self.state, event.fields["leaf"]
        source, nonce = int(event.fields["chain"]), int(event.fields["nonce"])
        sent, route, reason = state.sent.get(leaf), _route(source, event.chain), int(event.fields.get("reason", 0))
        if sent is not None and (sent.chain, sent.destination) == (source, event.chain):
            if sent.fate == "back" or (event.name == "Executed" and leaf in state.returned):
                return [_breach("INV-12", leaf, f"{leaf} was sent back and then {event.name.lower()}", event)]
            if (sent.fate, event.name) == ("held", "Held") and not _is_held_on(sent.reason, reason):
                return [_breach("INV-03", leaf, f"{leaf} was held a second time", event)]
            self._match(leaf, sent, event.name, reason)
            return []
        if nonce < state.next_nonce.get(route, 0) and f"{route} {nonce}" not in state.open:
            return [_breach("INV-03", leaf, f"nonce {nonce} of {route} was {event.name.lower()} a second time", event)]
        before = state.waiting.get(leaf)
        if before is not None and not _follows(before, event.name, reason):
            return [_breach("INV-03", leaf, f"{leaf} was {event.name.lower()} a second time", event)]
        claims = claims or (before.claims if before is not None else 0)
        state.waiting[leaf] = Arrival(event.chain, source, nonce, event.name, event.block, event.tx, claims, reason)
        return []

    def _match(self, leaf: str, sent: Sent, name: str, reason: int) -> None:
        """Settle what has left and arrived."""
        if name == "Held":
            self.state.sent[leaf] = replace(sent, fate="held", reason=reason)
            return
        if name == "SentBack":
            self._go_back(leaf, sent)
            return
        self._end(leaf, sent)
        if sent.kind not in _PAYS:
            return
        self._touch(sent.destination, sent.chain, sent.asset)
        sign = -1 if sent.destination == self.places.home else 1
        self._add("backing", sent.destination, sent.chain, sent, sign=sign)
        if sent.kind == RETURN:
            self._add("unmetered", sent.destination, sent.chain, sent, sign=1)

    def _sent_back(self, event: Event) -> list[Alarm]:
        leaf = event.fields["leaf"]
        sent, arrival = self.state.sent.get(leaf), self.state.waiting.get(leaf)
        if sent is None and arrival is not None:
            # Its source has not shown it yet, or never sent it: that is judged as an arrival.
            self.state.waiting[leaf] = replace(arrival, name="SentBack")
            return []
        if sent is None or sent.destination != event.chain or sent.fate != "held":
            why = f"INV-11: {leaf} was sent back on chain {event.chain}, where it was not held"
            return [Alarm(f"INV-11 {leaf}", why, COMPARE, evidence=evidence_of(event))]
        self._go_back(leaf, sent)
        return []

    def _go_back(self, leaf: str, sent: Sent) -> None:
        self._add("unmetered", sent.destination, sent.chain, sent, sign=1)
        self._touch(sent.destination, sent.chain, sent.asset)
        if self.state.returned.pop(leaf, None) is not None:
            self._end(leaf, sent)
        else:
            self.state.sent[leaf] = replace(sent, fate="back")

    def _returned(self, event: Event) -> list[Alarm]:
        leaf, return_leaf = event.fields["leaf"], event.fields["return_leaf"]
        sent = self.state.sent.get(leaf)
        if sent is None or sent.chain != event.chain or leaf in self.state.returned:
            why = f"INV-12: {leaf} was paid back on chain {event.chain}, where it was not on its way"
            return [Alarm(f"INV-12 {leaf} returned", why, COMPARE, evidence=evidence_of(event))]
        if sent.fate == "back":
            self._end(leaf, sent)
        else:
            self.state.returned[leaf] = return_leaf
        return []

    def _end(self, leaf: str, sent: Sent) -> None:
        self.state.sent.pop(leaf, None)
        self.state.open.pop(f"{_route(sent.chain, sent.destination)} {sent.nonce}", None)

    # --- Rules ------------------------------------------------------------------------------------------------------

    def _committee(self, event: Event) -> list[Alarm]:
        """Hold epochs to INV-08: they count up by one; a pending one that was dropped leaves its number free."""
        if event.name not in ("EpochScheduled", "EpochReplaced", "EpochRevoked", "EpochVetoed"):
            return []
        chain, epoch = str(event.chain), int(event.fields["epoch"])
        if event.name == "EpochRevoked":
            self.state.revoked.setdefault(chain, []).append(epoch)
            return []
        highest = self.state.epochs.get(chain, epoch)
        if event.name == "EpochVetoed":
            self.state.epochs[chain] = min(highest, epoch - 1)
            return []
        self.state.epochs[chain] = epoch
        if epoch not in (highest, highest + 1):
            return [_breach("INV-08", f"{chain} {epoch}", f"epoch {epoch} on chain {chain} follows {highest}", event)]
        return []

    def _opened(self, event: Event) -> list[Alarm]:
        chain = int(event.fields["chain"])
        self.state.routes.add(chain)
        if self.places.gateways.get(chain) == event.fields["gateway"]:
            return []
        why = f"a route to chain {chain} was opened, gateway {event.fields['gateway']}, which is not watched"
        todo = "add the chain to this watchtower's configuration; if nobody decided it, call every organisation"
        return [Alarm(f"route {chain}", why, todo, evidence=evidence_of(event))]

    def _ruled(self, event: Event) -> None:
        asset = event.fields.get("asset")
        if asset is None:
            return
        self.state.assets.add(str(asset))
        self._touch(event.chain, int(event.fields.get("chain", self.places.home)), str(asset))

    def _add(self, what: str, chain: int, other: int, sent: Sent, *, sign: int) -> None:
        key = f"{what} {chain} {other} {sent.asset}"
        self.state.units[key] = self.state.units.get(key, 0) + sign * sent.amount

    def _touch(self, chain: int, other: int, asset: str) -> None:
        self.touched.add((other if chain == self.places.home else chain, asset))


def evidence_of(event: Event) -> dict[str, Any]:
    """Return an event as evidence shows it."""
    return {
        "chain": event.chain,
        "contract": event.emitter,
        "event": event.name,
        "block": event.block,
        "tx": event.tx,
        "fields": dict(event.fields),
    }


def _follows(before: Arrival, name: str, reason: int) -> bool:
    """Tell whether what has arrived may be executed, or be held, after that."""
    return before.name == "Held" and (name == "Executed" or _is_held_on(before.reason, reason))


def _is_held_on(before: int, reason: int) -> bool:
    """Tell whether what is held for one reason may be held anew for another.

    Tried again, it is found to be large, whatever it was held for; once it has waited for that it is not again. Vetoed
    while it waits, it is held for good if its source does not cover it.
    """
    return reason == DELAYED != before or (before, reason) == (DELAYED, TOTAL_EXCEEDED)


def _route(source: int, destination: int) -> str:
    return f"{source}>{destination}"


def _breach(name: str, what: str, why: str, event: Event) -> Alarm:
    other = event.fields.get("chain", event.chain)
    chains = (event.chain, int(other))
    return Alarm(f"{name} {what}", f"{name}: {why}", CALL, remotes=chains, evidence=evidence_of(event))
