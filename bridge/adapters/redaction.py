"""Addresses of nodes without what is secret in them: credentials stand in the user part, in the path, in the query."""

import re
from typing import Final

_ADDRESS: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^\s/@\"']*@)?(?P<host>[^\s/?#\"'@]+)(?P<rest>[^\s\"']*)", re.IGNORECASE
)


def hosts_only(text: str) -> str:
    """Return a text whose addresses are cut down to their hosts."""
    return _ADDRESS.sub(_host_only, text)


def _host_only(address: re.Match[str]) -> str:
    cut = "/…" if address["rest"] not in ("", "/") else ""
    return f"{address['scheme']}://{address['host']}{cut}"
