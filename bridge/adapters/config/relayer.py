"""What a relayer is configured with. Every key is here; `loading` says where it may be written."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from bridge.adapters.codec import Watched, watch
from bridge.adapters.config.fields import (
    AddressField,
    ChainIdField,
    FileField,
    HashField,
    HeightField,
    Model,
    NameField,
    PathField,
    UrlField,
    WeiField,
    Wrong,
    at_least_one,
)
from bridge.core.finality import Depth, Policy, Seals, Tag
from bridge.core.qbft import Dialect, Terms
from bridge.core.submission import FeeRules
from bridge.core.types import ChainId

HOME_NAME = "home"
FEWEST_VOICES = 2
"""Operators who must say the same of a chain whose headers carry no proof."""


class KeyFile(Model):
    """A key: its Web3 v3 keystore and the file with its password."""

    keystore: FileField
    password_file: FileField


class Keys(Model):
    """The two keys of a relayer. They may be one and the same, but need not."""

    attestation: KeyFile
    """Signs batches: the organisation's place in committees."""
    submission: KeyFile
    """Pays for transactions, and posts for the signer."""


class Finality(Model):
    """When a block is final: sealed by validators, under so many others, or where nodes say `finalized`."""

    kind: Literal["seals", "depth", "tag"]
    blocks: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _only_depth_counts_blocks(self) -> Self:
        if self.kind != "depth" and self.blocks:
            raise Wrong(f"{self.kind} counts no blocks", "remove blocks, or use kind = 'depth'")
        return self

    @property
    def policy(self) -> Policy:
        """How one provider's word is read where no seals prove it."""
        return Depth(self.blocks) if self.kind == "depth" else Tag()


class Sealing(Model):
    """What is known of a ledger's validators beforehand: from its genesis file, and from its operators."""

    dialect: Dialect = Dialect.BESU
    epoch_length: Annotated[int, Field(ge=1)] = 30_000
    """Blocks, as the genesis file has it."""
    trusted_height: HeightField = Field(default=0, validate_default=True)
    """A multiple of the epoch's length: verification starts there. Without one it starts at block 0."""
    trusted_hash: HashField | None = None
    trusting_days: Annotated[int, Field(ge=1)] = 30
    """A newest verified block older than that proves nothing: keys of validators who left may be anywhere by now."""

    @model_validator(mode="after")
    def _begins_an_epoch(self) -> Self:
        if self.trusted_height % self.epoch_length:
            todo = f"name one whose height is a multiple of {self.epoch_length}"
            raise Wrong(f"block {self.trusted_height} begins no voting epoch", todo)
        if self.trusted_height and self.trusted_hash is None:
            raise Wrong("trusted_hash is missing", "compare it with several operators, and add it")
        return self


class Provider(Model):
    """A node, and which operator runs it. An address that holds credentials may stand in a file of its own."""

    operator: NameField
    url: UrlField


class Fees(Model):
    """What may be spent on one chain, such as `'50 gwei'` or `'0.1 ether'`."""

    max_fee_per_gas: WeiField
    priority_fee_per_gas: WeiField
    daily_budget: WeiField
    patience: Annotated[int, Field(ge=1)] = 6
    """Blocks to wait before a transaction is sent again or replaced."""

    @property
    def rules(self) -> FeeRules:
        """As the core knows them."""
        return FeeRules(self.max_fee_per_gas, self.priority_fee_per_gas, self.daily_budget, self.patience)


_FREE = Fees(max_fee_per_gas=0, priority_fee_per_gas=0, daily_budget=0)
_PUBLIC = Fees(max_fee_per_gas=200 * 10**9, priority_fee_per_gas=10**9, daily_budget=10**18)


def _voices(providers: Sequence[Provider]) -> int:
    return len({provider.operator for provider in providers})


class Chain(Model):
    """What every chain has."""

    chain_id: ChainIdField
    gateway: AddressField
    start_height: HeightField = Field(default=1, validate_default=True)
    """The first block that can hold an event of the deployment."""
    finality: Finality
    providers: Annotated[tuple[Provider, ...], AfterValidator(at_least_one)]
    agree: Annotated[int, Field(ge=FEWEST_VOICES)] | None = None
    """Operators who must say the same of what is final; all of them unless told. Seals need none."""
    deadline_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    """After which a request is given up."""
    poll_seconds: Annotated[float, Field(gt=0, le=60)] = 0.5
    stall_seconds: Annotated[int, Field(ge=1)] = 120
    """Without a new block for so long, the chain or the provider is reported as stalled."""

    @model_validator(mode="after")
    def _is_not_one_voice(self) -> Self:
        if self.finality.kind == "seals":
            return self
        voices = _voices(self.providers)
        if voices < FEWEST_VOICES:
            raise Wrong("providers are of one operator", f"add one of another: {FEWEST_VOICES} must agree")
        if self.agree is not None and self.agree > voices:
            raise Wrong(f"{self.agree} cannot agree where {voices} speak", "lower agree, or add providers")
        return self

    @property
    def voices(self) -> int:
        """How many operators must say the same."""
        return self.agree or _voices(self.providers)


class Home(Chain):
    """The ledger on which the bonds live."""

    genesis_hash: HashField
    board: AddressField
    seals: Sealing = Sealing()
    fees: Fees = _FREE

    @property
    def name(self) -> str:
        """What logs call it."""
        return HOME_NAME

    @property
    def sealed(self) -> Seals | None:
        """How its blocks are proven, if they are sealed."""
        if self.finality.kind != "seals":
            return None
        known = self.seals
        return Seals(
            known.trusted_height, known.trusted_hash or self.genesis_hash, Terms(known.dialect, known.epoch_length)
        )


class Remote(Chain):
    """A public chain with wrapped bonds."""

    name: NameField
    fees: Fees = _PUBLIC

    @field_validator("finality")
    @classmethod
    def _has_no_seals(cls, finality: Finality) -> Finality:
        if finality.kind == "seals":
            raise Wrong("headers of public chains carry no seals", "use kind = 'tag'")
        return finality


class Api(Model):
    """Where the relayer answers over HTTP."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8700


class RelayerConfig(Model):
    """Everything a relayer is told."""

    name: NameField
    data_dir: PathField
    keys: Keys
    home: Home
    remotes: Annotated[tuple[Remote, ...], AfterValidator(at_least_one)]
    api: Api = Api()
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"

    @field_validator("remotes")
    @classmethod
    def _chains_differ(cls, remotes: tuple[Remote, ...], info: ValidationInfo) -> tuple[Remote, ...]:
        home = info.data.get("home")
        seen = {home.chain_id: HOME_NAME} if home is not None else {}
        for remote in remotes:
            if remote.chain_id in seen:
                raise Wrong(f"{seen[remote.chain_id]} and {remote.name} are both chain {remote.chain_id}", "remove one")
            if remote.name in (HOME_NAME, *seen.values()):
                raise Wrong(f"two chains are named {remote.name}", "rename one")
            seen[remote.chain_id] = remote.name
        return remotes

    @property
    def chains(self) -> tuple[Home | Remote, ...]:
        """Home, then the remotes."""
        return (self.home, *self.remotes)

    @property
    def watched(self) -> dict[ChainId, Watched]:
        """What each chain is watched for."""
        remotes = {remote.chain_id: remote.gateway for remote in self.remotes}
        return watch(self.home.chain_id, self.home.gateway, self.home.board, remotes)
