"""What processes are configured with: a relayer's TOML and environment, and the file of a deployed network."""

from bridge.adapters.config.loading import BadConfig, Draft, Problem, load, load_model, read_draft
from bridge.adapters.config.network import (
    AccountEntry,
    AssetEntry,
    HomeEntry,
    Network,
    RelayerEntry,
    RemoteEntry,
    encode_network,
    load_network,
)
from bridge.adapters.config.relayer import (
    HOME_NAME,
    Api,
    Chain,
    Fees,
    Finality,
    Home,
    KeyFile,
    Keys,
    Provider,
    RelayerConfig,
    Remote,
)

__all__ = [
    "HOME_NAME",
    "AccountEntry",
    "Api",
    "AssetEntry",
    "BadConfig",
    "Chain",
    "Draft",
    "Fees",
    "Finality",
    "Home",
    "HomeEntry",
    "KeyFile",
    "Keys",
    "Network",
    "Problem",
    "Provider",
    "RelayerConfig",
    "RelayerEntry",
    "Remote",
    "RemoteEntry",
    "encode_network",
    "load",
    "load_model",
    "load_network",
    "read_draft",
]
