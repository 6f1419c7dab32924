"""Reads a feed of the oracle the way an integrator does: `python read_feed.py RPC FEED`. Exit 3: do not use it now."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta

from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.contract.async_contract import AsyncContract

ABI = json.loads("""[
  {"type": "function", "name": "latestRoundData", "stateMutability": "view", "inputs": [], "outputs": [
    {"type": "uint80"}, {"type": "int256"}, {"type": "uint256"}, {"type": "uint256"}, {"type": "uint80"}]},
  {"type": "function", "name": "description", "stateMutability": "view", "inputs": [], "outputs": [{"type": "string"}]},
  {"type": "function", "name": "unit", "stateMutability": "view", "inputs": [], "outputs": [{"type": "string"}]},
  {"type": "function", "name": "freshness", "stateMutability": "view", "inputs": [], "outputs": [{"type": "uint8"}]},
  {"type": "function", "name": "nextDueAt", "stateMutability": "view", "inputs": [], "outputs": [{"type": "uint64"}]}
]""")
FRESHNESS = ("STALE", "LATE", "NOT_DUE_YET", "FRESH")
JST = timedelta(hours=9)


async def read_feed(feed: AsyncContract, block: int) -> int:
    """Print what the feed says at one block; return the exit code."""
    answer, started_at = (await feed.functions.latestRoundData().call(block_identifier=block))[1:3]
    day = (datetime.fromtimestamp(started_at, UTC) + JST).date()
    name, unit, freshness, due = [
        await function().call(block_identifier=block)
        for function in (
            feed.functions.description,
            feed.functions.unit,
            feed.functions.freshness,
            feed.functions.nextDueAt,
        )
    ]
    print(f"{name}: {answer / 10**8:.8g} {unit} for {day}, {FRESHNESS[freshness]}")  # rates may be zero or negative
    print(f"next due at {due}")
    return 3 if FRESHNESS[freshness] == "STALE" else 0


async def main(rpc: str, address: str) -> int:
    """Read everything at one block."""
    web3 = AsyncWeb3(AsyncHTTPProvider(rpc))
    feed = web3.eth.contract(address=AsyncWeb3.to_checksum_address(address), abi=ABI)
    code = await read_feed(feed, await web3.eth.block_number)
    await web3.provider.disconnect()
    return code


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:3])))
