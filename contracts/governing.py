"""How a deployment is governed: k of n organisations sign, a timelock waits, anybody executes.

Sources: `src/governance/Council.sol` for the digest, OpenZeppelin's TimelockController for batches.
"""

from collections.abc import Sequence
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
from bridge.core.types import Address, Digest, Epoch

_DOMAIN_TYPE: Final = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_ACTIONS_TYPE: Final = keccak(b"Actions(uint256 nonce,bytes32 actionsHash)")
_POLL_SECONDS: Final = 0.2
_PATIENCE_SECONDS: Final = 60.0
_NOT_READY: Final = "TimelockUnexpectedOperationState"


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
        batch = self._batch(calls, nonce)
        schedule = FUNCTIONS["scheduleBatch"].selector + encode(
            ("address[]", "uint256[]", "bytes[]", "bytes32", "bytes32", "uint256"), (*batch, self.delay)
        )
        sender = Sender(self.writer, self.seats.submitter, self.fees)
        await sender.send([self._act([(self.timelock, schedule)], nonce)])
        execute = FUNCTIONS["executeBatch"].selector + encode(
            ("address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"), batch
        )
        return await _when_ready(sender, Call(self.timelock, execute))

    def _batch(self, calls: Sequence[Call], nonce: int) -> tuple[object, ...]:
        targets, data = [call.to for call in calls], [call.data for call in calls]
        return targets, [0] * len(calls), data, bytes(32), word(nonce)

    def _act(self, actions: Sequence[tuple[Address, bytes]], nonce: int) -> Call:
        digest = actions_digest(self.writer.chain, self.council, nonce, actions)
        members = tuple(sorted(member.address for member in self.seats.members))
        signatures = {member.address: member.sign_digest(digest) for member in self.seats.members}
        certificate = certificate_of(Committee(Epoch(1), self.seats.threshold, members), signatures)
        data = encode((f"{ACTION}[]", "bytes"), (list(actions), certificate))
        return Call(self.council, FUNCTIONS["act"].selector + data)

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
    return isinstance(fault, Reverted) and fault.error == _NOT_READY
