"""Why a destination holds a message (SPEC 5). Numbers and names are the contracts'."""

from enum import Enum, IntEnum


class Reason(IntEnum):
    """Codes of `Held` events."""

    CAP = 33
    LIMIT = 34
    DELAYED = 35
    PAUSED = 36
    MATURED = 41
    ODD_LOT = 42
    BOOK_EXCEEDED = 64
    TOTAL_EXCEEDED = 65
    ASSET_UNKNOWN = 80
    RECIPIENT_INVALID = 81
    TERMS_CONFLICT = 82
    TERMS_INVALID = 83
    COMMITTEE_MISMATCH = 84
    RETURN_UNMATCHED = 85
    KIND_UNKNOWN = 86
    NOT_SENDABLE = 87


class HoldClass(Enum):
    """Who can end a hold."""

    RETRY = "anyone may try again"
    RETURNABLE = "anyone may try again, or send it back to its sender after the return period"
    QUARANTINE = "the destination's governor decides"


_RETRY = frozenset({Reason.CAP, Reason.LIMIT, Reason.DELAYED, Reason.PAUSED})
_RETURNABLE = frozenset({Reason.ASSET_UNKNOWN, Reason.RECIPIENT_INVALID})

_SENTENCES = {
    Reason.CAP: "the supply cap of this bond on the destination chain is reached",
    Reason.LIMIT: "the flow limit of this bond and route is used up; it refills with time and half of what flows back",
    Reason.DELAYED: "an amount this large waits, so that a guardian can veto it; a veto sends it back to its sender",
    Reason.PAUSED: "a guardian has paused this bond and route; a pause ends by itself",
    Reason.MATURED: "the bond has matured: only the claim at par is left",
    Reason.ODD_LOT: "the amount is not a multiple of the bond's denomination",
    Reason.BOOK_EXCEEDED: "more is asked for than was locked for that chain",
    Reason.TOTAL_EXCEEDED: "more would be executed than the source says it has sent",
    Reason.ASSET_UNKNOWN: "the bond has not been announced on the destination chain",
    Reason.RECIPIENT_INVALID: "the recipient cannot hold this bond",
    Reason.TERMS_CONFLICT: "another bond with this token or ISIN was announced first",
    Reason.TERMS_INVALID: "the announced terms are not valid",
    Reason.COMMITTEE_MISMATCH: "the rotation does not follow the destination's active committee",
    Reason.RETURN_UNMATCHED: "the return answers no transfer of the gateway it came to",
    Reason.KIND_UNKNOWN: "the destination does not know this kind of message",
    Reason.NOT_SENDABLE: "no gateway sends so much, or data this long: it is never paid and never goes back",
}


def class_of(code: int) -> HoldClass:
    """Return who can end a hold; an unknown code is quarantined, as the contracts do."""
    if code in _RETRY:
        return HoldClass.RETRY
    return HoldClass.RETURNABLE if code in _RETURNABLE else HoldClass.QUARANTINE


def sentence(code: int) -> str:
    """Return the reason in words, with its code and what can be done about it."""
    try:
        reason = Reason(code)
    except ValueError:
        return f"HELD ({code}): a reason this version does not know; the destination's governor decides"
    return f"HELD ({code} {reason.name}): {_SENTENCES[reason]}; {class_of(code).value}"
