"""What users type, checked before anything is sent: one clear line for each mistake."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bridge.adapters.config import HomeEntry, Network, RemoteEntry, load_network
from bridge.adapters.signers import LocalTransactionSigner, open_transaction_signer
from bridge.core.bonds import check_digit, is_isin
from bridge.core.errors import Refuse
from bridge.core.types import ZERO_ADDRESS, Address, Hash32, Units

ADDRESS_BYTES = 20
HASH_BYTES = 32
_ISIN_BODY = 11
_LARGEST = (1 << 96) - 1

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def sender_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the ways to name a key: a user of the network's file, or a keystore of one's own."""
    for option in (
        click.option("--password-file", type=click.Path(path_type=Path), help="File with the keystore's password."),
        click.option("--keystore", type=click.Path(path_type=Path), help="Web3 v3 keystore of your key."),
        click.option("--as", "user", metavar="NAME", help="A user of the network's file, instead of a keystore."),
    ):
        command = option(command)
    return command


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(command)


def read_network(path: Path) -> Network:
    """Read the network's file. Raises Refuse in one line."""
    return load_network(path)


def read_signer(
    network: Network, user: str | None, keystore: Path | None, password_file: Path | None
) -> LocalTransactionSigner:
    """Open the sender's key. Raises Refuse unless exactly one way is named."""
    if user is not None and keystore is None:
        account = network.account(user)
        return open_transaction_signer(account.keystore, account.password_file)
    if user is None and keystore is not None and password_file is not None:
        return open_transaction_signer(keystore, password_file)
    raise Refuse("whose key? name a user with --as, or a key with --keystore and --password-file")


def read_isin(network: Network, text: str) -> str:
    """Return an ISIN that is well-formed and known here. Raises Refuse saying which of both it is not."""
    isin = text.strip().upper()
    if not is_isin(isin):
        raise Refuse(f"{text} is no Japanese ISIN: {_isin_fault(isin)}")
    return network.asset(isin).isin


def read_amount(text: str) -> Units:
    """Return a positive whole number of units. Underscores and commas may group digits. Raises Refuse."""
    digits = text.replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit()):
        raise Refuse(f"{text} is no amount: give whole units of JPY 1 face, such as 50000")
    amount = int(digits)
    if not 0 < amount <= _LARGEST:
        raise Refuse(f"{text} is out of range: give 1 to 2^96 - 1 units of JPY 1 face")
    return Units(amount)


def read_remote(network: Network, name: str) -> RemoteEntry:
    """Return a public chain by name or id. Raises Refuse if there is none, or if it is home."""
    chain = network.chain(name)
    if not isinstance(chain, RemoteEntry):
        known = ", ".join(remote.name for remote in network.remotes)
        raise Refuse(f"{name} is the home ledger: name a public chain, one of {known}")
    return chain


def read_address(network: Network, text: str) -> Address:
    """Return an address, given in hex or as a user of the network's file. Raises Refuse."""
    if not text.startswith("0x"):
        return network.account(text).address
    raw = _hex(text)
    if raw is None or len(raw) != ADDRESS_BYTES:
        raise Refuse(f"{text} is no address: give 0x and 40 hex digits, or a user's name")
    if raw == ZERO_ADDRESS:
        raise Refuse("the zero address cannot be paid")
    if _is_mixed(text) and text != _checksummed(raw):
        raise Refuse(f"{text} has a wrong checksum: one of its digits is mistyped")
    return Address(raw)


def read_id(text: str) -> Hash32:
    """Return a transfer's id, or the hash of the transaction that sent it. Raises Refuse."""
    raw = _hex(text)
    if raw is None or len(raw) != HASH_BYTES:
        raise Refuse(f"{text} is no transfer id: give 0x and 64 hex digits")
    return Hash32(raw)


def chain_name(network: Network, chain_id: int) -> str:
    """Return what the network's file calls a chain."""
    entries: list[HomeEntry] = [*network.remotes]
    for entry in entries:
        if entry.chain_id == chain_id and isinstance(entry, RemoteEntry):
            return entry.name
    return "home" if chain_id == network.home.chain_id else str(chain_id)


def _isin_fault(isin: str) -> str:
    body = isin[:_ISIN_BODY]
    if len(isin) == _ISIN_BODY + 1 and is_isin(body + (digit := str(_digit_of(body)))):
        return f"the check digit of {body} is {digit}"
    return "it starts with JP, has 12 characters of 0-9 and A-Z, and ends with a check digit"


def _digit_of(body: str) -> int | str:
    try:
        return check_digit(body)
    except ValueError:
        return ""


def _hex(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text.removeprefix("0x")) if text.startswith("0x") else None
    except ValueError:
        return None


def _is_mixed(text: str) -> bool:
    return text[2:] not in (text[2:].lower(), text[2:].upper())


def _checksummed(raw: bytes) -> str:
    from bridge.adapters.codec import to_checksum  # noqa: PLC0415 - only for mixed case

    return to_checksum(Address(raw))
