"""What documents say of the watchtower."""

import re
import tomllib
from pathlib import Path

from relayers.watch.config import WatchConfig, Watched, WatchedHome

ROOT = Path(__file__).parents[2]


def test_the_table_of_invariants_names_tests_that_exist() -> None:
    text = (ROOT / "contracts" / "INVARIANTS.md").read_text().partition("## The watchtower")[2]
    sources = "".join(path.read_text() for path in (ROOT / "tests" / "watch").glob("*.py"))
    named = re.findall(r"`(test_\w+)`", text)
    assert len(named) > 15
    for name in named:
        assert f"def {name}(" in sources, name


def test_the_example_of_the_operators_page_has_the_keys_there_are() -> None:
    text = (ROOT / "relayers" / "watch" / "OPERATIONS.md").read_text()
    example = tomllib.loads(text.partition("```toml\n")[2].partition("```")[0])
    for shown, model in ((example, WatchConfig), (example["home"], WatchedHome), (example["remotes"][0], Watched)):
        assert {key.removesuffix("_file") for key in shown} <= model.model_fields.keys()
    left = set(WatchConfig.model_fields) - example.keys() - {"log_level"}
    assert left <= set(re.findall(r"`(\w+)`", text))
