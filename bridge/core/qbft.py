"""QBFT headers: who had to seal a block, whether they did, and who seals the next one.

Read `advance` first. Every step starts from a block that is trusted already; nothing in a header is believed because
the header says it. Sources: the QBFT specification (EEA), Besu and GoQuorum, whose extra data and hash rules are the
same, and whose tallies of votes are not: hence `Dialect`. Seals carry no chain id: two chains with the same validators
differ by their parents alone, so that the first trusted block must come from the operator.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

import rlp
from coincurve import PublicKey
from rlp.exceptions import RLPException

from bridge.core.hashing import keccak
from bridge.core.headers import Header
from bridge.core.quorum import ADDRESS_BYTES
from bridge.core.types import Address, Block, Hash32

VANITY_BYTES: Final = 32
SEAL_BYTES: Final = 65
MIX_HASH: Final = Hash32(bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"))
"""What stands in the place of a mix hash, in ASCII: `ctical byzantine fault tolerance`."""
MAX_EXTRA_BYTES: Final = 64_000
"""A validator takes 88 bytes with its seal, so that 700 have room; what is longer is refused before it is decoded."""
_HIGHEST_ROUND: Final = 2**31 - 1
_LEAST_GAS_LIMIT: Final = 5000
_ADD: Final = b"\xff"
_DROP: Final = (b"", b"\0")


class Dialect(Enum):
    """Whose tally of votes a chain follows."""

    BESU = "besu"
    """An epoch block's own vote is discarded; a vote for what is so already wipes the votes against it."""
    GOQUORUM = "goquorum"
    """An epoch block's own vote counts; a vote for what is so already counts for nothing."""


class Fault(Enum):
    """Why a header is not believed."""

    NOT_EPOCH = "it begins no voting epoch"
    HASH = "it is another block than the trusted one"
    NOT_NEXT = "it is not the block after the trusted one"
    PARENT = "its parent is another block than the trusted one"
    TIME = "it is not later than its parent"
    MIX_HASH = "its mix hash is not that of the protocol"
    DIFFICULTY = "its difficulty is not 1"
    GAS = "its gas is out of bounds"
    EXTRA_DATA = "its extra data is malformed"
    VANITY = "its vanity has not 32 bytes"
    VALIDATORS = "it names other validators than follow from the blocks before"
    PROPOSER = "its proposer is no validator"
    SEAL = "a seal is malformed"
    STRANGER = "somebody sealed it who is no validator"
    DUPLICATE = "a validator sealed it twice"
    TOO_FEW_SEALS = "fewer validators sealed it than must"


class HeaderRefused(Exception):
    """A header is not believed."""

    def __init__(self, fault: Fault, header: Header, detail: str = "") -> None:
        super().__init__(f"block {header.height}: {fault.value}{f': {detail}' if detail else ''}")
        self.fault = fault
        self.header = header


@dataclass(frozen=True, slots=True)
class Vote:
    """One validator's standing wish about another."""

    voter: Address
    subject: Address
    add: bool


