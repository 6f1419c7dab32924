"""Revert data into named errors: ours, OpenZeppelin's and the two of Solidity itself."""

from typing import Final

from eth_abi import decode
from eth_abi.exceptions import DecodingError

from bridge.adapters.codec.abi import Signature, table_of
from bridge.adapters.codec.wire import to_hex
from bridge.core.ports import Reverted

_OURS: Final = """
RouteUnknown(uint256)
SourceMismatch(uint256,address)
DestinationMismatch(uint256,address)
CountMismatch(uint256,uint256)
NonceOutOfBatch(uint64,uint64)
RootMismatch(bytes32,bytes32)
ProofInvalid(bytes32,bytes32)
ZeroRoot()
DataTooLong(uint256,uint256)
NotHeld(bytes32)
StillHeld(bytes32,uint8)
NotReturnable(bytes32,uint8)
ReturnTooEarly(bytes32,uint256)
Quarantined(bytes32,uint8)
NotGovernor(address)
AmountOutOfRange(uint256)
NotMultipleOfDenomination(uint256,uint256)
BondMatured(address,uint256)
RecipientRefused(address)
ZeroAddress()
EncodingInvalid()
RouteParametersInvalid(uint32,uint32)

OutboundLimit(address,uint256)
OutboundPaused(address,uint256)
StillDelayed(bytes32,uint256)
NotVetoable(bytes32,uint8)
NotPermitted(address,uint8)
PauseTooLong(uint256,uint256)
PauseNeedsAnother(address)
BoundsInvalid()

OnlyItself(address)
ActionFailed(uint256,bytes)
NotOnDuty(address)

NotRegistrar(address)
RouteExists(uint256)
AssetNotAnnounced(uint256,address)
AssetAlreadyAnnounced(uint256,address)
AssetHasNoCode(address)
AssetTermsInvalid(address)
AssetTermsChanged(address)
IsinTaken(bytes12,address)
TooManyLocks(address,uint32)
EscrowMismatch(uint256,uint256)

AssetUnknown(address)
SchedulerMismatch(address)
NotGateway(address)
TermsInvalid(bytes12)
NotIssuer(address)

EpochNotActive(uint64,uint64)
EpochIsRevoked(uint64)
EpochUnknown(uint64)
NothingPending(uint64)
NotScheduler(address)
NotGuardian(address)
RotationRefused(uint64)
SetRefused(uint256,uint256)
StoreFailed()
SignatureCount(uint256,uint256)
SignatureInvalid(uint256)
SignatureHighS(uint256)
SignerNotAscending(address)
SignerNotInSet(address)

NotPoster(address,address)
SignatureForm(uint256)
PosterCapExceeded(address,uint256)
PreimageTooLong(uint256)
LengthMismatch(uint256,uint256)
"""

_ORACLE: Final = """
AttestationFromTheFuture(uint64)
BaseNotBusinessDay(uint32)
BitmapBeyondSet(uint256,uint256)
BitmapEmpty()
CalendarEmpty(uint16)
CertificateLength(uint256,uint256)
ContentTooLong(uint256)
DateOutOfRange(uint256)
DateUnknown(uint32)
DayOutOfRange(uint256)
DaysBeyondYear(uint16)
EntryCount(uint256,uint256)
Expired(uint64)
ExpiryTooFar(uint64,uint64)
FeedExists(bytes32)
FeedUnknown(bytes32)
FeedsNotAscending(bytes32)
GroupMismatch(bytes32,bytes32)
KeyAtInfinity()
KeyLength(uint256,uint256)
KeyNotInSubgroup()
KeyNotOnCurve()
MemberNotAscending(uint256)
MemberNotProven(uint256)
MemberUnknown(uint256)
MembersLength(uint256)
MembersMismatch(bytes32,bytes32)
NoEquivocation()
NoFixingToCarry(uint32)
NoRounds()
NotBusinessDay(uint32)
NotFinal(uint8)
NotLatest(uint32,uint32)
NotOracle(address)
NothingToRebuild()
Outdated(uint256)
PastDaysChange(uint16)
PriceNotPositive(int256)
ProofCount(uint256,uint256)
ProofFalse(bytes32)
RateStale(uint8)
ReasonOutOfRange(int256)
RevisionOutOfRange(uint256)
RoundUnknown(uint256)
SetNotActive(bytes32,bytes32)
SignatureAtInfinity()
SignatureFalse(bytes32)
SignatureLength(uint256,uint256)
SignatureNotInSubgroup()
SignatureNotOnCurve()
SignedByAnother(address)
StatusGoesBack(uint8,uint8)
StatusTooLow(uint8,uint8)
StatusUnknown(uint8)
SumFalse()
Superseded(uint32,uint32)
ThresholdUnlawful(uint256,uint256)
TooFewSigners(uint256,uint256)
TooLittleGas()
ValueOutOfRange(int256)
YearOutOfRange(uint256)
YearUnknown(uint16)
"""

