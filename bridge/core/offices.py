"""Who may hold an office in a deployment: contracts alone, each in its place. Nobody's key decides anything alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bridge.core.bonds import is_isin
from bridge.core.types import ZERO_ADDRESS, Address

ANYBODY: Final = "EXECUTOR_ROLE"
"""The one office that everybody may hold: a timelock executes for whoever asks once the delay is over."""

ON_DUTY: Final = "on duty"
"""What a desk lets people do, who are persons: nobody at both desks of a chain, where one would be two guardians."""
PAUSER: Final = "guardian that may pause"
VETOER: Final = "guardian that may veto"

LAWFUL: Final[Mapping[str, tuple[str, ...]]] = {
    "GOVERNOR": ("timelock",),
    "REGISTRAR": ("timelock",),
    "ISSUER": ("timelock",),
    "GUARDIAN": ("officers",),
    "SCHEDULER": ("timelock", "gateway", "oracle"),
    "GATEWAY": ("gateway",),
    "COMMITTEE": ("committee",),
    "REPORTERS": ("reporters",),
    PAUSER: ("watch", "officers"),
    VETOER: ("officers",),
    "DEFAULT_ADMIN_ROLE": ("timelock",),
    "PROPOSER_ROLE": ("council",),
    "CANCELLER_ROLE": ("council",),
}
"""By office: what the contract is called that may hold it on the same chain."""

KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "timelock": ("DEFAULT_ADMIN_ROLE", "PROPOSER_ROLE", "CANCELLER_ROLE", ANYBODY),
    "watch": ("GOVERNOR", ON_DUTY),
    "officers": ("GOVERNOR", ON_DUTY),
    "committee": ("GOVERNOR", "GUARDIAN", "SCHEDULER"),
    "gateway": ("GOVERNOR", "COMMITTEE", PAUSER, VETOER),
    "board": ("GOVERNOR",),
    "oracle": ("GOVERNOR", "REPORTERS"),
    "reporters": ("GOVERNOR", "GUARDIAN", "SCHEDULER"),
}
"""By what a contract is called: the offices that it has in every deployment."""


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
    offices: Sequence[Office], councils: Iterable[Council], names: Mapping[str, Mapping[Address, str]]
) -> list[str]:
    """Return a sentence for each office in wrong hands, each person at both desks, and each council that is none.

    `names` says by chain what the contracts of the deployment are called.
    """
    wrong = [fault for office in offices if (fault := _fault(office, names[office.chain])) is not None]
    for council in councils:
        if not council.members < 2 * council.threshold <= 2 * council.members:
            wrong.append(f"{council.chain}: {council.threshold} of {council.members} are no majority of the council")
        if council.delay == 0:
            wrong.append(f"{council.chain}: the timelock waits for nothing")
    return [*wrong, *_doubles(offices)]


def unseen(offices: Iterable[Office], names: Mapping[str, Mapping[Address, str]]) -> list[str]:
    """Return a sentence for each office that a contract has in every deployment, and that nobody was seen to hold.

    Who does not see an office cannot say that no person holds it.
    """
    seen = {(office.chain, office.contract, office.office) for office in offices}
    return [
        f"{chain}: nobody is seen to be {office} of {contract}"
        for chain, contracts in names.items()
        for contract in contracts.values()
        for office in _known(chain, contract)
        if (chain, contract, office) not in seen
    ]


def _known(chain: str, contract: str) -> tuple[str, ...]:
    if is_isin(contract):
        return ("ISSUER",) if chain == "home" else ("GATEWAY",)
    registrar = ("REGISTRAR",) if (chain, contract) == ("home", "gateway") else ()
    return (*KNOWN.get(contract, ()), *registrar)


def _doubles(offices: Iterable[Office]) -> list[str]:
    desks = Counter((office.chain, office.holder) for office in offices if office.office == ON_DUTY)
    return [
        f"{chain}: 0x{person.hex()} is on duty at both desks, and would be two guardians"
        for (chain, person), count in desks.items()
        if count > 1
    ]


def _fault(office: Office, names: Mapping[Address, str]) -> str | None:
    where = f"{office.chain}: {office.office} of {office.contract} is 0x{office.holder.hex()}"
    if office.office == ON_DUTY:
        return None
    if office.office == ANYBODY:
        return None if office.holder == ZERO_ADDRESS or office.has_code else f"{where}, the account of a person"
    if not office.has_code:
        return f"{where}, the account of a person"
    lawful = LAWFUL.get(office.office, ())
    held_by = names.get(office.holder, "a stranger")
    return None if held_by in lawful else f"{where} ({held_by}), and must be {' or '.join(lawful) or 'nobody'}"
