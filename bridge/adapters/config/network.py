"""A deployed bridge as a user sees it: the file `devnet.json`, version 1. It holds no secret, only where they are."""

from pathlib import Path
from typing import Literal

import orjson
from pydantic import Field, ValidationError

from bridge.adapters.codec import Watched, watch
from bridge.adapters.config.fields import AddressField, ChainIdField, FileField, HeightField, Model, UrlField
from bridge.core.errors import Refuse
from bridge.core.types import Address, ChainId


class HomeEntry(Model):
    """The home ledger: where a node answers, and the addresses of committee, gateway and board."""

    rpc: UrlField
    chain_id: ChainIdField
    contracts: dict[str, AddressField]
    start_height: HeightField = Field(default=0, validate_default=True)
    """The first block that can hold an event of the deployment."""


class RemoteEntry(HomeEntry):
    """A public chain: where a node answers, and the addresses of committee and gateway."""

    name: str
    feeds: dict[str, AddressField] = Field(default_factory=dict)
    """Feeds of the oracle there, by the names of their series."""


class AssetEntry(Model):
    """A bond: its token at home, and its wrapped tokens by the name of their chain."""

    isin: str
    home: AddressField
    remotes: dict[str, AddressField]


class AccountEntry(Model):
    """Somebody with a key."""

    name: str
    address: AddressField
    keystore: FileField
    password_file: FileField


class RelayerEntry(Model):
    """A daemon: its configuration, its process and where it answers."""

    name: str
    config: FileField
    pid: int
    api: UrlField


class Network(Model):
    """Everything that is public of a deployed bridge, and the people and daemons of a devnet."""

    version: Literal[1] = 1
    home: HomeEntry
    remotes: tuple[RemoteEntry, ...]
    assets: tuple[AssetEntry, ...] = ()
    users: tuple[AccountEntry, ...] = ()
    operators: tuple[AccountEntry, ...] = ()
    """Deployer, guardian, watchtower and the seats of the council of a devnet."""
    relayers: tuple[RelayerEntry, ...] = ()
    reporters: tuple[RelayerEntry, ...] = ()
    """Daemons of the oracle."""
    mirror: UrlField | None = None
    """Where a devnet's stand-in for the publishers answers."""
    pids: dict[str, int] = Field(default_factory=dict)

    @property
    def watched(self) -> dict[ChainId, Watched]:
        """What each chain is watched for."""
        remotes = {remote.chain_id: remote.contracts["gateway"] for remote in self.remotes}
        contracts = self.home.contracts
        return watch(self.home.chain_id, contracts["gateway"], contracts["board"], remotes)

    def chain(self, name: str) -> HomeEntry | RemoteEntry:
        """Return a chain by its name or its id. Raises Refuse if there is none."""
        if name in ("home", str(self.home.chain_id)):
            return self.home
        for remote in self.remotes:
            if name in (remote.name, str(remote.chain_id)):
                return remote
        known = ", ".join(["home", *(remote.name for remote in self.remotes)])
        raise Refuse(f"no chain {name}: there are {known}")

    def asset(self, isin: str) -> AssetEntry:
        """Return a bond by its ISIN. Raises Refuse if there is none."""
        for asset in self.assets:
            if asset.isin == isin:
                return asset
        raise Refuse(f"no bond {isin}: there are {', '.join(asset.isin for asset in self.assets)}")

    def account(self, name: str) -> AccountEntry:
        """Return a user or operator by name or address. Raises Refuse if there is none."""
        for account in (*self.users, *self.operators):
            if name.lower() in (account.name.lower(), _hexed(account.address)):
                return account
        raise Refuse(f"no account {name}: there are {', '.join(user.name for user in self.users)}")


def load_network(path: Path) -> Network:
    """Read a network's file; relative paths in it start at its folder. Raises Refuse in one line."""
    try:
        return Network.model_validate_json(path.read_bytes(), context={"folder": path.parent.absolute()})
    except OSError as fault:
        raise Refuse(f"{path}: {fault.strerror}: start a devnet, or name the file of a network") from None
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Refuse(f"{path} is no network of version 1: {where}: {first['msg']}") from None


def encode_network(network: Network) -> bytes:
    """Return the file's content."""
    return orjson.dumps(network.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _hexed(address: Address) -> str:
    return "0x" + address.hex()
