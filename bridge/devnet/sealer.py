"""The validators of a devnet's home ledger: a test double that seals the blocks of Anvil, as QBFT validators do.

`python -m bridge.devnet.sealer --upstream URL --port N --keys FILE`. FILE holds one private key per line; the first
`--validators` of them are in the genesis block. A real Besu or GoQuorum node takes its place by its URL. On command
(`sealer_misbehave`) it shows headers that no honest chain has; `sealer_vote` has a validator voted in or out.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
from coincurve import PrivateKey

from bridge.adapters.codec import to_hex
from bridge.adapters.codec.headers import show_header
from bridge.core.hashing import keccak
from bridge.core.headers import Header, header_of
from bridge.core.qbft import (
    MIX_HASH,
    VANITY_BYTES,
    Dialect,
    ExtraData,
    HeaderRefused,
    Terms,
    Trusted,
    advance,
    block_hash,
    commit_hash,
    encode_extra_data,
    extra_data_of,
    quorum,
    trust,
)
from bridge.core.types import Address, Hash32, Height
from bridge.devnet.rewriting import Answer, Rewriter, RewritingProxy, Upstream

TERMS: Final = Terms(Dialect.BESU, 30_000)
_PARENT, _BENEFICIARY, _DIFFICULTY, _TIME, _EXTRA, _MIX, _NONCE = 0, 2, 7, 11, 12, 13, 14
_COMMANDS: Final = frozenset({"sealer_misbehave", "sealer_vote"})
_VALIDATORS: Final = frozenset({"qbft_getValidatorsByBlockNumber", "qbft_getValidatorsByBlockHash"})


class Sealer(Rewriter):
    """Seals a chain. What it seals follows from the node's chain and from the votes, and from nothing else."""

    def __init__(self, upstream: Upstream, keys: Sequence[bytes], validators: int, vanity: bytes) -> None:
        super().__init__(upstream, Height(0))
        self.keys = {address_of(key): key for key in map(PrivateKey, keys)}
        self.vanity = vanity.ljust(VANITY_BYTES, b"\0")
        self.wishes: dict[Height, tuple[Address, bool]] = {}
        """What is voted for from a height on, until it is so."""
        self._first_set = tuple(sorted(list(self.keys)[:validators]))
        self._trusted: list[Trusted] = []

    def remake(self, raw: Header, parent: Hash32 | None) -> tuple[Header, Hash32]:
        """Return a header with the fields of the protocol, sealed by a quorum of its validators."""
        if parent is None:
            header = _with(raw, ExtraData(self.vanity, self._first_set, None, 0, ()), raw.parent_hash, None)
            self._trusted = [trust(header, header.hash, TERMS)]
            return header, header.hash
        trusted = self._trusted[-1]
        proposer = trusted.validators[raw.height % len(trusted.validators)]
        extra = ExtraData(self.vanity, trusted.validators, self._vote(raw.height, trusted), 0, ())
        unsealed = _with(_later(raw, trusted.block.time), extra, parent, proposer)
        header = self.sealed_by(unsealed, self._sealers(trusted, raw.height))
        self._trusted.append(advance(trusted, header, TERMS))
        return header, block_hash(header, extra)

    def unmade(self, height: Height) -> None:
        """Forget what followed from dropped blocks."""
        del self._trusted[height:]

    def sealed_by(self, header: Header, sealers: Sequence[PrivateKey]) -> Header:
        """Return a header with the seals of these keys and no others."""
        extra = replace(extra_data_of(header), seals=())
        digest = commit_hash(header, extra)
        return _replaced(header, replace(extra, seals=tuple(seal(key, digest) for key in sealers)))

    def sealers_of(self, height: Height) -> list[PrivateKey]:
        """Return the keys of the validators who seal a block."""
        return self._sealers(self._trusted[height - 1], height)

    def validators_of(self, height: Height) -> tuple[Address, ...]:
        """Return who seals a block."""
        return self._trusted[max(0, height - 1)].validators

    def _sealers(self, trusted: Trusted, height: Height) -> list[PrivateKey]:
        size = len(trusted.validators)
        turns = [trusted.validators[(height + turn) % size] for turn in range(quorum(size))]
        return [self.keys[address] for address in turns]

    def _vote(self, height: Height, trusted: Trusted) -> tuple[Address, bool] | None:
        for since, (subject, add) in self.wishes.items():
            if height >= since and (subject in trusted.validators) != add:
                return subject, add
        return None


