"""How values are written in files: addresses and hashes in 0x-hex, prices with their unit, paths from the file on."""

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationInfo

from bridge.adapters.codec import read_address, read_hash, to_checksum, to_hex
from bridge.core.types import Address, ChainId, Hash32, Height

T = TypeVar("T")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_WEI_PER: Final = {"wei": 1, "gwei": 10**9, "ether": 10**18}


class Wrong(ValueError):
    """A value that cannot be taken: what is wrong, and what to do about it."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(f"{what}: {todo}")
        self.what = what
        self.todo = todo


class Model(BaseModel):
    """A part of a file: read once, never changed, no unknown key."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _address(value: object) -> object:
    if isinstance(value, bytes):
        return value
    try:
        address = read_address(value)
    except ValueError:
        raise Wrong(f"{value!r} is no address", "write 0x and 40 hex digits") from None
    text = str(value)
    if text[2:] not in (text[2:].lower(), text[2:].upper()) and text != to_checksum(address):
        raise Wrong(f"{value} has a wrong checksum", "copy the address again")
    return address


def _hash(value: object) -> object:
    if isinstance(value, bytes):
        return value
    try:
        return read_hash(value)
    except ValueError:
        raise Wrong(f"{value!r} is no hash", "write 0x and 64 hex digits") from None


def _wei(value: object) -> object:
    number, _, unit = str(value).partition(" ")
    try:
        wei = Decimal(number) * _WEI_PER[unit or "wei"]
    except (InvalidOperation, KeyError):
        raise Wrong(f"{value!r} is no price", "write one such as '50 gwei' or '0.1 ether'") from None
    if not wei.is_finite() or wei != wei.to_integral_value() or wei < 0:
        raise Wrong(f"{value!r} is no number of wei", "write one such as '50 gwei' or '0.1 ether'")
    return int(wei)


def _url(value: str) -> str:
    # The value itself is not shown: it may hold credentials.
    try:
        address = urlsplit(value)
        is_address = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise Wrong("is no address of a node", "write one such as https://node.example:8545")
    return value


def at_least_one(values: tuple[T, ...]) -> tuple[T, ...]:
    """Refuse an empty list. Said of whole lists only: items that are wrong have been named by then."""
    if not values:
        raise Wrong("is empty", "list at least one")
    return values


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise Wrong(f"{value!r} is no name", "use up to 63 lower-case letters, digits and hyphens")
    return value


def _path(value: Path, info: ValidationInfo) -> Path:
    """Take a relative path from the folder of the file that names it."""
    folder = (info.context or {}).get("folder")
    return value if folder is None else folder / value.expanduser()


def _existing(value: Path) -> Path:
    if not value.is_file():
        raise Wrong(f"there is no file {value}", "correct the path or create the file")
    return value


AddressField = Annotated[Address, BeforeValidator(_address), PlainSerializer(to_checksum, when_used="json")]
HashField = Annotated[Hash32, BeforeValidator(_hash), PlainSerializer(to_hex, when_used="json")]
WeiField = Annotated[int, BeforeValidator(_wei)]
UrlField = Annotated[str, AfterValidator(_url)]
PathField = Annotated[Path, AfterValidator(_path)]
FileField = Annotated[Path, AfterValidator(_path), AfterValidator(_existing)]
NameField = Annotated[str, AfterValidator(_name)]
ChainIdField = Annotated[ChainId, Field(ge=1)]
HeightField = Annotated[Height, Field(ge=0)]
