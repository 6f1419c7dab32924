"""Reads the contracts for faults without running them: slither for patterns, halmos for properties.

python -m contracts.analyze static      every finding of slither is answered in analysis/answers.toml, and no other
python -m contracts.analyze symbolic    every check in test/symbolic holds for all values within the bounds

`ANALYZE=deep` widens the bounds of halmos. Both tools live in `.venv-analysis` (`make analyze` installs it); the
compiler is the one of the npm lock. Nothing is downloaded.
"""

import json
import os
import posixpath
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from contracts.build import ROOT, BuildError, forge_binary

TOOLS: Final = ROOT.parent / ".venv-analysis" / "bin"
ANSWERS: Final = ROOT / "analysis" / "answers.toml"
CHECKS: Final = ROOT / "test" / "symbolic"
LIBRARIES: Final = "node_modules/"
LOG: Final = ROOT / "cache-symbolic" / "halmos.log"
OUTCOMES: Final = (
    "holds",
    "has a counterexample",
    "timed out",
    "met what halmos cannot do",
    "reverts always",
    "failed",
)
"""What halmos's exit codes mean, in their order."""
ALL: Final = "*"
"""A place that stands for every finding of its detector."""


class Finding(NamedTuple):
    """What slither found: its detector, the smallest named thing it is about, and slither's own words."""

    detector: str
    place: str
    text: str


class Bounds(NamedTuple):
    """How far halmos looks: what is larger is not looked at, what takes longer fails."""

    loop: int
    array_lengths: str
    bytes_lengths: str
    timeout: str
    left_out: frozenset[str] = frozenset()
    """Contracts whose checks take minutes."""


BOUNDS: Final = {
    "quick": Bounds(6, "0,1", "0,65", "60s", left_out=frozenset({"HomeDoorChecks"})),
    "deep": Bounds(12, "0,1,2", "0,65,160,1024", "20m"),
}


def main(arguments: Sequence[str]) -> int:
    """Run one command of the module docstring and return its exit code."""
    try:
        match arguments:
            case ["static"]:
                return report(unanswered(findings(), tomllib.loads(ANSWERS.read_text())), "slither")
            case ["symbolic"]:
                bounds = BOUNDS[os.environ.get("ANALYZE", "quick")]
                return report(broken(halmos(bounds), declared(bounds.left_out)), "halmos")
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except BuildError as error:
        print(f"contracts: {error}", file=sys.stderr)
        return 1


def report(faults: Sequence[str], tool: str) -> int:
    """Print what is wrong, one line each; 1 if there is anything."""
    for fault in faults:
        print(f"{tool}: {fault}", file=sys.stderr)
    return 1 if faults else 0


# --- slither ---


