// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {QuorumEcdsa} from "../src/common/QuorumEcdsa.sol";

/// @notice What a certificate is, in plain Solidity; the assembly in `src` is held against it.
library PlainQuorum {
    /// @notice What `QuorumEcdsa.verify` must revert with; empty if it must not.
    function refusal(address[] memory members, uint256 threshold, bytes32 digest, bytes memory certificate)
        internal
        pure
        returns (bytes memory)
    {
        if (certificate.length != 64 * threshold) {
            return abi.encodeWithSelector(QuorumEcdsa.SignatureCount.selector, certificate.length / 64, threshold);
        }
        address previous = address(0);
        for (uint256 i = 0; i < threshold; ++i) {
            (bytes32 r, bytes32 vs) = (_wordAt(certificate, 64 * i), _wordAt(certificate, 64 * i + 32));
            bytes32 s = vs & bytes32(type(uint256).max / 2);
            if (uint256(s) > QuorumEcdsa.HALF_ORDER) {
                return abi.encodeWithSelector(QuorumEcdsa.SignatureHighS.selector, i);
            }
            address signer = ecrecover(digest, vs == s ? 27 : 28, r, s);
            if (signer == address(0)) return abi.encodeWithSelector(QuorumEcdsa.SignatureInvalid.selector, i);
            if (signer <= previous) return abi.encodeWithSelector(QuorumEcdsa.SignerNotAscending.selector, signer);
            if (!_contains(members, signer)) {
                return abi.encodeWithSelector(QuorumEcdsa.SignerNotInSet.selector, signer);
            }
            previous = signer;
        }
        return "";
    }

    function _contains(address[] memory members, address account) private pure returns (bool) {
        for (uint256 i = 0; i < members.length; ++i) {
            if (members[i] == account) return true;
        }
        return false;
    }

    function _wordAt(bytes memory packed, uint256 offset) private pure returns (bytes32 word) {
        for (uint256 i = 0; i < 32; ++i) {
            word = word << 8 | bytes32(uint256(uint8(packed[offset + i])));
        }
    }
}