class SealingProxy(RewritingProxy):
    """Serves the sealed chain, or on command something else."""

    def __init__(self, upstream: Upstream, keys: Sequence[bytes], validators: int) -> None:
        self._keys, self._size = keys, validators
        self.sealer = Sealer(upstream, keys, validators, b"")
        super().__init__(upstream, self.sealer)
        self._mode, self._since = "honest", Height(0)
        self._fork: Sealer | None = None

    async def answers(self, requests: Sequence[Answer]) -> list[Answer]:
        """Answer commands and the validators' own methods here, and everything else by the node."""
        own = {index: await self._own(request) for index, request in enumerate(requests) if _is_own(request)}
        passed = [request for index, request in enumerate(requests) if index not in own]
        found = iter(await super().answers(passed) if passed else [])
        answers = [own[index] if index in own else next(found) for index in range(len(requests))]
        if self._mode == "honest":
            return answers
        return [await self._bend(request, answer) for request, answer in zip(requests, answers, strict=True)]

    async def _own(self, request: Answer) -> Answer:
        method, params = request["method"], request.get("params", [])
        result: object = True
        if method == "sealer_misbehave":
            self._misbehave(str(params[0]), Height(int(params[1])))
        elif method == "sealer_vote":
            (newest,) = await self.upstream.results("eth_blockNumber", [()])
            subject = list(self.sealer.keys)[int(params[0])]
            self.sealer.wishes[Height(int(newest, 16) + 1)] = (subject, bool(params[1]))
            result = to_hex(subject)
        else:
            height = Height(int(str(params[0]), 16))
            await self.sealer.follow(height)
            result = [to_hex(address) for address in self.sealer.validators_of(height)]
        return {"jsonrpc": "2.0", "id": request["id"], "result": result}

    def _misbehave(self, mode: str, since: Height) -> None:
        if mode not in BENDS and mode not in ("honest", "fork", "stall"):
            raise ValueError(f"there is no misbehaviour {mode}")
        self._mode, self._since = mode, since
        self._fork = None
        if mode == "fork":
            self._fork = Fork(self.upstream, self._keys, self._size, since)

    async def _bend(self, request: Answer, answer: Answer) -> Answer:
        """Return what is shown while misbehaving."""
        block = answer.get("result")
        if not request["method"].startswith("eth_getBlockBy") or not isinstance(block, dict):
            return answer
        height = Height(int(block["number"], 16))
        if height < self._since:
            return answer
        if self._mode == "stall":
            newest = {**request, "params": [to_hex(self._since - 1), False]}
            return (
                (await super().answers([newest]))[0] if request["params"][0] == "latest" else {**answer, "result": None}
            )
        if self._fork is not None:
            raw = {**request, "params": await self.rewriter.to_own(request["params"])}
            (own,) = await self.upstream.post([raw])
            return {**answer, "result": await self._fork.to_shown(request["method"], own["result"])}
        header = self.sealer.header_at(height)
        if header is None:
            return answer
        bent = BENDS[self._mode](self.sealer, header)
        return {**answer, "result": {**block, **show_header(bent), "hash": to_hex(_shown_hash(bent))}}


class Fork(Sealer):
    """A second chain of the same validators, equally sealed: what two thirds of them would have to collude for."""

    def __init__(self, upstream: Upstream, keys: Sequence[bytes], validators: int, since: Height) -> None:
        super().__init__(upstream, keys, validators, b"")
        self._since = since

    def remake(self, raw: Header, parent: Hash32 | None) -> tuple[Header, Hash32]:
        """Return the same header below the fork, and above it one with another vanity."""
        self.vanity = (b"fork" if raw.height >= self._since else b"").ljust(VANITY_BYTES, b"\0")
        return super().remake(raw, parent)


Bend = Callable[[Sealer, Header], Header]


def _few(sealer: Sealer, header: Header) -> Header:
    return sealer.sealed_by(header, sealer.sealers_of(header.height)[:-1])


def _stranger(sealer: Sealer, header: Header) -> Header:
    key = PrivateKey(keccak(b"a stranger"))
    return sealer.sealed_by(header, [*sealer.sealers_of(header.height)[:-1], key])


def _duplicate(sealer: Sealer, header: Header) -> Header:
    keys = sealer.sealers_of(header.height)
    return sealer.sealed_by(header, [*keys[:-1], keys[0]])


def _vanity(sealer: Sealer, header: Header) -> Header:
    del sealer
    extra = extra_data_of(header)
    return _replaced(header, replace(extra, vanity=extra.vanity + b"!"))


def _list(sealer: Sealer, header: Header) -> Header:
    """Name other validators, and have them all seal: they follow from nothing."""
    keys = [PrivateKey(keccak(bytes([number]))) for number in range(4)]
    extra = replace(extra_data_of(header), validators=tuple(sorted(map(address_of, keys))))
    return sealer.sealed_by(_replaced(header, extra), keys)


BENDS: Final[dict[str, Bend]] = {
    "few": _few,
    "stranger": _stranger,
    "duplicate": _duplicate,
    "vanity": _vanity,
    "validators": _list,
}


def address_of(key: PrivateKey) -> Address:
    """Return the account of a key."""
    return Address(keccak(key.public_key.format(compressed=False)[1:])[-20:])


def seal(key: PrivateKey, digest: Hash32) -> bytes:
    """Return a validator's seal over a commit hash."""
    return bytes(key.sign_recoverable(digest, hasher=None))


def _is_own(request: Answer) -> bool:
    return request["method"] in _COMMANDS or request["method"] in _VALIDATORS


def _with(raw: Header, extra: ExtraData, parent: Hash32, proposer: Address | None) -> Header:
    items = list(raw.items)
    items[_PARENT] = parent
    items[_BENEFICIARY] = proposer or items[_BENEFICIARY]
    items[_DIFFICULTY], items[_MIX], items[_NONCE] = b"\x01", MIX_HASH, bytes(8)
    items[_EXTRA] = encode_extra_data(extra)
    return header_of(items)


def _later(raw: Header, parent_time: int) -> Header:
    """Return a header that is later than its parent: Anvil's clock may stand still for a block."""
    items = list(raw.items)
    items[_TIME] = max(raw.time, parent_time + 1).to_bytes(8, "big").lstrip(b"\0")
    return header_of(items)


def _replaced(header: Header, extra: ExtraData) -> Header:
    items: list[Any] = list(header.items)
    items[_EXTRA] = encode_extra_data(extra)
    return header_of(items)


def _shown_hash(header: Header) -> Hash32:
    try:
        return block_hash(header, extra_data_of(header))
    except HeaderRefused:
        return header.hash


@click.command()
@click.option("--upstream", required=True)
@click.option("--port", required=True, type=int)
@click.option("--keys", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--validators", default=4, type=int)
def main(upstream: str, port: int, keys: Path, validators: int) -> None:
    """Seal the blocks of a node, as validators do."""
    secrets = [bytes.fromhex(line) for line in keys.read_text().split()]
    SealingProxy(Upstream(upstream), secrets, validators).serve(port)


if __name__ == "__main__":
    main()
