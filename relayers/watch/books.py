"""What the gateways' own counters say, and what must hold of them. No I/O: samples go in, alarms come out.

Each chain's counters must agree among themselves at one block, whatever the other chain shows: on a remote
`supply = settled - sent`, at home `locked = sent - settled`. Together they are INV-01, and no clock comes between.
"""

from collections import deque
from collections.abc import Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

from relayers.watch.alarms import Alarm
from relayers.watch.ledger import CALL, COMPARE

OKU: Final = 100_000_000
SKEW_SECONDS: Final = 3
"""By how much clocks of two chains may differ."""
_SAMPLES: Final = 64
_FIRST: Final = frozenset({"AssetDeployed", "AssetAnnounced"})
_CAPS: Final = _FIRST | {"CapSet"}
_LIMITS: Final = _FIRST | {"FlowLimitsSet"}
_PAUSES: Final = _FIRST | {"FlowPaused", "FlowResumed"}
RULES: Final = _CAPS | _LIMITS | _PAUSES
"""Events by which rules move. Each excuses what it may explain between two samples, and nothing else."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one gateway counts of one bond on one route, at one block."""

    chain: int
    other: int
    asset: str
    block: int
    block_hash: str
    time: int
    sent: int
    highest: int
    settled: int
    backing: int
    """Units locked here for the other chain at home; units wrapped on a remote."""
    inbound_limit: int
    """Units per period."""
    period: int
    """Seconds in which a used limit is whole again."""
    paused_until: int
    """Of the inbound direction."""
    cap: int | None = None
    """None at home."""


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What the watchtower makes of the logs up to the same block."""

    backing: int | None
    """None while an arrival is known whose amount is not, and that may be sound."""
    unmetered: int
    moved: AbstractSet[str]
    """The events by which caps, limits or pauses of this bond changed on this route since the sample before."""


class _Flow(NamedTuple):
    """What had come in and left by a block, and the limit that was in force then."""

    block: int
    block_hash: str
    time: int
    came: int
    left: int
    limit: int


class Books:
    """The samples of all sides, and the flow through each."""

    def __init__(self, home: int) -> None:
        self._home = home
        self.sides: dict[tuple[int, int, str], Side] = {}
        self._flows: dict[tuple[int, int, str], deque[_Flow]] = {}

    def blocks(self, chain: int) -> dict[int, str]:
        """Return the blocks at which the last samples of a chain were taken, by height."""
        return {side.block: side.block_hash for side in self.sides.values() if side.chain == chain}

    def earlier(self, chain: int) -> dict[int, str]:
        """Return the blocks from which flows of a chain are counted, by height."""
        flows = [flow for key, flow in self._flows.items() if key[0] == chain]
        return {then.block: then.block_hash for flow in flows for then in flow}

    def sampled_at(self, chain: int, other: int, asset: str) -> int:
        """Return the height of the last sample of a side that still stands; 0 if there is none."""
        key = (chain, other, asset)
        if (side := self.sides.get(key)) is not None:
            return side.block
        return max((then.block for then in self._flows.get(key, ())), default=0)

    def forget(self, chain: int, heights: Container[int]) -> None:
        """Forget what was sampled in blocks that a reorganisation replaced. What was before them still counts."""
        for key in [key for key, side in self.sides.items() if key[0] == chain and side.block in heights]:
            del self.sides[key]
        for key in [key for key in self._flows if key[0] == chain]:
            self._flows[key] = deque(then for then in self._flows[key] if then.block not in heights)

    def drop(self, side: Side) -> None:
        """Forget a sample that was wrong, if it is the last of its side still."""
        key = (side.chain, side.other, side.asset)
        if self.sides.get(key) is side:
            del self.sides[key]

    def judge(self, side: Side, reckoned: Reckoned) -> list[Alarm]:
        """Hold a sample to what must be true of it alone, and of it and those before. Keeps nothing."""
        before = self.sides.get((side.chain, side.other, side.asset))
        faults = [*self._alone(side), *self._flow(side, reckoned)]
        if before is not None and before.block <= side.block:
            faults += _since(before, side, reckoned.moved)
        alarms = [self._breach(name, why, side, before) for name, why in faults]
        if reckoned.backing is not None and reckoned.backing != side.backing:
            why = f"INV-06: logs add up to {reckoned.backing} units of {side.asset} on chain {side.chain}, the contract"
            evidence = {"side": asdict(side), "logs": reckoned.backing}
            name = f"INV-06 {side.chain} {side.other} {side.asset}"
            alarms.append(Alarm(name, f"{why} says {side.backing}", COMPARE, evidence=evidence))
        return alarms

    def keep(self, side: Side, reckoned: Reckoned) -> None:
        """Keep a sample for those that come."""
        key = (side.chain, side.other, side.asset)
        self.sides[key] = side
        flow = self._flows.setdefault(key, deque())
        if reckoned.moved & _LIMITS:
            flow.clear()
        while flow and flow[0].time < side.time - side.period:
            flow.popleft()
        if not flow or side.time - flow[-1].time >= side.period // _SAMPLES:
            came = side.settled - reckoned.unmetered
            flow.append(_Flow(side.block, side.block_hash, side.time, came, side.sent, side.inbound_limit))

    def is_ahead(self, side: Side) -> bool:
        """Tell whether a side has seen more than its source has shown to have sent: look at both again."""
        source = self.sides.get((side.other, side.chain, side.asset))
        return side.highest > (0 if source is None else source.sent)

    def across(self, side: Side, claimed: int) -> list[Alarm]:
        """Hold what a side has seen of its source to what the source says it sent (INV-04).

        Judged only when the source's sample is past the height that deliveries named, or past this side's own time, so
        that a node that lags is no breach.
        """
        source = self.sides.get((side.other, side.chain, side.asset))
        if source is None or side.highest <= source.sent:
            return []
        if source.block < claimed and source.time < side.time + SKEW_SECONDS:
            return []
        why = f"{side.highest} units were shown here, and chain {side.other} has sent {source.sent}"
        return [self._breach("INV-04", why, side, source)]

    def _alone(self, side: Side) -> list[tuple[str, str]]:
        faults = []
        if side.settled > side.highest:
            faults.append(("INV-04", f"{side.settled} units were settled, {side.highest} were shown"))
        if side.chain == self._home and side.backing + side.settled != side.sent:
            faults.append(("INV-01", f"{side.backing} are locked: {side.sent} were sent, {side.settled} settled"))
        if side.chain != self._home and side.backing + side.sent != side.settled:
            faults.append(("INV-01", f"{side.backing} are wrapped: {side.settled} were settled, {side.sent} sent"))
        return faults

    def _flow(self, side: Side, reckoned: Reckoned) -> list[tuple[str, str]]:
        """Hold what came in since each kept sample to the limit, its refill meanwhile, and half of what left."""
        if reckoned.moved & _LIMITS or reckoned.backing is None:
            return []
        for then in self._flows.get((side.chain, side.other, side.asset), ()):
            came, left = side.settled - reckoned.unmetered - then.came, side.sent - then.left
            if came > then.limit + then.limit * (side.time - then.time) // side.period + left // 2:
                return [("limit", f"{came} units came in within {side.time - then.time} s")]
        return []

    def _breach(self, name: str, why: str, side: Side, other: Side | None) -> Alarm:
        evidence = {"side": asdict(side), "compared": None if other is None else asdict(other)}
        key = f"{name} {side.chain} {side.other} {side.asset}"
        return Alarm(
            key, f"{name}: of {side.asset} on chain {side.chain}: {why}", CALL, (side.chain, side.other), evidence
        )


def judge_escrow(asset: str, escrowed: int, held: int, locked: Mapping[int, int], *, is_all: bool) -> list[Alarm]:
    """Hold the escrow to INV-02: the gateway's own sum, what the token says it has, and the books of the remotes.

    More may be there than the sum: anybody can send units to the gateway's address. `is_all`: no other remote has one.
    """
    books = sum(locked.values())
    if books <= escrowed <= held and (escrowed == books or not is_all):
        return []
    why = f"INV-02: the escrow of {asset} is {escrowed}, the books {books}, and the token says {held}"
    evidence = {"asset": asset, "escrowed": escrowed, "held": held, "locked": dict(locked)}
    return [Alarm(f"INV-02 {asset}", why, CALL, tuple(locked), evidence)]


def judge_set(chain: int, epoch: int, threshold: int, members: Sequence[str]) -> list[Alarm]:
    """Hold a committee to INV-09."""
    if 1 <= threshold <= len(members) < 2 * threshold:
        return []
    why = f"INV-09: {threshold} of {len(members)} sign for chain {chain} in epoch {epoch}"
    evidence = {"chain": chain, "epoch": epoch, "threshold": threshold, "members": list(members)}
    return [Alarm(f"INV-09 {chain} {epoch}", why, CALL, (chain,), evidence)]


def _since(before: Side, side: Side, moved: AbstractSet[str]) -> list[tuple[str, str]]:
    faults = [
        ("INV-07", f"`{name}` fell from {getattr(before, name)} to {getattr(side, name)}")
        for name in ("sent", "highest", "settled")
        if getattr(side, name) < getattr(before, name)
    ]
    paid = side.backing - before.backing if side.cap is not None else before.backing - side.backing
    is_above = side.cap is not None and side.backing > side.cap
    if is_above and before.cap == side.cap and paid > 0 and not moved & _CAPS:
        faults.append(("INV-05", f"the supply grew to {side.backing}, above the cap of {side.cap}"))
    if before.paused_until == side.paused_until > side.time and paid > 0 and not moved & _PAUSES:
        faults.append(("pause", f"{paid} units were paid while paused until {side.paused_until}"))
    return faults
