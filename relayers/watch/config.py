"""What a watchtower is told: where chains and contracts are, whose balances matter, and with which key it may pause."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from bridge.adapters.config.fields import (
    AddressField,
    ChainIdField,
    FileField,
    HeightField,
    Model,
    NameField,
    PathField,
    UrlField,
    WeiField,
    at_least_one,
)

PREFIX: Final = "JGB_WATCHTOWER__"


class Key(Model):
    """The key that is on duty at the desks of the watch: it may pause, and nothing else."""

    keystore: FileField
    password_file: FileField


class Watched(Model):
    """One chain."""

    name: NameField
    chain_id: ChainIdField
    url: UrlField
    """A node of the watchtower's own, not one that relayers ask."""
    gateway: AddressField
    watch: AddressField
    """The desk by which it pauses."""
    others: tuple[AddressField, ...] = ()
    """Further contracts whose changes of rules are registered: timelock, committee, council, desks."""
    start_height: HeightField = Field(default=1, validate_default=True)
    is_free: bool = False
    """Whether transactions cost nothing, as at home."""


class WatchedHome(Watched):
    """The home ledger."""

    board: AddressField


class Submitter(Model):
    """An account that pays for transactions, and what it must hold."""

    chain_id: ChainIdField
    account: AddressField
    least: WeiField


class WatchConfig(Model):
    """Everything a watchtower is told."""

    name: NameField
    data_dir: PathField
    key: Key
    home: WatchedHome
    remotes: Annotated[tuple[Watched, ...], AfterValidator(at_least_one)]
    submitters: tuple[Submitter, ...] = ()
    poll_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    pause_seconds: Annotated[int, Field(ge=1)] = 86_400
    """How long a pause lasts; the gateways bound it."""
    probes: Annotated[int, Field(ge=1)] = 5
    """Failed transactions to a gateway within a hundred blocks that are worth an alarm."""
    log_level: str = "info"