_FOREIGN: Final = """
Error(string)
Panic(uint256)
ERC20InsufficientBalance(address,uint256,uint256)
ERC20InvalidSender(address)
ERC20InvalidReceiver(address)
ERC20InsufficientAllowance(address,uint256,uint256)
ERC20InvalidApprover(address)
ERC20InvalidSpender(address)
ERC2612ExpiredSignature(uint256)
ERC2612InvalidSigner(address,address)
InvalidAccountNonce(address,uint256)
SafeERC20FailedOperation(address)
ReentrancyGuardReentrantCall()
ECDSAInvalidSignature()
ECDSAInvalidSignatureLength(uint256)
ECDSAInvalidSignatureS(bytes32)
Create2EmptyBytecode()
FailedDeployment()
InsufficientBalance(uint256,uint256)
TimelockInvalidOperationLength(uint256,uint256,uint256)
TimelockInsufficientDelay(uint256,uint256)
TimelockUnexpectedOperationState(bytes32,bytes32)
TimelockUnexecutedPredecessor(bytes32)
TimelockUnauthorizedCaller(address)
AccessControlUnauthorizedAccount(address,bytes32)
AccessControlBadConfirmation()
FailedCall()
InvalidShortString()
StringTooLong(string)
"""

_PANICS: Final = {
    0x01: "an assertion failed",
    0x11: "an arithmetic overflow",
    0x12: "a division by zero",
    0x21: "a number that is no member of its enum",
    0x22: "a storage string that is malformed",
    0x31: "a pop from an empty array",
    0x32: "an index out of bounds",
    0x41: "too much memory",
    0x51: "a call of an uninitialised function",
}
"""Codes of the compiler's panics (Solidity documentation, control structures)."""

ERRORS: Final = table_of(_OURS + _ORACLE + _FOREIGN)
_BY_SELECTOR: Final = {error.selector: error for error in ERRORS.values()}


def decode_revert(data: bytes) -> Reverted:
    """Return the named error of revert data, its bytes as 0x-hex; data of no error known here is shown as it is."""
    if not data:
        return Reverted("reverted without a reason")
    error = _BY_SELECTOR.get(data[:4])
    arguments = None if error is None else _arguments(error, data[4:])
    if error is None or arguments is None:
        return Reverted("reverted with unknown data", (to_hex(data),))
    match error.name:
        case "Error":
            return Reverted(str(arguments[0]))
        case "Panic":
            code = arguments[0]
            return Reverted("Panic", (_PANICS.get(code, code) if isinstance(code, int) else code,))
        case name:
            return Reverted(name, arguments)


def _arguments(error: Signature, data: bytes) -> tuple[object, ...] | None:
    try:
        values = decode(error.inputs, data)
    except (DecodingError, UnicodeDecodeError):
        return None
    return tuple(to_hex(value) if isinstance(value, bytes) else value for value in values)
