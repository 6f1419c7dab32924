"""Makes load on a devnet: locks at a steady rate, signed beforehand, sent in batches."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.adapters import codec
from bridge.adapters.codec import to_hex
from bridge.adapters.config import AssetEntry, Network, RemoteEntry
from bridge.adapters.evm import NodeError, Request, Rpc
from bridge.adapters.ledger import EvmChain, Sender
from bridge.adapters.signers import LocalTransactionSigner, open_transaction_signer
from bridge.adapters.tracing import Tracer
from bridge.core.ports import Call
from bridge.core.submission import FeeRules, Fees
from bridge.core.types import Address, Units

LOT = 50_000
LOCK_GAS = 400_000
_FREE = FeeRules(0, 0, 0, 1)


@dataclass(frozen=True, slots=True)
class Locker:
    """A user who locks one lot again and again, for one bond and one public chain."""

    home: EvmChain
    signer: LocalTransactionSigner
    asset: AssetEntry
    remote: RemoteEntry

    async def approve(self) -> None:
        """Let the gateway take everything."""
        data = codec.encode_approve(self.home.watched.gateway, Units((1 << 128) - 1))
        await Sender(self.home, self.signer, _FREE).send([Call(self.asset.home, data)])

    async def sign(self, count: int, recipients: int = 50) -> list[bytes]:
        """Sign locks for as many recipients in turn, with the account nonces that come next."""
        account = await self.home.account(self.signer.address)
        signed = []
        for index in range(count):
            recipient = Address((0xB0B0 + index % recipients).to_bytes(20, "big"))
            data = codec.encode_lock(self.asset.home, Units(LOT), self.remote.chain_id, recipient)
            call, nonce = Call(self.home.watched.gateway, data), account.transactions + index
            transaction = self.signer.sign_transaction(self.home.chain, nonce, call, LOCK_GAS, Fees(0, 0))
            signed.append(transaction.raw)
        return signed


def locker(network: Network, tracer: Tracer, user: int = 0, remote: int = 0) -> Locker:
    """Return the locker of one user of a devnet for one of its public chains."""
    account = network.users[user]
    signer = open_transaction_signer(account.keystore, account.password_file)
    return Locker(tracer.home, signer, network.assets[0], network.remotes[remote])


async def send_all(rpc: Rpc, raws: Sequence[bytes]) -> None:
    """Hand over raw transactions in batches. Raises RuntimeError if the node does not take one."""
    answers = await rpc.ask_all([Request("eth_sendRawTransaction", (to_hex(raw),)) for raw in raws])
    refused = [answer for answer in answers if isinstance(answer, NodeError)]
    if refused:
        raise RuntimeError(f"the node does not take a lock: {refused[0]}")


async def send_steadily(rpc: Rpc, raws: Sequence[bytes], per_second: float) -> float:
    """Send at a steady rate; return the seconds it took."""
    began = time.monotonic()
    sent = 0
    while sent < len(raws):
        due = min(len(raws), int((time.monotonic() - began) * per_second) + 1)
        if due > sent:
            await send_all(rpc, raws[sent:due])
            sent = due
        await asyncio.sleep(0.1)
    return time.monotonic() - began
