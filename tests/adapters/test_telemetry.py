"""What a process says of itself, and what it keeps to itself."""

import asyncio
import io
import json
from typing import Any

import pytest

from bridge.adapters.telemetry import Metrics, open_log


def said(level: str = "info", /, **fields: object) -> dict[str, Any]:
    stream = io.StringIO()
    open_log(level, stream, relayer="relayer-1").info("something", **fields)
    (line,) = stream.getvalue().splitlines()
    document: dict[str, Any] = json.loads(line)
    return document


def test_a_line_is_one_object_with_its_context() -> None:
    line = said(height=7)
    assert (line["event"], line["level"], line["relayer"], line["height"]) == ("something", "info", "relayer-1", 7)
    assert line["at"].endswith("Z")


@pytest.mark.parametrize("name", ["password", "private_key", "Secret", "api_key", "apiKey", "authorization"])
def test_what_is_called_secret_is_blanked_at_any_depth(name: str) -> None:
    assert "hunter2" not in json.dumps(said(**{name: "hunter2"}, inside=[{name: {"deep": "hunter2"}}]))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("https://user:hunter2@node.example:8545/", "https://node.example:8545"),
        ("https://node.example/v3/hunter2", "https://node.example/…"),
        ("wss://node.example?key=hunter2", "wss://node.example/…"),
    ],
)
def test_an_address_is_cut_down_to_its_host(address: str, shown: str) -> None:
    assert said(why=f"cannot reach {address} now")["why"] == f"cannot reach {shown} now"


async def fail() -> None:
    raise RuntimeError("https://node.example/hunter2 is gone")


def test_an_exception_is_told_without_its_address() -> None:
    stream = io.StringIO()
    try:
        asyncio.run(fail())
    except RuntimeError:
        open_log("info", stream).exception("failed")
    assert "hunter2" not in stream.getvalue()
    assert "RuntimeError" in json.loads(stream.getvalue())["exception"]


def test_bytes_are_hex_and_large_numbers_lose_no_digit() -> None:
    line = said(leaf=b"\x01\x02", wei=10**20, tags={"b"}, fault=ValueError("no"))
    assert (line["leaf"], line["wei"], line["tags"], line["fault"]) == (
        "0x0102",
        str(10**20),
        ["b"],
        "ValueError('no')",
    )


def test_a_level_hides_what_is_below_it() -> None:
    stream = io.StringIO()
    log = open_log("warning", stream)
    log.info("not this")
    log.warning("this")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["this"]


def test_memory_is_among_the_metrics() -> None:
    assert b"process_resident_memory_bytes" in Metrics().render()
