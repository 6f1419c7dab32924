"""The rules that test_architecture.py holds our sources to: arrows of import, purity, sizes, names.

Sources are read with `ast`, never imported, so a module that breaks on import is judged all the same.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

Function = ast.FunctionDef | ast.AsyncFunctionDef

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("bridge", "relayers", "oracles", "contracts", "tests")

ARROWS: Final = {
    "bridge": (),
    "bridge.core": ("bridge.core",),
    "bridge.adapters": ("bridge.adapters", "bridge.core"),
    "bridge.devnet": ("bridge.devnet", "bridge.adapters", "bridge.core", "contracts", "oracles.core"),
    "bridge.cli": ("bridge.cli", "bridge.devnet", "bridge.adapters", "bridge.core", "contracts"),
    "relayers": ("relayers", "bridge.adapters", "bridge.core"),
    "relayers.watch": (
        "relayers.watch",
        "bridge.adapters.commands",
        "bridge.adapters.config",
        "bridge.adapters.keystores",
        "bridge.adapters.redaction",
        "bridge.adapters.telemetry",
    ),
    "oracles": ("oracles", "bridge.adapters", "bridge.core"),
    "oracles.core": ("oracles.core", "bridge.core"),
    "contracts": ("contracts", "bridge.adapters", "bridge.core"),
    "tests": PACKAGES,
}
"""Which of our modules a layer may import. A module belongs to the layer with the longest matching name."""

PURE: Final = ("bridge.core", "oracles.core")
PURE_IMPORTS: Final = frozenset(
    "__future__ abc base64 binascii bisect calendar collections csv dataclasses datetime decimal enum "
    "fractions functools graphlib hashlib heapq hmac html itertools json math numbers operator re statistics "
    "string struct textwrap types typing unicodedata "
    "coincurve eth_abi eth_keys eth_utils py_ecc rlp sha3 trie".split()
)
"""All that a pure layer may import: no I/O, clock, randomness, concurrency or logging among it."""
PURE_NAMES: Final = {
    "io.BytesIO": "the archive readers below insist on something that reads like a file; it is memory",
    "openpyxl": "reads a publisher's workbook from memory and checks our own reading of it",
    "warnings": "openpyxl warns of styles it does not know; nothing is printed or kept",
    "xml.etree.ElementTree": "a workbook's sheet is XML; our reading keeps its numbers as text",
    "zipfile.BadZipFile": "a workbook is an archive: what its reader raises",
    "zipfile.LargeZipFile": "the same",
    "zipfile.ZipFile": "a workbook is an archive; given bytes in memory it opens no file",
    "zlib": "what inflation in memory raises for a damaged archive",
}
"""What a pure layer may also import, by its full name -> why that is still no I/O."""
PURE_FORBIDDEN_CALLS: Final = frozenset({"open", "print", "input", "exec", "eval", "__import__", "breakpoint"})
CLOCK_METHODS: Final = frozenset({"now", "utcnow", "today"})

SUPERVISORS: Final = ("relayers/app.py", "oracles/app.py")
"""The only places that may catch everything: they restart what died and say so."""

VAGUE_NAMES: Final = frozenset("util utils helper helpers common misc manager managers".split())
MODULE_LINES: Final = 400
FUNCTION_LINES: Final = 40
LONG_FUNCTIONS: Final[dict[str, str]] = {}
"""`path::qualified.name` of a function that reads better in one piece than in two -> why."""


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, with forward slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        return self.module if self.path.endswith("/__init__.py") else self.module.rpartition(".")[0]

    def at(self, node: ast.AST, what: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)} {what}"


Rule = Callable[[Source], Iterator[str]]
"""A rule yields what breaks it, as `path:line what`."""


def forbidden_imports(source: Source) -> Iterator[str]:
    """Name every import that no arrow allows, wherever in the file it stands."""
    layer = layer_of(source.module)
    for node, name in imported(source):
        ours = name.split(".")[0] in PACKAGES
        if ours and not any(within(name, allowed) for allowed in ARROWS[layer]):
            yield source.at(node, f"imports {name}: no arrow from {layer} leads there")
        if not ours and layer in PURE and name.split(".")[0] not in PURE_IMPORTS and name not in PURE_NAMES:
            yield source.at(node, f"imports {name}: {layer} is pure")


def impure_calls(source: Source) -> Iterator[str]:
    """Name every clock, file or terminal that a pure layer reaches without an import of its own."""
    if layer_of(source.module) not in PURE:
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=method):
                if owner in {"datetime", "date"} and method in CLOCK_METHODS:
                    yield source.at(node, f"reads the clock: {owner}.{method}")
            case ast.Call(func=ast.Name(id=name)) if name in PURE_FORBIDDEN_CALLS:
                yield source.at(node, f"calls {name}: {layer_of(source.module)} is pure")
            case _:
                pass


def catch_alls(source: Source) -> Iterator[str]:
    """Name every handler outside a supervisor that would also swallow a programming error."""
    if source.path in SUPERVISORS:
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.ExceptHandler(type=None):
                yield source.at(node, "catches everything")
            case ast.ExceptHandler(type=ast.expr() as caught) if names_catch_all(caught):
                yield source.at(node, "catches everything")
            case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=arguments):
                if any(names_catch_all(argument) for argument in arguments):
                    yield source.at(node, "suppresses everything")
            case _:
                pass


def oversized(source: Source) -> Iterator[str]:
    """Say so if a file, Python or Solidity, is longer than a reader keeps in mind."""
    lines = len(source.text.splitlines())
    if lines > MODULE_LINES:
        yield f"{source.path} has {lines} lines, {MODULE_LINES} are allowed"


def long_functions(source: Source) -> dict[str, int]:
    """Lines of every function over the limit, from `def` to its end, by `path::qualified.name`."""
    found = {}
    for name, node in functions(source.tree):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES:
            found[f"{source.path}::{name}"] = lines
    return found


def vague_names(source: Source) -> Iterator[str]:
    """Name every module or package whose name says nothing about what is in it."""
    for part in source.module.split("."):
        if part in VAGUE_NAMES:
            yield f"{source.path}: {part} is no name for a module"


def unaccounted(found: dict[str, int], excused: dict[str, str]) -> list[str]:
    """Compare long functions with the table of exceptions, both ways."""
    return [
        *(
            f"{name} has {lines} lines, {FUNCTION_LINES} are allowed"
            for name, lines in found.items()
            if name not in excused
        ),
        *(f"{name}: an exception that nothing needs" for name in excused if name not in found),
        *(f"{name}: an exception without a reason" for name, reason in excused.items() if not reason.strip()),
    ]


def layer_of(module: str) -> str:
    """Return the layer a module belongs to."""
    return max((layer for layer in ARROWS if within(module, layer)), key=len)


def within(name: str, parent: str) -> bool:
    """Say whether a dotted name is `parent`, lies under it, or is a sibling such as `bridge.cli_route`."""
    return name == parent or name.startswith((f"{parent}.", f"{parent}_"))


def imported(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Every imported name in full: `from a.b import c` is a.b.c, relative ones are resolved."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Import(names=names):
                yield from ((node, alias.name) for alias in names)
            case ast.ImportFrom(module=origin, names=names, level=level):
                parents = source.package.split(".")
                above = parents[: len(parents) - level + 1] if level else []
                start = ".".join([*above, *([origin] if origin else [])])
                yield from ((node, f"{start}.{alias.name}") for alias in names)
            case _:
                pass


def names_catch_all(node: ast.expr) -> bool:
    """Say whether an expression after `except` names Exception or BaseException."""
    return any(
        isinstance(part, ast.Name | ast.Attribute)
        and (part.id if isinstance(part, ast.Name) else part.attr) in {"Exception", "BaseException"}
        for part in ast.walk(node)
    )


def functions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Every function under a node, with its qualified name."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield prefix + name, child
                yield from functions(child, f"{prefix}{name}.")
            case ast.ClassDef(name=name):
                yield from functions(child, f"{prefix}{name}.")
            case _:
                yield from functions(child, prefix)


def python_sources() -> list[Source]:
    """Read every Python file of our packages."""
    return [
        Source(path.relative_to(ROOT).as_posix(), path.read_text())
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "node_modules" not in path.parts
    ]


def solidity_sources() -> list[Source]:
    """Read every Solidity file that is deployed; tests may be longer."""
    return [
        Source(path.relative_to(ROOT).as_posix(), path.read_text())
        for path in sorted((ROOT / "contracts" / "src").rglob("*.sol"))
    ]