def findings() -> list[Finding]:
    """Run slither over everything under src and return what it found there."""
    with tempfile.TemporaryDirectory() as folder:
        compiled, found = Path(folder, "src_export.json"), Path(folder, "found.json")
        compiled.write_text(json.dumps(_export(_compiled(_sources()))))
        command = [_tool("slither"), str(compiled), "--json", str(found), "--filter-paths", LIBRARIES, "--fail-none"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not found.exists():
            raise BuildError(f"slither failed: {done.stderr[-2000:]}")
        document = json.loads(found.read_text())
    detectors = document["results"].get("detectors", [])
    found_here = [Finding(each["check"], place_of(each["elements"]), each["description"]) for each in detectors]
    print(f"slither: {len(found_here)} findings")
    return found_here


def place_of(elements: Sequence[Mapping[str, Any]]) -> str:
    """Name what a finding is about, as `Contract.function.variable`: without lines, which move."""
    names: list[str] = []
    element = elements[0] if elements else None
    while element:
        if element["type"] in {"contract", "function", "variable", "struct", "enum", "event"}:
            names.append(element["name"])
        element = element.get("type_specific_fields", {}).get("parent")
    return ".".join(reversed(names))


def unanswered(found: Sequence[Finding], answers: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Compare findings with answers, both ways."""
    places = {(finding.detector, place) for finding in found for place in (finding.place, ALL)}
    faults = [
        f"{finding.detector}, {finding.place}: not answered in {ANSWERS.name}\n{finding.text}"
        for finding in found
        if finding.place not in answers.get(finding.detector, {}) and ALL not in answers.get(finding.detector, {})
    ]
    for detector, reasons in answers.items():
        for place, reason in reasons.items():
            if (detector, place) not in places:
                faults.append(f"{detector}, {place}: answered in {ANSWERS.name} and not found any more")
            if not reason.strip() or "\n" in reason:
                faults.append(f"{detector}, {place}: an answer is one line")
    return faults


def _sources() -> dict[str, str]:
    """Text of every file under src and of all that these import, by its path under the contracts folder."""
    texts: dict[str, str] = {}
    waiting = [file.relative_to(ROOT).as_posix() for file in sorted((ROOT / "src").rglob("*.sol"))]
    while waiting:
        path = waiting.pop()
        if path not in texts:
            texts[path] = (ROOT / path).read_text()
            waiting += _imports(path, texts[path])
    return texts


def _imports(path: str, text: str) -> Iterator[str]:
    for name in re.findall(r'^import [^;]*?"([^"]+)";', text, re.MULTILINE):
        if name.startswith("."):
            yield posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        else:
            yield LIBRARIES + name


def _compiled(texts: Mapping[str, str]) -> dict[str, Any]:
    """Syntax trees and interfaces: slither wants no bytecode, whose making takes minutes."""
    order = {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in texts.items()},
        "settings": {
            "evmVersion": "osaka",
            "remappings": [f"@openzeppelin/={LIBRARIES}@openzeppelin/"],
            "outputSelection": {"*": {"*": ["abi"], "": ["ast"]}},
        },
    }
    command = [str(ROOT / "tools" / "solc"), "--standard-json"]
    done = subprocess.run(command, input=json.dumps(order), capture_output=True, text=True, check=True)
    output: dict[str, Any] = json.loads(done.stdout)
    errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
    if errors:
        raise BuildError(f"solc: {errors[0]}")
    return output


def _export(output: Mapping[str, Any]) -> dict[str, Any]:
    """Give the compiler's output the form in which crytic-compile hands a finished build to slither."""
    version = json.loads((ROOT / "node_modules/solc/package.json").read_text())["version"]
    names = {
        path: {"absolute": str(ROOT / path), "used": path, "short": path, "relative": path}
        for path in output["sources"]
    }
    nothing: dict[str, Any] = {"bin": "", "bin-runtime": "", "srcmap": "", "srcmap-runtime": ""}
    nothing |= {"libraries": {}, "userdoc": {}, "devdoc": {}}
    units = {
        path: {
            "ast": source["ast"],
            "contracts": {
                contract: {
                    **nothing,
                    "abi": made["abi"],
                    "filenames": names[path],
                    "is_dependency": path.startswith(LIBRARIES),
                }
                for contract, made in output["contracts"].get(path, {}).items()
            },
        }
        for path, source in output["sources"].items()
    }
    compiler = {"compiler": "solc", "version": version, "optimized": True}
    unit = {"compiler": compiler, "source_units": units, "filenames": list(names.values())}
    return {
        "compilation_units": {"src": unit},
        "package": "",
        "working_dir": str(ROOT),
        "type": 1,
        "unit_tests": [],
        "crytic_version": "0.0.2",
    }


# --- halmos ---


def halmos(bounds: Bounds) -> dict[str, dict[str, Any]]:
    """Run every check and return halmos's result by `Contract.check`; counterexamples are in its log."""
    environment = {"FOUNDRY_PROFILE": "symbolic", "PATH": f"{TOOLS}:{forge_binary().parent}:{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "results.json")
        command = [_tool("halmos"), "--root", str(ROOT), "--forge-build-out", "out-symbolic", "--no-status"]
        command += ["--loop", str(bounds.loop), "--solver-timeout-assertion", bounds.timeout]
        command += ["--default-array-lengths", bounds.array_lengths, "--default-bytes-lengths", bounds.bytes_lengths]
        command += ["--solver-command", f"{TOOLS / 'yices-smt2'} --smt2-model-format --bvconst-in-decimal"]
        command += ["--match-contract", f"^(?!({'|'.join(bounds.left_out)})$)"] if bounds.left_out else []
        LOG.parent.mkdir(exist_ok=True)
        with LOG.open("w") as log:
            command += ["--json-output", str(written)]
            environment = {**os.environ, **environment}
            subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=log, check=False)
        if not written.exists():
            raise BuildError(f"halmos did not come to its end, see {LOG}")
        results = json.loads(written.read_text())["test_results"]
    named = {
        f"{contract.rpartition(':')[2]}.{result['name'].partition('(')[0]}": result
        for contract, checks in results.items()
        for result in checks
    }
    for name, result in named.items():
        print(f"halmos: {OUTCOMES[result['exitcode']]}: {name}")
    return named


def broken(results: Mapping[str, Mapping[str, Any]], expected: Sequence[str]) -> list[str]:
    """Say which check did not hold, was not looked at to its end, or was not run at all."""
    faults = [f"{name}: was not run" for name in expected if name not in results]
    for name, result in results.items():
        if result["exitcode"] != 0:
            faults.append(f"{name}: {OUTCOMES[result['exitcode']]}, see {LOG}")
        elif result["num_bounded_loops"]:
            faults.append(f"{name}: a loop is longer than the bound, so this proves nothing")
    return faults


def declared(left_out: frozenset[str] = frozenset()) -> list[str]:
    """Every check that is written down, as `Contract.check`, but for those of contracts that are left out."""
    names = []
    for file in sorted(CHECKS.glob("*.t.sol")):
        contract = ""
        for kind, name in re.findall(r"^ *(contract|function) (\w+)", file.read_text(), re.MULTILINE):
            if kind == "contract":
                contract = name
            elif name.startswith("check_") and contract not in left_out:
                names.append(f"{contract}.{name}")
    return names


def _tool(name: str) -> str:
    if not (TOOLS / name).is_file():
        raise BuildError(f"no {name} in .venv-analysis: run `make analyze`")
    return str(TOOLS / name)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
