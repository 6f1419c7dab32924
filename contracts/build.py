"""Builds the contracts: finds the native Foundry binaries, compiles artifacts, measures gas.

python -m contracts.build forge ARGS...         run forge here and return its exit code
python -m contracts.build artifacts [--check]   write artifacts/, or name those that are stale
python -m contracts.build snapshots [--check]   write the gas figures to snapshots/, or name those that moved

`FOUNDRY_PROFILE` chooses the profile of `forge`; the other two choose it themselves.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent
ARTIFACTS: Final = ROOT / "artifacts"
SNAPSHOTS: Final = ROOT / "snapshots"
GAS_TESTS: Final = Path("test", "gas")
LONGEST_SHOWN: Final = 16


class Build(NamedTuple):
    """The contracts we deploy to one kind of chain, the forge profile for it, and where that one writes."""

    profile: str
    out: str
    contracts: tuple[str, ...]


BUILDS: Final = {
    "home": Build(
        "home",
        "out-home",
        (
            "common/EcdsaCommittee",
            "governance/Council",
            "governance/GuardianDesk",
            "governance/Timelock",
            "home/AttestationBoard",
            "home/HomeGateway",
            "home/JGBToken",
        ),
    ),
    "remote": Build(
        "default",
        "out",
        (
            "common/EcdsaCommittee",
            "governance/Council",
            "governance/GuardianDesk",
            "governance/Timelock",
            "remote/RemoteGateway",
            "remote/WrappedJGB",
            "oracle/BlsReporters",
            "oracle/CompoundedCallRateIndex",
            "oracle/EcdsaReporters",
            "oracle/Feed",
            "oracle/RateOracle",
            "examples/RateReader",
        ),
    ),
}


class BuildError(Exception):
    """What has to be done before the contracts can be built, in one line."""


def main(arguments: Sequence[str]) -> int:
    """Run one command of the module docstring and return its exit code."""
    try:
        match arguments:
            case ["forge", *rest]:
                return forge(rest)
            case ["artifacts"]:
                return write_files(compiled_artifacts(complete=False), ARTIFACTS)
            case ["artifacts", "--check"]:
                return check_files(compiled_artifacts(complete=True), ARTIFACTS, "artifacts")
            case ["snapshots"]:
                return write_files(measured_gas(), SNAPSHOTS)
            case ["snapshots", "--check"]:
                return check_files(measured_gas(), SNAPSHOTS, "snapshots")
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except BuildError as error:
        print(f"contracts: {error}", file=sys.stderr)
        return 1


def forge_binary() -> Path:
    """Return the native forge of this platform. Raises BuildError if it is not installed."""
    return _native_binary("forge")


def anvil_binary() -> Path:
    """Return the native anvil of this platform. Raises BuildError if it is not installed."""
    return _native_binary("anvil")


def forge(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
    """Run forge in the contracts folder, with `environment` on top of our own, and return its exit code."""
    sys.stdout.flush()
    command = [str(forge_binary()), *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **(environment or {})}, check=False).returncode


def compiled_artifacts(*, complete: bool) -> dict[str, str]:
    """Compile both profiles and return the text of every artifact by its path under artifacts/.

    A listed contract without a source is left out, or a BuildError if the table must be `complete`.
    """
    texts = {}
    for kind, build in BUILDS.items():
        if forge(["build"], {"FOUNDRY_PROFILE": build.profile}) != 0:
            raise BuildError(f"forge could not compile the profile {build.profile}")
        for contract in build.contracts:
            if not (ROOT / "src" / f"{contract}.sol").exists():
                if complete:
                    raise BuildError(f"src/{contract}.sol is listed in contracts/build.py and does not exist")
                continue
            name = contract.rpartition("/")[2]
            output = json.loads((ROOT / build.out / f"{name}.sol" / f"{name}.json").read_text())
            texts[f"{kind}/{name}.json"] = _render(_artifact(name, output))
    return texts


def measured_gas() -> dict[str, str]:
    """Run the gas tests and return the text of every figures file by its path under snapshots/.

    Each top-level call is a transaction of its own (`--isolate`), so a figure is what a user pays.
    """
    if not any((ROOT / GAS_TESTS).glob("**/*.t.sol")):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        recording = {"FOUNDRY_PROFILE": "default", "FORGE_SNAPSHOT_EMIT": "true", "FOUNDRY_SNAPSHOTS": folder}
        recording["FORGE_SNAPSHOT_CHECK"] = "false"
        if forge(["test", "--isolate", "--match-path", f"{GAS_TESTS.as_posix()}/**"], recording) != 0:
            raise BuildError(f"the tests in {GAS_TESTS.as_posix()} do not pass")
        return {file.name: _render(json.loads(file.read_text())) for file in Path(folder).glob("*.json")}


def write_files(texts: Mapping[str, str], folder: Path) -> int:
    """Make `folder` hold exactly these JSON files, touching none that is right already."""
    for path, text in texts.items():
        file = folder / path
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            print(f"wrote {file.relative_to(ROOT)}")
    for path in sorted(_present(folder) - texts.keys()):
        (folder / path).unlink()
        print(f"removed {(folder / path).relative_to(ROOT)}")
    return 0


def check_files(texts: Mapping[str, str], folder: Path, target: str) -> int:
    """Name every file of `folder` that is missing, stale or left over; 1 if there is one."""
    present = {path: (folder / path).read_text() for path in _present(folder)}
    paths = sorted({*present, *texts})
    findings = list(chain.from_iterable(_differences(path, present, texts) for path in paths))
    for finding in findings:
        print(f"contracts/{folder.name}/{finding}", file=sys.stderr)
    if findings:
        print(f"run `make {target}` and commit what it changes", file=sys.stderr)
    return 1 if findings else 0


def _present(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.glob("**/*.json")}


def _differences(path: str, present: Mapping[str, str], expected: Mapping[str, str]) -> Iterator[str]:
    """Say what is wrong with one file, gas figures by name."""
    if path not in present:
        yield f"{path}: missing"
    elif path not in expected:
        yield f"{path}: nothing produces it"
    elif present[path] != expected[path]:
        old, new = json.loads(present[path]), json.loads(expected[path])
        if old == new:
            yield f"{path}: formatted by hand"
        for key in sorted(key for key in old | new if old.get(key) != new.get(key)):
            yield f"{path}: {key} {_short(old.get(key))} -> {_short(new.get(key))}"


def _short(value: object) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= LONGEST_SHOWN else f"({len(text)} characters)"


def _artifact(name: str, output: dict[str, Any]) -> dict[str, Any]:
    """Keep of forge's output what deployment needs and what the source alone determines."""
    deployed = output["deployedBytecode"]
    if output["bytecode"]["linkReferences"] or deployed["linkReferences"]:
        raise BuildError(f"{name} links a library; libraries of ours have internal functions only")
    settings = output["metadata"]["settings"]
    return {
        "contractName": name,
        "compiler": {
            "version": output["metadata"]["compiler"]["version"],
            "evmVersion": settings["evmVersion"],
            "optimizer": settings["optimizer"],
            "viaIR": settings.get("viaIR", False),
        },
        "abi": output["abi"],
        "bytecode": output["bytecode"]["object"],
        "deployedBytecode": deployed["object"],
        # One list of places per immutable. solc keys them by numbers that change with every file added.
        "immutableReferences": sorted(
            (sorted(places, key=_start) for places in deployed.get("immutableReferences", {}).values()),
            key=lambda places: _start(places[0]),
        ),
    }


def _start(place: Mapping[str, int]) -> int:
    return place["start"]


def _render(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _native_binary(tool: str) -> Path:
    """Find the binary inside the platform's own npm package; the wrapper package hides exit codes."""
    system = {"linux": "linux", "darwin": "darwin", "win32": "win32"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    package = f"@foundry-rs/{tool}-{system}-{machine}"
    binary = ROOT / "node_modules" / package / "bin" / (f"{tool}.exe" if system == "win32" else tool)
    if not binary.is_file():
        raise BuildError(f"no {tool} for this platform (npm package {package}): run `make setup`")
    return binary


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
