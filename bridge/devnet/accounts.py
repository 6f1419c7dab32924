"""The people and organisations of a devnet, each with a key of its own in a keystore."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from bridge.adapters.config import AccountEntry
from bridge.adapters.keystores import QUICK_WORK_FACTOR, new_key, write_keystore, write_secret
from bridge.adapters.signers import LocalTransactionSigner
from bridge.core.types import Address
from bridge.devnet.layout import Layout

USERS: Final = ("alice", "bob", "carol")
OPERATORS: Final = ("deployer", "guardian", "watchtower")
_PASSWORD_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a key, and where it lies."""

    name: str
    signer: LocalTransactionSigner
    entry: AccountEntry

    @property
    def address(self) -> Address:
        """The account."""
        return self.signer.address


@dataclass(frozen=True, slots=True)
class Organisation:
    """A relayer's operator with its two keys."""

    name: str
    attestation: Person
    submission: Person
    council: Person
    """Its seat in the council that governs."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody."""

    users: tuple[Person, ...]
    operators: dict[str, Person]
    organisations: tuple[Organisation, ...]

    def funded(self) -> list[Address]:
        """Return the accounts that send transactions."""
        organisations = [person for org in self.organisations for person in (org.submission, org.council)]
        people = (*self.users, *self.operators.values(), *organisations)
        return [person.address for person in people]


def make_cast(layout: Layout, organisations: int) -> Cast:
    """Make all keys and write their keystores."""
    return Cast(
        users=tuple(make_person(layout, name) for name in USERS),
        operators={name: make_person(layout, name) for name in OPERATORS},
        organisations=tuple(
            Organisation(
                f"relayer-{number}",
                make_person(layout, f"relayer-{number}-attestation"),
                make_person(layout, f"relayer-{number}-submission"),
                make_person(layout, f"council-{number}"),
            )
            for number in range(1, organisations + 1)
        ),
    )


def make_person(layout: Layout, name: str) -> Person:
    """Make the key of a sending account and write its keystore."""
    key = new_key()
    kept = keep_key(layout, name, key)
    signer = LocalTransactionSigner(key)
    entry = AccountEntry(name=name, address=signer.address, keystore=kept.keystore, password_file=kept.password_file)
    return Person(name, signer, entry)


class KeptKey(NamedTuple):
    """Where a key lies, and the password that opens it."""

    keystore: Path
    password_file: Path


def keep_key(layout: Layout, name: str, key: bytes, *, is_bls: bool = False) -> KeptKey:
    """Write a key's keystore under a password of its own."""
    password = secrets.token_hex(_PASSWORD_BYTES)
    kept = KeptKey(*layout.keys(name))
    write_keystore(kept.keystore, key, password, QUICK_WORK_FACTOR, is_bls=is_bls)
    write_secret(kept.password_file, f"{password}\n")
    return kept
