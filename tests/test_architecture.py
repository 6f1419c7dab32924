"""Our sources keep the rules of architecture.py, and the rules notice when one does not."""

import pytest

from tests.architecture import (
    FUNCTION_LINES,
    LONG_FUNCTIONS,
    MODULE_LINES,
    Rule,
    Source,
    catch_alls,
    forbidden_imports,
    impure_calls,
    long_functions,
    oversized,
    python_sources,
    solidity_sources,
    unaccounted,
    vague_names,
)

RULES = (forbidden_imports, impure_calls, catch_alls, oversized, vague_names)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_our_sources_keep_the_rule_against(rule: Rule) -> None:
    assert [finding for source in python_sources() for finding in rule(source)] == []


def test_our_functions_fit_on_a_page() -> None:
    found: dict[str, int] = {}
    for source in python_sources():
        found |= long_functions(source)
    assert unaccounted(found, LONG_FUNCTIONS) == []


def test_our_contracts_can_be_read_in_a_sitting() -> None:
    assert [finding for source in solidity_sources() for finding in oversized(source)] == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("bridge/core/finality.py", "import socket"),
        ("bridge/core/finality.py", "import time"),
        ("bridge/core/finality.py", "from os import path"),
        ("bridge/core/finality.py", "import logging.handlers"),
        ("bridge/core/finality.py", "import asyncio"),
        ("bridge/core/finality.py", "import web3"),
        ("bridge/core/finality.py", "from bridge.adapters import store"),
        ("bridge/core/finality.py", "from bridge import adapters"),
        ("bridge/core/finality.py", "from ..adapters import store"),
        ("bridge/core/finality.py", "def f() -> None:\n    import secrets"),
        ("bridge/core/finality.py", "if TYPE_CHECKING:\n    from bridge.devnet import nodes"),
        ("bridge/core/__init__.py", "from ..adapters import store"),
        ("bridge/adapters/store.py", "import relayers.engine"),
        ("bridge/adapters/store.py", "import contracts.build"),
        ("bridge/devnet/nodes.py", "from relayers import app"),
        ("bridge/devnet/nodes.py", "import oracles"),
        ("bridge/devnet/nodes.py", "from bridge.cli import main"),
        ("bridge/cli.py", "from relayers import app"),
        ("bridge/cli_route.py", "from tests import builders"),
        ("bridge/stray.py", "from bridge.adapters import store"),
        ("relayers/engine.py", "from oracles.core import series"),
        ("relayers/engine.py", "from contracts import build"),
        ("relayers/engine.py", "from bridge.devnet import nodes"),
        ("oracles/app.py", "from relayers import worker"),
        ("oracles/core/series.py", "import zoneinfo"),
        ("oracles/core/series.py", "from oracles import sources"),
        ("oracles/core/series.py", "import io"),
        ("oracles/core/series.py", "from zipfile import Path"),
        ("oracles/core/series.py", "import xml"),
        ("contracts/deploy.py", "from bridge.devnet import nodes"),
    ],
)
def test_an_import_without_an_arrow_is_named(path: str, line: str) -> None:
    assert len(list(forbidden_imports(Source(path, line)))) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("bridge/core/finality.py", "from bridge.core.types import Route"),
        ("bridge/core/finality.py", "from . import types"),
        ("bridge/core/finality.py", "import eth_abi, py_ecc, rlp, sha3, hashlib"),
        ("bridge/core/finality.py", "from datetime import UTC, datetime"),
        ("bridge/adapters/store.py", "import asyncio, sqlalchemy\nfrom bridge.core.types import Route"),
        (
            "bridge/devnet/nodes.py",
            "from contracts.build import anvil_binary\nfrom bridge.adapters import evm",
        ),
        ("bridge/cli.py", "from bridge.devnet import nodes\nfrom bridge.cli_route import show"),
        ("relayers/app.py", "from relayers.engine import Engine\nfrom bridge.adapters import store"),
        ("oracles/core/series.py", "from bridge.core import types\nimport csv"),
        ("oracles/core/parsers/workbook.py", "from io import BytesIO\nfrom zipfile import ZipFile\nimport openpyxl"),
        ("oracles/reporter.py", "from oracles.core import report"),
        ("contracts/deploy.py", "from contracts.build import forge\nfrom bridge.adapters import evm"),
        ("tests/e2e/test_x.py", "from relayers import app\nfrom oracles import app"),
    ],
)
def test_an_import_along_an_arrow_is_welcome(path: str, line: str) -> None:
    assert list(forbidden_imports(Source(path, line))) == []


