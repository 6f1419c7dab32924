"""Who may hold an office in a deployment: contracts alone, each in its place. Nobody's key decides anything alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bridge.core.types import ZERO_ADDRESS, Address

ANYBODY: Final = "EXECUTOR_ROLE"
"""The one office that everybody may hold: a timelock executes for whoever asks once the delay is over."""

LAWFUL: Final[Mapping[str, tuple[str, ...]]] = {
    "GOVERNOR": ("timelock",),
    "REGISTRAR": ("timelock",),
    "ISSUER": ("timelock",),
    "GUARDIAN": ("officers",),
    "SCHEDULER": ("timelock", "gateway", "oracle"),
    "GATEWAY": ("gateway",),
    "guardian that may pause": ("watch", "officers"),
    "guardian that may veto": ("officers",),
    "DEFAULT_ADMIN_ROLE": ("timelock",),
    "PROPOSER_ROLE": ("council",),
    "CANCELLER_ROLE": ("council",),
}
"""By office: what the contract is called that may hold it on the same chain."""


@dataclass(frozen=True, slots=True)
class Office:
    """An office of a contract, and who holds it."""

    chain: str
    contract: str
    office: str
    holder: Address
    has_code: bool
    """Whether the holder is a contract."""


@dataclass(frozen=True, slots=True)
class Council:
    """Those who propose to the timelock of a chain, and how long it waits."""

    chain: str
    members: int
    threshold: int
    delay: int
    """Seconds."""


def faults_of(
    offices: Iterable[Office], councils: Iterable[Council], names: Mapping[str, Mapping[Address, str]]
) -> list[str]:
    """Return a sentence for each office in wrong hands, and for each council that is none.

    `names` says by chain what the contracts of the deployment are called.
    """
    wrong = [fault for office in offices if (fault := _fault(office, names[office.chain])) is not None]
    for council in councils:
        if not council.members < 2 * council.threshold <= 2 * council.members:
            wrong.append(f"{council.chain}: {council.threshold} of {council.members} are no majority of the council")
        if council.delay == 0:
            wrong.append(f"{council.chain}: the timelock waits for nothing")
    return wrong


def _fault(office: Office, names: Mapping[Address, str]) -> str | None:
    where = f"{office.chain}: {office.office} of {office.contract} is 0x{office.holder.hex()}"
    if office.office == ANYBODY:
        return None if office.holder == ZERO_ADDRESS or office.has_code else f"{where}, the account of a person"
    if not office.has_code:
        return f"{where}, the account of a person"
    lawful = LAWFUL.get(office.office, ())
    held_by = names.get(office.holder, "a stranger")
    return None if held_by in lawful else f"{where} ({held_by}), and must be {' or '.join(lawful) or 'nobody'}"
