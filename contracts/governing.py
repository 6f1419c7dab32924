"""How a deployment is governed: k of n organisations sign, a timelock waits, anybody executes.

Sources: `src/governance/Council.sol` for the digest, OpenZeppelin's TimelockController for batches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_abi import encode
from tenacity import AsyncRetrying, retry_if_exception, stop_after_delay, wait_fixed

from bridge.adapters.codec.abi import ACTION, FUNCTIONS
from bridge.adapters.ledger import EvmWriter, Sender
from bridge.core.errors import Refuse
from bridge.core.hashing import keccak, word
from bridge.core.ports import AttestationSigner, Call, Receipt, Reverted, TransactionSigner
from bridge.core.quorum import Committee, certificate_of
from bridge.core.submission import FeeRules
from bridge.core.types import Address, ChainId, Digest, Epoch, Hash32

_DOMAIN_TYPE: Final = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_ACTIONS_TYPE: Final = keccak(b"Actions(uint256 nonce,bytes32 actionsHash)")
_POLL_SECONDS: Final = 0.2
_PATIENCE_SECONDS: Final = 60.0
NOT_READY: Final = "TimelockUnexpectedOperationState"


@dataclass(frozen=True, slots=True)
class Seats:
    """The council's members with their keys, and who submits what they have signed."""

    members: tuple[AttestationSigner, ...]
    threshold: int
    submitter: TransactionSigner

    @property
    def packed(self) -> bytes:
        """Addresses, ascending."""
        return b"".join(sorted(member.address for member in self.members))


@dataclass(frozen=True, slots=True)
class Decision:
    """What a council decides on its chain: calls, executed together after the timelock's delay, and cancellations."""

    chain: ChainId
    council: Address
    timelock: Address
    delay: int
    """Seconds."""
    nonce: int
    """Of the council: what it decides next."""
    calls: tuple[Call, ...]
    cancels: tuple[Hash32, ...] = ()
    """Operations that wait in the timelock and are cancelled at once, without a delay."""

    @property
    def digest(self) -> Digest:
        """What the council's members sign."""
        return actions_digest(self.chain, self.council, self.nonce, self._actions)

    def proposal(self, threshold: int, signatures: Mapping[Address, bytes]) -> Call:
        """Return the call by which anybody submits the signatures of members. Raises Refuse if they are too few."""
        certificate = certificate_of(Committee(Epoch(1), threshold, tuple(sorted(signatures))), signatures)
        if certificate is None:
            raise Refuse(f"{len(signatures)} members have signed, {threshold} must")
        data = encode((f"{ACTION}[]", "bytes"), (self._actions, certificate))
        return Call(self.council, FUNCTIONS["act"].selector + data)

    @property
    def execution(self) -> Call:
        """The call by which anybody executes what was proposed, after the delay."""
        types = ("address[]", "uint256[]", "bytes[]", "bytes32", "bytes32")
        return Call(self.timelock, FUNCTIONS["executeBatch"].selector + encode(types, self._batch))

    @property
    def _actions(self) -> list[tuple[Address, bytes]]:
        types = ("address[]", "uint256[]", "bytes[]", "bytes32", "bytes32", "uint256")
        schedule = FUNCTIONS["scheduleBatch"].selector + encode(types, (*self._batch, self.delay))
        made = [FUNCTIONS["cancel"].selector + operation for operation in self.cancels]
        made += [schedule] if self.calls else []
        return [(self.timelock, data) for data in made]

    @property
    def _batch(self) -> tuple[object, ...]:
        targets, data = [call.to for call in self.calls], [call.data for call in self.calls]
        return targets, [0] * len(self.calls), data, bytes(32), word(self.nonce)


@dataclass(frozen=True, slots=True)
class Government:
    """Council and timelock of one chain."""

    writer: EvmWriter
    fees: FeeRules
    council: Address
    timelock: Address
    delay: int
    """Seconds."""
    seats: Seats

    async def decide(self, calls: Sequence[Call]) -> Receipt:
        """Have the council propose calls, wait out the delay, and execute them in one transaction.

        Raises Refuse if the timelock does not take them in time, Reverted if one of them fails.
        """
        nonce = await self._nonce()
        decision = Decision(self.writer.chain, self.council, self.timelock, self.delay, nonce, tuple(calls))
        signatures = {member.address: member.sign_digest(decision.digest) for member in self.seats.members}
        sender = Sender(self.writer, self.seats.submitter, self.fees)
        await sender.send([decision.proposal(self.seats.threshold, signatures)])
        return await _when_ready(sender, decision.execution)

    async def _nonce(self) -> int:
        answer = await self.writer.rpc.result(
            "eth_call", {"to": "0x" + self.council.hex(), "data": "0x" + FUNCTIONS["nonce"].selector.hex()}, "latest"
        )
        return int(str(answer), 16)


def actions_digest(chain: int, council: Address, nonce: int, actions: Sequence[tuple[Address, bytes]]) -> Digest:
    """Return what the council's members sign (EIP-712)."""
    domain = keccak(
        encode(
            ("bytes32", "bytes32", "bytes32", "uint256", "address"),
            (_DOMAIN_TYPE, keccak(b"JGB Council"), keccak(b"1"), chain, council),
        )
    )
    content = keccak(_ACTIONS_TYPE + word(nonce) + keccak(encode((f"{ACTION}[]",), (list(actions),))))
    return Digest(keccak(b"\x19\x01" + domain + content))


async def _when_ready(sender: Sender, call: Call) -> Receipt:
    async for attempt in AsyncRetrying(
        retry=retry_if_exception(_is_too_early),
        stop=stop_after_delay(_PATIENCE_SECONDS),
        wait=wait_fixed(_POLL_SECONDS),
        reraise=True,
    ):
        with attempt:
            (receipt,) = await sender.send([call])
            return receipt
    raise Refuse("the timelock was not asked")


def _is_too_early(fault: BaseException) -> bool:
    return isinstance(fault, Reverted) and fault.error == NOT_READY
