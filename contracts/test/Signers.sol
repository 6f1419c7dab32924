// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Vm} from "./Vm.sol";

/// @notice A set of signers whose keys we hold, in the order of their addresses.
struct SignerSet {
    uint256[] keys;
    uint8 threshold;
}

library Signers {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice `count` signers, `threshold` of which must sign. Another `seed` gives other keys.
    function make(uint256 count, uint8 threshold, string memory seed) internal pure returns (SignerSet memory set) {
        set = SignerSet(new uint256[](count), threshold);
        for (uint256 i = 0; i < count; ++i) {
            uint256 key = uint256(keccak256(abi.encode(seed, i))) >> 1;
            uint256 place = i;
            for (; place > 0 && vm.addr(set.keys[place - 1]) > vm.addr(key); --place) {
                set.keys[place] = set.keys[place - 1];
            }
            set.keys[place] = key;
        }
    }

    /// @notice The members as a committee stores them.
    function members(SignerSet memory set) internal pure returns (bytes memory packed) {
        for (uint256 i = 0; i < set.keys.length; ++i) {
            packed = abi.encodePacked(packed, vm.addr(set.keys[i]));
        }
    }

    function setHash(SignerSet memory set) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(set.threshold, members(set)));
    }

    /// @notice Signatures of the last `threshold` signers, which is where a search takes longest.
    function certify(SignerSet memory set, bytes32 digest) internal pure returns (bytes memory) {
        return certifyBy(set, digest, set.keys.length - set.threshold, set.threshold);
    }

    /// @notice Signatures of `count` signers from the one at `first` on.
    function certifyBy(SignerSet memory set, bytes32 digest, uint256 first, uint256 count)
        internal
        pure
        returns (bytes memory certificate)
    {
        certificate = new bytes(64 * count);
        for (uint256 i = 0; i < count; ++i) {
            (bytes32 r, bytes32 vs) = vm.signCompact(set.keys[first + i], digest);
            assembly ("memory-safe") {
                let place := add(add(certificate, 32), mul(i, 64))
                mstore(place, r)
                mstore(add(place, 32), vs)
            }
        }
    }
}
