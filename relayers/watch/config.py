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
    committee: AddressField
    watch: AddressField
    """The desk by which it pauses."""
    others: tuple[AddressField, ...] = ()
    """Further contracts whose changes of rules are registered: timelock, council, other desks."""
    start_height: HeightField = Field(default=1, validate_default=True)
    """The first block that can hold an event of the deployment."""
    confirmations: Annotated[int, Field(ge=0)] | None = None
    """Blocks on top of a block that is final; without it, the node's `finalized` counts."""
    stall_seconds: Annotated[int, Field(ge=0)] = 120
    """Age of the newest block at which a chain is said to stand still: more than its empty-block period. 0 for a chain
    that makes no empty blocks at all: an idle one cannot be told from a stalled one."""


class WatchedHome(Watched):
    """The home ledger, where every block is final and transactions are free."""

    board: AddressField
    confirmations: Annotated[int, Field(ge=0)] | None = 0


class Submitter(Model):
    """An account that pays for transactions, and what it must hold."""

    chain_id: ChainIdField
    account: AddressField
    least: WeiField


class Api(Model):
    """Where it answers by HTTP."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)]


class WatchConfig(Model):
    """Everything a watchtower is told."""

    name: NameField
    data_dir: PathField
    key: Key
    home: WatchedHome
    remotes: Annotated[tuple[Watched, ...], AfterValidator(at_least_one)]
    submitters: tuple[Submitter, ...] = ()
    """Its own account too. Their failed transactions are no probes."""
    api: Api | None = None
    poll_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    deadline_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    """For every answer of a node."""
    blind_seconds: Annotated[float, Field(ge=0)] = 15.0
    """For how long a chain cannot be read before it is said."""
    patience_seconds: Annotated[int, Field(ge=1)] = 60
    """For how long an arrival may wait for a source that lags before it is said."""
    pause_seconds: Annotated[int, Field(ge=1)] = 86_400
    """How long a pause lasts; the gateways bound it."""
    probes: Annotated[int, Field(ge=1)] = 5
    """Failed transactions to a gateway within a hundred blocks that are worth an alarm."""
    silent_seconds: Annotated[int, Field(ge=1)] = 60
    """For how long a member may be later than the quorum before its signature counts as missing."""
    sweep_seconds: Annotated[int, Field(ge=1)] = 60
    """How often everything is looked at, whether it moved or not, and the state saved."""
    log_level: str = "info"

    @property
    def chains(self) -> tuple[Watched, ...]:
        """All chains, home last: what arrived is read before what left."""
        return (*self.remotes, self.home)
