"""The Cabinet Office's list of national holidays, `syukujitsu.csv`: the gazetted years, and none after them."""

from datetime import date
from typing import Final

from oracles.core.parsers import dates
from oracles.core.parsers.refusals import DriftedFormat, NotThisDocument
from oracles.core.parsers.text import SHIFT_JIS, decoded, ended_lines, refuse_other_documents, refuse_utf8

VERSION: Final = "cabinet-office/1"
_HEADER: Final = "国民の祝日・休日月日,国民の祝日・休日名称"


def read(body: bytes) -> dict[date, str]:
    """Return the names of the holidays by ascending date. Match on the date, never on the name. Raises Refused."""
    refuse_other_documents(body)
    refuse_utf8(body)
    lines = ended_lines(decoded(body, SHIFT_JIS))
    if lines[0] != _HEADER:
        raise NotThisDocument(f"the header is {lines[0][:40]!r}", "line 1")
    holidays: dict[date, str] = {}
    last = date.min
    for number, line in enumerate(lines[1:], 2):
        text, _, name = line.partition(",")
        day = dates.unpadded(text, f"line {number}")
        if day <= last:
            raise DriftedFormat(f"{day} does not come after {last}", f"line {number}")
        if not name or "," in name:
            raise DriftedFormat("a row is a date and a name", f"line {number}")
        holidays[day] = name
        last = day
    return holidays