@dataclass(frozen=True, slots=True)
class ExtraData:
    """What a QBFT header carries. Vanity and seals are in the order and form in which they stand."""

    vanity: bytes
    validators: tuple[Address, ...]
    vote: tuple[Address, bool] | None
    """Whom the proposer wishes to add, or to drop."""
    round: int
    seals: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a chain's genesis fixes."""

    dialect: Dialect
    epoch_length: int
    """Blocks; in every block whose height is a multiple of it, pending votes lapse."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """A block that is believed, and what follows from all up to it. The first one must come from the operator."""

    block: Block
    validators: tuple[Address, ...]
    """Who seals the next block, in ascending order."""
    votes: tuple[Vote, ...] = ()
    """Pending, oldest first."""


def advance(trusted: Trusted, header: Header, terms: Terms) -> Trusted:
    """Return what is trusted after the next header. Raises HeaderRefused."""
    if header.height != trusted.block.height + 1:
        raise HeaderRefused(Fault.NOT_NEXT, header, f"block {trusted.block.height} is trusted")
    if header.parent_hash != trusted.block.hash:
        raise HeaderRefused(Fault.PARENT, header, f"0x{header.parent_hash.hex()}")
    if header.time <= trusted.block.time:
        raise HeaderRefused(Fault.TIME, header)
    extra = _checked(header, trusted.validators)
    block = Block(header.height, block_hash(header, extra), header.time)
    return _counted(replace(trusted, block=block), header.beneficiary, extra.vote, terms)


def trust(header: Header, expected: Hash32, terms: Terms) -> Trusted:
    """Return what is trusted of a block that the operator names by its hash. Raises HeaderRefused.

    It must begin a voting epoch: of any other block, the votes that are pending cannot be seen. The genesis block is
    hashed as it stands.
    """
    if header.height % terms.epoch_length:
        raise HeaderRefused(Fault.NOT_EPOCH, header, f"epochs have {terms.epoch_length} blocks")
    extra = extra_data_of(header)
    found = block_hash(header, extra) if header.height else header.hash
    if found != expected:
        raise HeaderRefused(Fault.HASH, header, f"0x{found.hex()}")
    if not extra.validators:
        raise HeaderRefused(Fault.VALIDATORS, header, "none")
    trusted = Trusted(Block(header.height, found, header.time), extra.validators)
    return _counted(trusted, header.beneficiary, extra.vote, terms) if header.height else trusted


def is_sealed(validators: Sequence[Address], header: Header) -> bool:
    """Tell whether these validators sealed a header, whatever else is wrong with it: two such blocks are a breach."""
    try:
        _checked(header, validators)
    except HeaderRefused:
        return False
    return True


def quorum(validators: int) -> int:
    """Return how many of `validators` must seal: two thirds, rounded up."""
    return -(-2 * validators // 3)


# --- One header -------------------------------------------------------------------------------------------------------


def _checked(header: Header, validators: Sequence[Address]) -> ExtraData:
    """Return the extra data of a header that these validators proposed and sealed."""
    if header.mix_hash != MIX_HASH:
        raise HeaderRefused(Fault.MIX_HASH, header)
    if header.difficulty != 1:
        raise HeaderRefused(Fault.DIFFICULTY, header)
    used, limit = header.gas
    if used > limit or limit < _LEAST_GAS_LIMIT:
        raise HeaderRefused(Fault.GAS, header, f"{used} of {limit}")
    extra = extra_data_of(header)
    if extra.validators != tuple(validators):
        raise HeaderRefused(Fault.VALIDATORS, header, f"{len(extra.validators)} instead of {len(validators)}")
    if header.beneficiary not in extra.validators:
        raise HeaderRefused(Fault.PROPOSER, header, f"0x{header.beneficiary.hex()}")
    _require_seals(header, extra)
    return extra


def _require_seals(header: Header, extra: ExtraData) -> None:
    """Refuse a header unless two thirds sealed it. A high s is let pass: an address counts once, whatever its s."""
    digest = commit_hash(header, extra)
    sealers: set[Address] = set()
    for seal in extra.seals:
        sealer = _sealer(header, digest, seal)
        if sealer not in extra.validators:
            raise HeaderRefused(Fault.STRANGER, header, f"0x{sealer.hex()}")
        if sealer in sealers:
            raise HeaderRefused(Fault.DUPLICATE, header, f"0x{sealer.hex()}")
        sealers.add(sealer)
    needed = quorum(len(extra.validators))
    if len(sealers) < needed or not sealers:
        raise HeaderRefused(Fault.TOO_FEW_SEALS, header, f"{len(sealers)} of {needed}")


def _sealer(header: Header, digest: Hash32, seal: bytes) -> Address:
    if len(seal) != SEAL_BYTES or seal[-1] > 1:
        raise HeaderRefused(Fault.SEAL, header, f"{len(seal)} bytes")
    try:
        key = PublicKey.from_signature_and_message(seal, digest, hasher=None)
    except ValueError as fault:
        raise HeaderRefused(Fault.SEAL, header, str(fault)) from None
    return Address(keccak(key.format(compressed=False)[1:])[-ADDRESS_BYTES:])


def commit_hash(header: Header, extra: ExtraData) -> Hash32:
    """Return what validators seal: the header without seals, its round kept."""
    return keccak(header.encoded(encode_extra_data(replace(extra, seals=()))))


def block_hash(header: Header, extra: ExtraData) -> Hash32:
    """Return what the chain calls a block: the header without seals and with round zero."""
    return keccak(header.encoded(encode_extra_data(replace(extra, seals=(), round=0))))


def extra_data_of(header: Header) -> ExtraData:
    """Return a header's extra data. Raises HeaderRefused unless it has exactly the five items of the protocol."""
    try:
        extra = decode_extra_data(header.extra_data)
    except ValueError as fault:
        raise HeaderRefused(Fault.EXTRA_DATA, header, str(fault)) from None
    if len(extra.vanity) != VANITY_BYTES:
        raise HeaderRefused(Fault.VANITY, header, f"{len(extra.vanity)} bytes")
    return extra


