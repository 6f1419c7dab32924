"""`jgb-oracle` as a person meets it: help in no time, bad configurations named at once, nothing started."""

from pathlib import Path

import pytest

from bridge.adapters.keystores import QUICK_WORK_FACTOR, new_key, write_keystore, write_secret
from bridge.core import bls
from oracles.signing import BlsSigner, open_signer
from tests.commands import Said, run

HASH = "0x" + "11" * 32
ADDRESS = "0x" + "22" * 20


def oracle(*words: str) -> Said:
    return run("jgb-oracle", *words)


def written(folder: Path, **changes: str) -> Path:
    """A configuration that is right but for the changes, and for nodes that nobody runs."""
    for name, is_bls in (("reporting", True), ("submission", False)):
        key = (int.from_bytes(new_key(), "big") % 2**200 + 1).to_bytes(32, "big")
        write_keystore(folder / f"{name}.json", key, "open sesame", QUICK_WORK_FACTOR, is_bls=is_bls)
        write_secret(folder / f"{name}.password", "open sesame\n")
    parts = {
        "oracle_id": HASH,
        "first": "2026-01-05",
        "group": "boj/overnight-call-rate",
        "port": "1",
        "extra": "",
    } | changes
    text = f"""name = "reporter-1"
data_dir = "data"
oracle_id = "{parts["oracle_id"]}"
{parts["extra"]}
[keys.reporting]
keystore = "reporting.json"
password_file = "reporting.password"
[keys.submission]
keystore = "submission.json"
password_file = "submission.password"
[home]
chain_id = 1
genesis_hash = "{HASH}"
board = "{ADDRESS}"
providers = [{{ url = "http://127.0.0.1:{parts["port"]}", operator = "nobody" }}]
[[remotes]]
name = "remote"
chain_id = 2
oracle = "{ADDRESS}"
providers = [{{ url = "http://127.0.0.1:{parts["port"]}", operator = "nobody" }}]
[[groups]]
name = "{parts["group"]}"
first = {parts["first"]}
"""
    path = folder / "oracle.toml"
    path.write_text(text)
    return path


def test_help_names_every_command() -> None:
    said = oracle("--help")
    assert said.code == 0
    assert all(command in said.out for command in ("run", "once", "show", "verify"))


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    said = oracle("run", "--config", str(tmp_path / "none.toml"))
    assert said.code == 2
    assert "No such file" in said.err
    assert len(said.err.splitlines()) == 1


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, oracle_id="0x12", group="boj/weather", extra="colour = 1")
    said = oracle("run", "--config", str(path))
    assert said.code == 2
    for what in ("oracle_id", "boj/weather", "colour"):
        assert what in said.err
    assert not (tmp_path / "data").exists()


def test_nodes_that_nobody_runs_are_all_named_and_nothing_is_started(tmp_path: Path) -> None:
    said = oracle("once", "--config", str(written(tmp_path)))
    assert said.code == 2
    assert said.err.count("cannot be reached") == 2
    assert "remotes[0]" in said.err
    assert not (tmp_path / "data" / "journal.db").exists()


@pytest.mark.parametrize("command", ["show", "verify"])
def test_reading_commands_say_so_too(tmp_path: Path, command: str) -> None:
    said = oracle(command, "--config", str(written(tmp_path)))
    assert said.code == 2
    assert "cannot be reached" in said.err
    assert "Traceback" not in said.err


def test_a_bls_key_from_its_keystore_signs_and_never_shows(tmp_path: Path) -> None:
    written(tmp_path)
    signer = open_signer("bls", tmp_path / "reporting.json", tmp_path / "reporting.password")
    assert isinstance(signer, BlsSigner)
    digest = bytes(range(32))
    bls.require_signed(bls.Claim(digest, (signer.key,), bls.Signature(signer.sign_digest(digest))))  # type: ignore[arg-type]
    assert repr(signer) == f"BlsSigner(0x{signer.address.hex()})"
    with pytest.raises(TypeError, match="not copied"):
        signer.__reduce__()
