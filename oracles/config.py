"""What an oracle's daemon is configured with: TOML, and the environment under `JGB_ORACLE__`."""

from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from bridge.adapters.config import Api, Fees, KeyFile, Provider, load_model
from bridge.adapters.config.fields import (
    AddressField,
    ChainIdField,
    HashField,
    HeightField,
    Model,
    NameField,
    PathField,
    UrlField,
    Wrong,
    at_least_one,
)
from bridge.core.types import ChainId
from oracles.core.catalogue import CATALOGUE, JSDA_GROUP, jsda_price, jsda_yield
from oracles.core.ledger import Key
from oracles.core.series import Series

PREFIX: Final = "JGB_ORACLE__"
_FREE: Final = Fees(max_fee_per_gas=0, priority_fee_per_gas=0, daily_budget=0)
_PUBLIC: Final = Fees(max_fee_per_gas=200 * 10**9, priority_fee_per_gas=10**9, daily_budget=10**18)
_GROUPS: Final = sorted({JSDA_GROUP, *(series.group for series in CATALOGUE.values())})


class OracleKeys(Model):
    """The two keys of a reporter."""

    reporting: KeyFile
    """Signs reports: the organisation's place in the set. EIP-2335 for BLS, Web3 v3 for ECDSA."""
    submission: KeyFile
    """Posts on the board and pays for pushes."""


class OracleChain(Model):
    """What every chain has."""

    chain_id: ChainIdField
    providers: Annotated[tuple[Provider, ...], AfterValidator(at_least_one)]
    poll_seconds: Annotated[float, Field(gt=0, le=60)] = 0.5


class OracleHome(OracleChain):
    """The ledger with the board."""

    genesis_hash: HashField
    board: AddressField
    start_height: HeightField = Field(default=1, validate_default=True)
    """The first block that can hold an event of the board."""
    fees: Fees = _FREE


class OracleRemote(OracleChain):
    """A chain that the oracle writes to."""

    name: NameField
    oracle: AddressField
    index: AddressField | None = None
    """The compounded index, which anybody may advance; None leaves that to others."""
    fees: Fees = _PUBLIC


class Group(Model):
    """A group of series to report, from one day on."""

    name: str
    first: date
    last: date | None = None
    """None goes on for ever."""
    issues: tuple[Annotated[str, Field(pattern=r"^[0-9]{9}$")], ...] = ()
    """Issues whose reference prices are carried. Name them only with the Association's permission."""

    @field_validator("name")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in _GROUPS:
            raise Wrong(f"{name!r} is no group", f"there are {', '.join(_GROUPS)}")
        return name

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise Wrong(f"{self.last} is before {self.first}", "exchange them")
        if bool(self.issues) != (self.name == JSDA_GROUP):
            raise Wrong("issues belong to the group jsda/otc and to no other", "name them there")
        return self

    @property
    def series(self) -> tuple[Series, ...]:
        """Its series."""
        if self.issues:
            return tuple(make(issue) for issue in self.issues for make in (jsda_price, jsda_yield))
        return tuple(series for series in CATALOGUE.values() if series.group == self.name)

    def key(self, day: date) -> Key:
        """What its reports about a day are filed under."""
        return Key(self.series[0].group_id, day)


class PublisherUrls(Model):
    """Where documents are fetched; by default from the publishers themselves."""

    boj_daily: UrlField = "https://www.boj.or.jp/en/statistics/market/short/mutan/d_release"
    boj_api: UrlField = "https://www.stat-search.boj.or.jp/api/v1"
    mof: UrlField = "https://www.mof.go.jp"
    jsda: UrlField = "https://market.jsda.or.jp/shijyo/saiken/baibai/baisanchi/files"
    spacing_seconds: Annotated[float, Field(ge=0, le=600)] = 1.0
    """Least time between two requests to one host."""
    workbook_days: Annotated[int, Field(ge=0)] = 10
    """Daily workbooks that are older are not asked for: they vanish, and the API has their numbers."""


class SettlingTimes(Model):
    """How long sources are given to settle, in seconds."""

    window: Annotated[int, Field(ge=1)] = 600
    patience: Annotated[int, Field(ge=1)] = 3600


class OracleConfig(Model):
    """Everything a reporter is told."""

    name: NameField
    data_dir: PathField
    oracle_id: HashField
    scheme: Literal["bls", "ecdsa"] = "bls"
    keys: OracleKeys
    home: OracleHome
    remotes: Annotated[tuple[OracleRemote, ...], AfterValidator(at_least_one)]
    groups: Annotated[tuple[Group, ...], AfterValidator(at_least_one)]
    publishers: PublisherUrls = PublisherUrls()
    settling: SettlingTimes = SettlingTimes()
    recheck_days: Annotated[int, Field(ge=0)] = 60
    """Calendar days for which settled numbers are looked at again: publishers do correct them."""
    recheck_seconds: Annotated[int, Field(ge=1)] = 3600
    turn_seconds: Annotated[int, Field(ge=1)] = 20
    """How long each publisher waits for the one before it."""
    api: Api = Api(port=8710)
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"

    @property
    def series(self) -> tuple[Series, ...]:
        """Every series that may have a feed: the catalogue, and the issues that the groups name."""
        named = (series for group in self.groups for series in group.series)
        return tuple(dict.fromkeys((*CATALOGUE.values(), *named)))

    @field_validator("remotes")
    @classmethod
    def _remotes_differ(cls, remotes: tuple[OracleRemote, ...]) -> tuple[OracleRemote, ...]:
        seen: set[ChainId] = set()
        for remote in remotes:
            if remote.chain_id in seen:
                raise Wrong(f"two remotes are chain {remote.chain_id}", "remove one")
            seen.add(remote.chain_id)
        return remotes

    @field_validator("groups")
    @classmethod
    def _groups_differ(cls, groups: tuple[Group, ...]) -> tuple[Group, ...]:
        names = [group.name for group in groups]
        if len(set(names)) < len(names):
            raise Wrong("a group stands twice", "remove one")
        return groups


def load_config(path: Path, environment: dict[str, str]) -> OracleConfig:
    """Read a configuration. Raises BadConfig with all that is wrong."""
    return load_model(OracleConfig, path, environment, PREFIX)