def decode_extra_data(raw: bytes) -> ExtraData:
    """Read extra data. Raises ValueError for what is malformed, has items too many or bytes left over."""
    if len(raw) > MAX_EXTRA_BYTES:
        raise ValueError(f"{len(raw)} bytes are more than {MAX_EXTRA_BYTES}")
    try:
        items = rlp.decode(raw, strict=True)
    except RLPException as fault:
        raise ValueError(str(fault)) from None
    except RecursionError:
        raise ValueError("lists are nested too deeply") from None
    match items:
        case [bytes(vanity), [*validators], vote, bytes(number), [*seals]]:
            return ExtraData(vanity, _addresses(validators), _vote(vote), _round(number), _byte_strings(seals))
        case _:
            raise ValueError("it is not the list of vanity, validators, vote, round and seals")


def encode_extra_data(extra: ExtraData) -> bytes:
    """Write extra data."""
    vote: tuple[bytes, ...] = () if extra.vote is None else (extra.vote[0], _ADD if extra.vote[1] else b"")
    return bytes(rlp.encode((extra.vanity, extra.validators, vote, extra.round, extra.seals)))


def _byte_strings(items: Sequence[object]) -> tuple[bytes, ...]:
    found = tuple(item for item in items if isinstance(item, bytes))
    if len(found) != len(items):
        raise ValueError("a list stands where bytes must")
    return found


def _addresses(items: Sequence[object]) -> tuple[Address, ...]:
    found = _byte_strings(items)
    if any(len(item) != ADDRESS_BYTES for item in found):
        raise ValueError("an address has not 20 bytes")
    return tuple(map(Address, found))


def _vote(item: object) -> tuple[Address, bool] | None:
    match item:
        case []:
            return None
        case [bytes(subject), bytes(wish)] if len(subject) == ADDRESS_BYTES and (wish == _ADD or wish in _DROP):
            return Address(subject), wish == _ADD
        case _:
            raise ValueError("the vote is malformed")


def _round(item: bytes) -> int:
    number = int.from_bytes(item, "big")
    if item[:1] == b"\0" or number > _HIGHEST_ROUND:
        raise ValueError("the round is malformed")
    return number


# --- Votes ------------------------------------------------------------------------------------------------------------


def _counted(trusted: Trusted, voter: Address, vote: tuple[Address, bool] | None, terms: Terms) -> Trusted:
    """Return what is trusted after a block's vote was counted."""
    is_epoch = trusted.block.height % terms.epoch_length == 0
    if is_epoch:
        trusted = replace(trusted, votes=())
    if vote is None or (is_epoch and terms.dialect is Dialect.BESU):
        return trusted
    return cast_vote(trusted, Vote(voter, *vote), terms.dialect)


def cast_vote(trusted: Trusted, vote: Vote, dialect: Dialect) -> Trusted:
    """Return what is trusted after one vote. More than half of the validators add or drop one of them."""
    votes = tuple(old for old in trusted.votes if (old.voter, old.subject) != (vote.voter, vote.subject))
    is_moot = vote.add == (vote.subject in trusted.validators)
    if not (is_moot and dialect is Dialect.GOQUORUM):
        votes = (*votes, vote)
    # GoQuorum acts on what is pending about the subject, whatever this vote says: a moot vote may carry it out.
    wish = vote if dialect is Dialect.BESU else replace(vote, add=vote.subject not in trusted.validators)
    agreeing = sum((old.subject, old.add) == (wish.subject, wish.add) for old in votes)
    if agreeing <= len(trusted.validators) // 2:
        return replace(trusted, votes=votes)
    return _changed(replace(trusted, votes=votes), wish)


def _changed(trusted: Trusted, vote: Vote) -> Trusted:
    others = {validator for validator in trusted.validators if validator != vote.subject}
    validators = others | {vote.subject} if vote.add else others
    votes = tuple(
        old for old in trusted.votes if old.subject != vote.subject and (vote.add or old.voter != vote.subject)
    )
    return Trusted(trusted.block, tuple(sorted(validators)), votes)
