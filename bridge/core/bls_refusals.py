"""Why a secret, key, signature, set or certificate is refused; named as the contracts' errors are (`QuorumBls.sol`)."""

from enum import StrEnum

from bridge.core.errors import Refuse


class PointFault(StrEnum):
    """Why bytes are no point of a group, in the order in which it is looked for."""

    LENGTH = "has another length"
    AT_INFINITY = "is at infinity"
    NOT_ON_CURVE = "is not on the curve"
    NOT_IN_SUBGROUP = "is not in the subgroup"


class BlsRefused(Refuse):
    """Bytes that are no secret, key, signature, set or certificate, or that prove nothing."""


class SecretRefused(BlsRefused):
    """A number that is no secret key. It is not named."""


class KeyRefused(BlsRefused):
    """Bytes that are no public key."""

    def __init__(self, fault: PointFault) -> None:
        super().__init__(f"the key {fault}")
        self.fault = fault


class SignatureRefused(BlsRefused):
    """Bytes that are no signature of anybody."""

    def __init__(self, fault: PointFault) -> None:
        super().__init__(f"the signature {fault}")
        self.fault = fault


class SignatureFalse(BlsRefused):
    """A signature, but not of these keys over this digest."""


class ProofFalse(BlsRefused):
    """A signature, but no proof that somebody holds this key."""


class SetFault(StrEnum):
    """What is wrong with a set, in the order in which it is looked for."""

    LENGTH = "has another length"
    THRESHOLD = "needs more than half of its members and no more than all"
    NOT_ASCENDING = "names a member that came before or should have"
    NOT_PROVEN = "names a member whose key nobody has proven"
    SUM = "does not begin with minus the sum of its keys"


class SetRefused(BlsRefused):
    """Bytes that are no set. `index` is of the member at fault, zero if it is none."""

    def __init__(self, fault: SetFault, index: int = 0) -> None:
        super().__init__(f"the set {fault} (member {index})")
        self.fault = fault
        self.index = index


class CertificateFault(StrEnum):
    """What is wrong with a certificate before its signature is looked at, in that order."""

    LENGTH = "has another length"
    BITMAP_EMPTY = "names nobody"
    BITMAP_BEYOND_SET = "names members that the set does not have"
    TOO_FEW_SIGNERS = "is of fewer than the set demands"


class CertificateRefused(BlsRefused):
    """Bytes that are no certificate of this set."""

    def __init__(self, fault: CertificateFault) -> None:
        super().__init__(f"the certificate {fault}")
        self.fault = fault
