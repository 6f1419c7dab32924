"""The cells of one sheet of a workbook (.xlsx), read twice: by us from the XML, and by openpyxl.

Our reading keeps numbers as the text that stands in the file. openpyxl's knows number formats and passes through a
float, so it only checks. The archive's CRC-32 is verified over every member first: a flipped byte ends here.
"""

import re
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Final
from xml.etree import ElementTree as ET  # documents that declare entities are refused before
from zipfile import BadZipFile, LargeZipFile, ZipFile

from oracles.core.parsers.refusals import DriftedFormat, NotThisDocument, Truncated
from oracles.core.parsers.text import refuse_other_documents

_MAGIC: Final = b"PK\x03\x04"
_END: Final = b"PK\x05\x06"
_MOST_BYTES: Final = 2**20
_MOST_INFLATED: Final = 2**23
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SHARED: Final = "xl/sharedStrings.xml"
_LINK: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_DECLARATIONS: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_RUNS: Final = frozenset({f"{_MAIN}t", f"{_MAIN}r"})
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""A carriage return in a cell is written so."""
_PLACE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_BROKEN: Final = (BadZipFile, LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
"""What the archive reader raises for bytes that are no archive; it reads memory, so no OSError is one of a disk."""
_UNREADABLE: Final = (*_BROKEN, ArithmeticError, AttributeError, LookupError, SyntaxError, TypeError, ValueError)
"""What openpyxl raises for a workbook it cannot follow."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, as both readers have it."""

    place: str
    """Such as `C10`."""
    text: str
    """What stands in the file: a shared text, or a number as it was written."""
    is_number: bool
    checked: str
    """What openpyxl makes of it, as text; a float in its shortest form."""
    number_format: str


def sheet(body: bytes, name: str) -> dict[str, Cell]:
    """Return the cells of the sheet by place. Raises NotThisDocument, Truncated or DriftedFormat."""
    members = _members(body)
    ours = _our_cells(members, name)
    theirs = _their_cells(body, name)
    if ours.keys() != theirs.keys():
        place = min(ours.keys() ^ theirs.keys())
        raise DriftedFormat("only one of two readers sees this cell", place)
    return {place: Cell(place, text, is_number, *theirs[place]) for place, (text, is_number) in ours.items()}


def right_of(place: str) -> str:
    """Return the place of the next cell of the row: `C10` after `B10`. Columns beyond Z are not needed."""
    column, row = place[0], place[1:]
    return f"{chr(ord(column) + 1)}{row}"


def _members(body: bytes) -> dict[str, bytes]:
    refuse_other_documents(body)
    if not body.startswith(_MAGIC):
        raise NotThisDocument("not an archive, as workbooks are")
    if _END not in body:
        raise Truncated("the archive has no end", f"byte {len(body)}")
    try:
        with ZipFile(BytesIO(body)) as archive:
            if len(body) > _MOST_BYTES or sum(info.file_size for info in archive.infolist()) > _MOST_INFLATED:
                raise NotThisDocument("larger than any workbook of this publisher")
            members = {info.filename: archive.read(info) for info in archive.infolist()}
    except _BROKEN as error:
        raise DriftedFormat(f"the archive is damaged: {error!s:.80}") from error
    for member, content in members.items():
        if _DECLARATIONS.search(content):
            raise DriftedFormat("declares entities, which no workbook does", member)
    return members


def _our_cells(members: dict[str, bytes], name: str) -> dict[str, tuple[str, bool]]:
    shared = [_text_of(item) for item in _tree(members, _SHARED).iter(f"{_MAIN}si")] if _SHARED in members else []
    found = {}
    for cell in _tree(members, _path_of(members, name)).iter(f"{_MAIN}c"):
        place = cell.get("r", "")
        if _PLACE.fullmatch(place) is None or place in found:
            raise DriftedFormat("a cell without a place of its own", place[:10])
        value = _our_value(cell, shared, place)
        if value is not None:
            found[place] = value
    return found


def _our_value(cell: ET.Element, shared: list[str], place: str) -> tuple[str, bool] | None:
    value = cell.findtext(f"{_MAIN}v")
    match cell.get("t", "n"):
        case "n" | "d":
            return None if value is None else (value, True)
        case "s":
            if value is None or not value.isdecimal() or int(value) >= len(shared):
                raise DriftedFormat("refers to a text that is not there", place)
            return shared[int(value)], False
        case "str":
            return None if value is None else (value, False)
        case "inlineStr":
            item = cell.find(f"{_MAIN}is")
            return ("" if item is None else _text_of(item)), False
        case other:
            raise DriftedFormat(f"holds a value of type {other[:10]}", place)


def _text_of(item: ET.Element) -> str:
    """Join the runs of a text, without the readings that Japanese workbooks keep beside them."""
    runs = [
        run.findtext(f"{_MAIN}t", "") if run.tag == f"{_MAIN}r" else run.text or "" for run in item if run.tag in _RUNS
    ]
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), "".join(runs))


def _path_of(members: dict[str, bytes], name: str) -> str:
    links = {sheet.get("name"): sheet.get(_LINK) for sheet in _tree(members, "xl/workbook.xml").iter(f"{_MAIN}sheet")}
    if name not in links:
        raise NotThisDocument(f"has no sheet {name}")
    for relation in _tree(members, "xl/_rels/workbook.xml.rels"):
        if relation.get("Id") == links[name]:
            target = relation.get("Target", "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise DriftedFormat("a sheet without a file", name)


def _tree(members: dict[str, bytes], path: str) -> ET.Element:
    if path not in members:
        raise DriftedFormat("is not in the archive", path)
    try:
        return ET.fromstring(members[path])  # noqa: S314 - as above
    except ET.ParseError as error:
        raise DriftedFormat(f"not XML: {error}", path) from error


def _their_cells(body: bytes, name: str) -> dict[str, tuple[str, str]]:
    import openpyxl  # noqa: PLC0415 - most of a command's start, and only workbooks need it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(BytesIO(body), data_only=True, keep_links=False)
            return {
                cell.coordinate: (_as_text(cell.value), cell.number_format)
                for row in book[name].iter_rows()
                for cell in row
                if cell.value is not None
            }
    except _UNREADABLE as error:
        raise DriftedFormat(f"openpyxl cannot read it: {error!s:.80}") from error


def _as_text(value: object) -> str:
    return repr(value) if isinstance(value, int | float) else str(value)
