"""Verifies a certified number by a contract, without storing it: `python pull_observation.py RPC ORACLE API DAY`.

API is any reporter's; what it hands out needs no trust. `verifyHistorical` says that reporters have signed the number;
`verifyObservation` also that it has not expired and that the chain knows no newer revision. Neither says that there is
no newer day.
"""

import asyncio
import json
import sys
import urllib.request

from web3 import AsyncHTTPProvider, AsyncWeb3, Web3

GROUP, SERIES = "boj/overnight-call-rate", "boj/overnight-call-rate/average"
REPORT = ["bytes32 setHash", "bytes32 group", "uint32 date", "uint8 status", "uint32 revision", "uint32 count"]
REPORT += ["bytes32 root"]
ENTRY = ["bytes32 feed", "int256 value", "uint64 effectiveAt", "uint64 validUntil", "bytes32 sourceHash"]
ENTRY += ["uint32 parserVersion", "uint32 calendarVersion"]
OBSERVATION = ["bytes32 feed", "uint32 date", "uint8 status", "uint32 revision", *ENTRY[1:]]


def struct(fields: list[str]) -> dict[str, object]:
    """Return a tuple of the ABI."""
    pairs = [field.split() for field in fields]
    return {"type": "tuple", "name": "", "components": [{"type": kind, "name": name} for kind, name in pairs]}


ABI = [
    {
        "type": "function",
        "name": "verifyHistorical",
        "stateMutability": "view",
        "inputs": [struct(REPORT), struct(ENTRY), {"type": "bytes32[]", "name": ""}, {"type": "bytes", "name": ""}],
        "outputs": [struct(OBSERVATION)],
    }
]


def values(fields: list[str], document: dict[str, object]) -> list[object]:
    """Return the fields of a struct in their order; the API writes large numbers as text."""
    pairs = [field.split() for field in fields]
    return [int(str(document[name])) if "int" in kind else document[name] for kind, name in pairs]


async def main(rpc: str, oracle: str, api: str, day: str) -> None:
    """Fetch the newest certificate about a day and have the contract verify it."""
    with urllib.request.urlopen(f"{api}/reports/{day}/{GROUP}") as answer:  # noqa: ASYNC210 S310 - an example
        newest = json.load(answer)[-1]
    entry = next(one for one in newest["entries"] if one["feed"] == Web3.to_hex(Web3.keccak(text=SERIES)))
    web3 = AsyncWeb3(AsyncHTTPProvider(rpc))
    contract = web3.eth.contract(address=AsyncWeb3.to_checksum_address(oracle), abi=ABI)
    arguments = (values(REPORT, newest["report"]), values(ENTRY, entry), entry["proof"], newest["certificate"])
    observation = await contract.functions.verifyHistorical(*arguments).call()
    print(f"{SERIES} on {day}, revision {observation[3]}: {observation[4] / 10**8:.8g}")
    await web3.provider.disconnect()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
