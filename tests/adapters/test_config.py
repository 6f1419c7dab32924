"""A configuration is understood, or everything that is wrong with it is said at once."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bridge.adapters.config import (
    BadConfig,
    Fees,
    Provider,
    RelayerConfig,
    load,
    load_network,
    read_draft,
)
from bridge.adapters.config.checks import warnings
from bridge.adapters.config.network import Network, encode_network
from bridge.core.errors import Refuse
from bridge.core.finality import Seals, Tag
from bridge.core.qbft import Dialect, Terms
from bridge.core.submission import FeeRules
from bridge.core.types import Hash32, Height

GENESIS = "0x" + "9e" * 32
GATEWAY, BOARD, FAR_GATEWAY = ("0x" + byte * 20 for byte in ("a1", "c3", "b2"))
TEXT = f"""
name = "relayer-1"
data_dir = "data"

[keys.attestation]
keystore = "attestation.json"
password_file = "password"

[keys.submission]
keystore = "submission.json"
password_file = "password"

[home]
chain_id = 1010032
genesis_hash = "{GENESIS}"
gateway = "{GATEWAY}"
board = "{BOARD}"
finality = {{ kind = "seals" }}
providers = [{{ url = "http://127.0.0.1:8545", operator = "consortium" }}]

[[remotes]]
name = "remote-1"
chain_id = 31337
gateway = "{FAR_GATEWAY}"
start_height = 12
finality = {{ kind = "tag" }}
providers = [
  {{ url = "https://one.example/key", operator = "one" }},
  {{ url = "https://two.example/key", operator = "two" }},
]
fees = {{ max_fee_per_gas = "50 gwei", priority_fee_per_gas = "1.5 gwei", daily_budget = "0.1 ether", patience = 3 }}
"""


SEALS = Seals(Height(0), Hash32(bytes.fromhex(GENESIS[2:])), Terms(Dialect.BESU, 30_000))
TRUSTED = "0x" + "7e" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("attestation.json", "submission.json", "password"):
        (tmp_path / name).touch(mode=0o600)
    return tmp_path


def written(folder: Path, text: str = TEXT) -> Path:
    path = folder / "relayer.toml"
    path.write_text(text)
    return path


def loaded(folder: Path, text: str = TEXT, environment: Mapping[str, str] | None = None) -> RelayerConfig:
    return load(written(folder, text), environment or {})


def problems(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(BadConfig) as bad:
        loaded(folder, text, environment)
    assert str(bad.value) == "\n".join(map(str, bad.value.problems))
    return [str(problem) for problem in bad.value.problems]


def test_a_configuration_is_understood(folder: Path) -> None:
    config = loaded(folder)
    assert config.name == "relayer-1"
    assert [chain.name for chain in config.chains] == ["home", "remote-1"]
    assert (config.home.sealed, config.remotes[0].finality.policy) == (SEALS, Tag())
    assert config.home.fees.rules == FeeRules(0, 0, 0, 6)
    assert config.remotes[0].fees.rules == FeeRules(50 * 10**9, 15 * 10**8, 10**17, 3)
    assert [provider.operator for provider in config.remotes[0].providers] == ["one", "two"]
    assert config.log_level == "info"


def test_paths_start_at_the_folder_of_the_file(folder: Path) -> None:
    config = loaded(folder)
    assert config.data_dir == folder / "data"
    assert config.keys.attestation.keystore == folder / "attestation.json"


def test_verification_starts_at_a_block_that_the_operator_trusts(folder: Path) -> None:
    seals = f'seals = {{ dialect = "goquorum", epoch_length = 100, trusted_height = 700, trusted_hash = "{TRUSTED}" }}'
    config = loaded(folder, TEXT.replace("[[remotes]]", f"{seals}\n[[remotes]]"))
    assert config.home.sealed == Seals(Height(700), Hash32(bytes.fromhex(TRUSTED[2:])), Terms(Dialect.GOQUORUM, 100))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "[[remotes]]",
            "seals = { trusted_height = 700 }\n[[remotes]]",
            "home.seals: block 700 begins no voting epoch: name one whose height is a multiple of 30000",
        ),
        (
            "[[remotes]]",
            "seals = { trusted_height = 30000 }\n[[remotes]]",
            "home.seals: trusted_hash is missing: compare it with several operators, and add it",
        ),
        (
            '{ kind = "seals" }',
            '{ kind = "depth" }',
            "home: providers are of one operator: add one of another: 2 must agree",
        ),
        (
            'operator = "two"',
            'operator = "one"',
            "remotes[0]: providers are of one operator: add one of another: 2 must agree",
        ),
        (
            '{ kind = "tag" }',
            '{ kind = "tag" }\nagree = 3',
            "remotes[0]: 3 cannot agree where 2 speak: lower agree, or add providers",
        ),
        (
            'finality = { kind = "tag" }\nproviders = [',
            'finality = { kind = "tag" }\nagree = 3\nproviders = [\n  { url = "https://also.one", operator = "one" },',
            "remotes[0]: 3 cannot agree where 2 speak: lower agree, or add providers",
        ),
        (
            '{ kind = "tag" }',
            '{ kind = "tag" }\nagree = 1',
            "remotes[0].agree: input should be greater than or equal to 2",
        ),
        ('{ kind = "tag" }', '{ kind = "seals" }', "remotes[0].finality: headers of public chains carry no seals"),
        ('{ kind = "seals" }', '{ kind = "seals", blocks = 1 }', "home.finality: seals counts no blocks"),
    ],
)
def test_a_chain_is_never_believed_by_one_voice(folder: Path, old: str, new: str, problem: str) -> None:
    (found,) = problems(folder, TEXT.replace(old, new))
    assert found.startswith(problem)


def test_operators_must_agree_and_not_their_nodes(folder: Path) -> None:
    another = 'providers = [\n  { url = "https://also.one.example", operator = "one" },\n  { url = "https://one'
    remote = loaded(folder, TEXT.replace('providers = [\n  { url = "https://one', another)).remotes[0]
    assert (len(remote.providers), remote.voices) == (3, 2)


def test_both_ends_of_every_route_are_watched(folder: Path) -> None:
    config = loaded(folder)
    home, remote = config.home.chain_id, config.remotes[0].chain_id
    assert set(config.watched) == {home, remote}
    assert config.watched[home].board == config.home.board
    assert set(config.watched[home].routes) == set(config.watched[remote].routes)


def test_the_environment_overrides_the_file(folder: Path) -> None:
    environment = {
        "JGB_RELAYER__API__PORT": "9000",
        "JGB_RELAYER__HOME__PROVIDERS": '[{"url": "http://other:1", "operator": "other"}]',
        "JGB_RELAYER__REMOTES__0__START_HEIGHT": "77",
        "JGB_OTHER": "not ours",
        "HOME": "elsewhere",
    }
    config = loaded(folder, TEXT, environment)
    assert config.api.port == 9000
    assert config.home.providers[0].operator == "other"
    assert config.remotes[0].start_height == 77


def test_a_value_may_stand_in_a_file_of_its_own(folder: Path) -> None:
    (folder / "url").write_text("https://secret.example/key\n")
    (folder / "level").write_text("debug\n")
    text = TEXT.replace('url = "http://127.0.0.1:8545"', 'url_file = "url"')
    config = loaded(folder, text, {"JGB_RELAYER__LOG_LEVEL_FILE": str(folder / "level")})
    assert config.home.providers[0].url == "https://secret.example/key"
    assert config.log_level == "debug"


def test_everything_that_is_wrong_is_said_at_once(folder: Path) -> None:
    text = (
        TEXT.replace('name = "relayer-1"', 'name = "Relayer 1"\ncolour = "red"')
        .replace("start_height", "start_hight")
        .replace(f'board = "{BOARD}"', 'board = "0x12"')
        .replace(f'genesis_hash = "{GENESIS}"\n', "")
        .replace('"submission.json"', '"nowhere.json"')
        .replace("https://one.example/key", "ftp://one.example/key")
        .replace('"50 gwei"', '"50 pounds"')
        .replace('kind = "tag"', 'kind = "tag", blocks = 2')
    )
    assert problems(folder, text, {"JGB_RELAYER__API__PORT": "http"}) == [
        "name: 'Relayer 1' is no name: use up to 63 lower-case letters, digits and hyphens",
        f"keys.submission.keystore: there is no file {folder}/nowhere.json: correct the path or create the file",
        "home.genesis_hash: is missing: add it",
        "home.board: '0x12' is no address: write 0x and 40 hex digits",
        "remotes[0].finality: tag counts no blocks: remove blocks, or use kind = 'depth'",
        "remotes[0].providers[0].url: is no address of a node: write one such as https://node.example:8545",
        "remotes[0].fees.max_fee_per_gas: '50 pounds' is no price: write one such as '50 gwei' or '0.1 ether'",
        "remotes[0].start_hight: is not a key that is known here: did you mean start_height?",
        "api.port: input should be a valid integer, unable to parse string as an integer: correct it",
        "colour: is not a key that is known here: remove it",
    ]


def test_the_credentials_of_an_address_are_not_repeated(folder: Path) -> None:
    (found,) = problems(folder, TEXT.replace("https://one.example/key", "htps://user:hunter2@one.example"))
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("chain_id = 31337", "chain_id = 1010032"), "remotes: home and remote-1 are both chain 1010032: remove one"),
        (
            ('providers = [{ url = "http://127.0.0.1:8545", operator = "consortium" }]', "providers = []"),
            "home.providers: is empty: list at least one",
        ),
        (('name = "remote-1"', 'name = "home"'), "remotes: two chains are named home: rename one"),
        (
            ('kind = "seals"', 'kind = "depth", blocks = -1'),
            "home.finality.blocks: input should be greater than or equal to 0: correct it",
        ),
        (
            ('kind = "seals"', 'kind = "deep"'),
            "home.finality.kind: input should be 'seals', 'depth' or 'tag': correct it",
        ),
        (
            (f'gateway = "{GATEWAY}"', 'gateway = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed"'),
            "home.gateway: 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed has a wrong checksum: copy the address again",
        ),
        (
            ("daily_budget = ", "daily_budgett = "),
            "remotes[0].fees.daily_budgett: is not a key that is known here: did you mean daily_budget?",
        ),
    ],
)
def test_one_wrong_value_is_one_clear_line(folder: Path, change: tuple[str, str], said: str) -> None:
    assert said in problems(folder, TEXT.replace(*change))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"JGB_RELAYER__HOME__PROVIDERS": "[{"}, "leads to no key or holds no JSON"),
        ({"JGB_RELAYER__REMOTES__7__NAME": "x"}, "leads to no key or holds no JSON"),
        ({"JGB_RELAYER__NAME__FIRST": "x"}, "leads to no key or holds no JSON"),
        ({"JGB_RELAYER__COLOUR": "red"}, "is not a key that is known here"),
        ({"JGB_RELAYER__NAME_FILE": "/nowhere/name"}, "/nowhere/name cannot be read"),
    ],
)
def test_a_wrong_variable_is_refused_too(folder: Path, environment: dict[str, str], said: str) -> None:
    assert any(said in found for found in problems(folder, TEXT, environment))


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="No such file"):
        load(tmp_path / "nowhere.toml", {})


def test_a_file_that_is_no_toml_says_where(folder: Path) -> None:
    (found,) = problems(folder, TEXT + "colour = red")
    assert "is no TOML" in found
    assert f"line {TEXT.count(chr(10)) + 1}" in found


def test_what_is_right_in_a_wrong_file_can_be_tried_out(folder: Path) -> None:
    text = TEXT.replace("[home]", "[home]\ncolour = 3").replace(f'gateway = "{FAR_GATEWAY}"', 'gateway = "?"')
    draft = read_draft(written(folder, text), {})
    assert draft.config is None
    assert draft.home is not None
    assert draft.home.chain_id == 1_010_032
    assert draft.keys is not None
    assert draft.remotes == {}
    assert len(draft.problems) == 2


def test_files_that_others_can_read_are_worth_a_warning(folder: Path) -> None:
    keys = loaded(folder).keys
    assert warnings(keys) == []
    (folder / "attestation.json").chmod(0o640)
    (found,) = warnings(keys)
    assert "attestation.json can be read by other accounts" in found


def test_prices_are_exact() -> None:
    fees = Fees.model_validate(
        {"max_fee_per_gas": 7, "priority_fee_per_gas": "0.000000001 gwei", "daily_budget": "1 ether"}
    )
    assert (fees.max_fee_per_gas, fees.priority_fee_per_gas, fees.daily_budget) == (7, 1, 10**18)


@pytest.mark.parametrize("price", ["0.1 wei", "-1", "Infinity", "NaN", "5 yen", "five gwei", "", None, [1]])
def test_what_is_no_price_is_refused(price: object) -> None:
    with pytest.raises(ValueError, match=r"is no (price|number of wei)"):
        Fees.model_validate({"max_fee_per_gas": price, "priority_fee_per_gas": 0, "daily_budget": 0})


@pytest.mark.parametrize(
    "url", ["", "node.example", "ws://node.example", "http://", "http://node:0", "http://n:99999", "http://[::1"]
)
def test_what_is_no_address_of_a_node_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a node"):
        Provider(operator="one", url=url)


# --- The network's file ---


def network(folder: Path) -> Network:
    chain = {"rpc": "http://127.0.0.1:8545", "contracts": {"committee": BOARD, "gateway": GATEWAY}}
    files = {"keystore": folder / "attestation.json", "password_file": folder / "password"}
    return Network.model_validate(
        {
            "home": {**chain, "chain_id": 1_010_032, "contracts": {**chain["contracts"], "board": BOARD}},  # type: ignore[dict-item]
            "remotes": [{**chain, "name": "remote-1", "chain_id": 31_337}],
            "assets": [{"isin": "JP1103821S45", "home": BOARD, "remotes": {"remote-1": FAR_GATEWAY}}],
            "users": [{"name": "alice", "address": FAR_GATEWAY, **files}],
        }
    )


def test_a_network_is_read_as_it_was_written(folder: Path) -> None:
    (folder / "devnet.json").write_bytes(encode_network(network(folder)))
    assert load_network(folder / "devnet.json") == network(folder)


def test_parts_of_a_network_are_found_by_name_and_number(folder: Path) -> None:
    found = network(folder)
    assert found.chain("home") == found.chain("1010032") == found.home
    assert found.chain("remote-1") == found.chain("31337") == found.remotes[0]
    assert found.account("ALICE") == found.account(FAR_GATEWAY) == found.users[0]
    assert found.asset("JP1103821S45") == found.assets[0]
    for wrong in (lambda: found.chain("mars"), lambda: found.account("mallory"), lambda: found.asset("JP0")):
        with pytest.raises(Refuse, match="there are"):
            wrong()


@pytest.mark.parametrize("content", ["", "{}", '{"version": 2}', "[]"])
def test_what_is_no_network_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "devnet.json").write_text(content)
    with pytest.raises(Refuse, match="is no network of version 1") as refusal:
        load_network(tmp_path / "devnet.json")
    assert "\n" not in str(refusal.value)


def test_a_network_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refuse, match="start a devnet"):
        load_network(tmp_path / "devnet.json")
