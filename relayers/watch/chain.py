"""One chain as the watchtower reads it: by web3 and its own node, at the newest block."""

from collections.abc import Sequence
from typing import Any, Final, cast

from eth_abi import decode, encode
from eth_utils import keccak

from relayers.watch.config import Watched
from relayers.watch.events import Event, read_event

SPAN: Final = 2_000
_GAS_PERCENT: Final = 150
_RECEIPT_SECONDS: Final = 60
DEADLINE_SECONDS: Final = 10


class ChainView:
    """Reads one chain, and pauses there."""

    def __init__(self, chain: Watched, contracts: Sequence[bytes]) -> None:
        from web3 import AsyncHTTPProvider, AsyncWeb3

        self.chain = chain
        self._web3: AsyncWeb3[Any] = AsyncWeb3(
            AsyncHTTPProvider(chain.url, request_kwargs={"timeout": DEADLINE_SECONDS})
        )
        self._contracts = [_hex(address) for address in contracts]

    async def close(self) -> None:
        """Close the connections."""
        await cast("Any", self._web3.provider).disconnect()

    async def newest(self) -> int:
        """Return the newest height."""
        return int(await self._web3.eth.block_number)

    async def events(self, first: int, last: int) -> list[Event]:
        """Return what the contracts logged in a range of heights."""
        found = []
        for start in range(first, last + 1, SPAN):
            wanted = {
                "address": [self._web3.to_checksum_address(address) for address in self._contracts],
                "fromBlock": start,
                "toBlock": min(last, start + SPAN - 1),
            }
            logs = await self._web3.eth.get_logs(cast("Any", wanted))
            found += [event for log in logs if (event := read_event(self.chain.chain_id, cast("Any", log))) is not None]
        return found

    async def call(self, contract: bytes, signature: str, outputs: str, *arguments: object, at: int) -> Any:  # noqa: ANN401
        """Return what a view answers at a height."""
        types = signature.partition("(")[2][:-1]
        data = keccak(text=signature)[:4] + (encode(types.split(","), arguments) if types else b"")
        to = self._web3.to_checksum_address(_hex(contract))
        answer = await self._web3.eth.call({"to": to, "data": cast("Any", "0x" + data.hex())}, at)
        values = decode(outputs.split(";"), bytes(answer))
        return values[0] if len(values) == 1 else values

    async def is_mined(self, tx: str) -> bool:
        """Tell whether a transaction stands in the chain."""
        answer = await self._ask("eth_getTransactionReceipt", tx)
        return answer is not None

    async def failures(self, first: int, last: int) -> list[tuple[str, str]]:
        """Return sender and hash of the transactions to the gateway that failed in a range of heights."""
        gateway, failed = _hex(self.chain.gateway), []
        for height in range(first, last + 1):
            block = await self._ask("eth_getBlockByNumber", hex(height), True)  # noqa: FBT003 - JSON
            for tx in (block or {}).get("transactions", ()):
                if (tx.get("to") or "").lower() != gateway:
                    continue
                receipt = await self._ask("eth_getTransactionReceipt", tx["hash"])
                if receipt is not None and int(receipt["status"], 16) == 0:
                    failed.append((tx["from"].lower(), tx["hash"]))
        return failed

    async def balance(self, account: bytes) -> int:
        """Return what an account holds, in wei."""
        return int(await self._web3.eth.get_balance(self._web3.to_checksum_address(_hex(account))))

    async def send(self, secret: bytes, contract: bytes, signature: str, *arguments: object) -> str:
        """Send a call and wait until it is mined; return its hash. Raises ValueError if it fails."""
        types = signature.partition("(")[2][:-1]
        data = keccak(text=signature)[:4] + encode(types.split(","), arguments)
        eth = self._web3.eth
        account = eth.account.from_key(secret)
        call: dict[str, Any] = {
            "from": account.address,
            "to": self._web3.to_checksum_address(_hex(contract)),
            "data": "0x" + data.hex(),
        }
        gas = await eth.estimate_gas(cast("Any", call)) * _GAS_PERCENT // 100
        price = 0 if self.chain.is_free else 2 * int(await eth.gas_price)
        call |= {"gas": gas, "gasPrice": price, "chainId": self.chain.chain_id, "value": 0}
        call["nonce"] = await eth.get_transaction_count(account.address)
        del call["from"]
        signed = account.sign_transaction(call)
        tx = await eth.send_raw_transaction(signed.raw_transaction)
        receipt = await eth.wait_for_transaction_receipt(tx, timeout=_RECEIPT_SECONDS)
        if receipt["status"] != 1:
            raise ValueError(f"the transaction 0x{bytes(tx).hex()} failed")
        return "0x" + bytes(tx).hex()

    async def _ask(self, method: str, *params: object) -> Any:  # noqa: ANN401 - a JSON value
        answer = await cast("Any", self._web3.provider).make_request(method, list(params))
        if "error" in answer:
            raise ValueError(f"{self.chain.name} refused {method}: {answer['error'].get('message')}")
        return answer["result"]


def _hex(address: bytes) -> str:
    return "0x" + bytes(address).hex()
