"""Bytes become lines, or a refusal that says what they are instead."""

import csv
from typing import Final

from oracles.core.parsers.refusals import DriftedFormat, NotThisDocument, Truncated, WrongEncoding

SHIFT_JIS: Final = "cp932"
"""The superset of Shift-JIS that the publishers' files are in."""
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_START: Final = 512
"""Bytes that are enough to tell one kind of document from another."""


def refuse_other_documents(body: bytes) -> None:
    """Raise Truncated for nothing at all and NotThisDocument for a page of HTML, whatever its status code was."""
    start = body[:_START].lstrip()
    if not start:
        raise Truncated("the document is empty")
    if start.startswith(b"<"):
        raise NotThisDocument("a page of HTML or XML came instead")


def refuse_utf8(body: bytes) -> None:
    """Raise WrongEncoding for a Shift-JIS document that a tool saved again as UTF-8.

    Its numbers would still parse: only the characters of its first lines can tell.
    """
    start = body[:_START].rpartition(b"\n")[0]
    try:
        text = start.decode("utf-8")
    except UnicodeDecodeError:
        return
    if not text.isascii():
        raise WrongEncoding(f"UTF-8, and the publisher writes {SHIFT_JIS}", "line 1")


def decoded(body: bytes, encoding: str) -> str:
    """Return the text. Raises WrongEncoding: a damaged character is never replaced."""
    if body.startswith(_UTF8_MARK):
        raise WrongEncoding("starts with a UTF-8 mark, as a file saved again by a tool does", "byte 0")
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        raise WrongEncoding(f"not {encoding}", f"byte {error.start}") from error


def lines(text: str) -> list[str]:
    """Return the lines without their ends, which are CR LF or LF throughout; the last one is empty if all are ended."""
    ended = text.split("\r\n") if "\r\n" in text else text.split("\n")
    for number, line in enumerate(ended, 1):
        if "\r" in line or "\n" in line:
            raise DriftedFormat("line ends are mixed", f"line {number}")
    return ended


def ended_lines(text: str) -> list[str]:
    """Return the lines without their ends. Raises Truncated if the last one has none."""
    found = lines(text)
    if found.pop():
        raise Truncated("the last line has no end", f"line {len(found) + 1}")
    return found


def cells(line: str, where: str) -> list[str]:
    """Split a line that may quote cells which hold commas. Raises DriftedFormat if its quotes do not match."""
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise DriftedFormat(f"quotes do not match: {error}", where) from error