@pytest.mark.parametrize(
    "line",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "f = date.today",
        "open('x')",
        "print('x')",
        "__import__('os')",
        "eval('1')",
    ],
)
def test_a_clock_or_a_file_in_a_pure_layer_is_named(line: str) -> None:
    assert len(list(impure_calls(Source("bridge/core/finality.py", line)))) == 1
    assert len(list(impure_calls(Source("oracles/core/series.py", line)))) == 1
    assert list(impure_calls(Source("bridge/adapters/store.py", line))) == []


def test_a_pure_layer_may_compute_with_times_it_is_given() -> None:
    text = "datetime.fromtimestamp(at, UTC)\nself.now(1)\nschedule.today()\n"
    assert list(impure_calls(Source("bridge/core/finality.py", text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    f()\nexcept:\n    pass",
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept (OSError, BaseException) as error:\n    raise",
        "try:\n    f()\nexcept builtins.Exception:\n    pass",
        "try:\n    f()\nexcept* Exception:\n    pass",
        "with contextlib.suppress(Exception):\n    f()",
        "with suppress(OSError, Exception):\n    f()",
    ],
)
def test_only_a_supervisor_may_catch_everything(text: str) -> None:
    assert len(list(catch_alls(Source("relayers/engine.py", text)))) == 1
    assert list(catch_alls(Source("relayers/app.py", text))) == []


def test_a_named_error_may_be_caught_anywhere() -> None:
    text = "try:\n    f()\nexcept (OSError, ExceptionGroup):\n    pass\nwith suppress(KeyError):\n    f()"
    assert list(catch_alls(Source("relayers/engine.py", text))) == []


def test_a_file_over_the_limit_is_named() -> None:
    assert list(oversized(Source("contracts/src/A.sol", "x\n" * MODULE_LINES))) == []
    assert list(oversized(Source("contracts/src/A.sol", "x\n" * MODULE_LINES + "y"))) == [
        "contracts/src/A.sol has 401 lines, 400 are allowed"
    ]


def test_a_function_is_measured_from_def_to_end() -> None:
    def source(lines: int) -> Source:
        body = "        x = 1\n" * (lines - 1)
        return Source("bridge/a.py", f"class A:\n    @decorator\n    @decorator\n    async def f(self):\n{body}")

    assert long_functions(source(FUNCTION_LINES)) == {}
    assert long_functions(source(FUNCTION_LINES + 1)) == {"bridge/a.py::A.f": FUNCTION_LINES + 1}


def test_a_function_inside_a_function_is_measured_too() -> None:
    text = "def outer():\n    def inner():\n" + "        x = 1\n" * FUNCTION_LINES
    assert list(long_functions(Source("bridge/a.py", text))) == [
        "bridge/a.py::outer",
        "bridge/a.py::outer.inner",
    ]


def test_exceptions_to_the_length_are_needed_and_justified() -> None:
    found = {"a.py::f": 50}
    assert unaccounted(found, {"a.py::f": "one table"}) == []
    assert unaccounted(found, {}) == ["a.py::f has 50 lines, 40 are allowed"]
    assert unaccounted(found, {"a.py::f": " "}) == ["a.py::f: an exception without a reason"]
    assert unaccounted({}, {"a.py::f": "one table"}) == ["a.py::f: an exception that nothing needs"]


@pytest.mark.parametrize("path", ["bridge/utils.py", "relayers/helpers/x.py", "oracles/common.py", "tests/manager.py"])
def test_a_vague_name_is_named(path: str) -> None:
    assert len(list(vague_names(Source(path, "")))) == 1
