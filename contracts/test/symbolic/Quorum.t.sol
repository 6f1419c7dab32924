// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {EcdsaCommittee} from "../../src/common/EcdsaCommittee.sol";
import {QuorumEcdsa} from "../../src/common/QuorumEcdsa.sol";
import {Symbolic} from "./Symbolic.sol";

contract Verifier {
    function verify(bytes memory set, uint256 threshold, bytes32 digest, bytes calldata certificate) external view {
        QuorumEcdsa.verify(set, threshold, digest, certificate);
    }
}

/// @notice What passes as a quorum, for all keys, digests and signatures: `ecrecover` may answer anything.
contract QuorumChecks is Symbolic {
    uint256 private constant LOW_BITS = type(uint256).max / 2;

    Verifier private _verifier;
    EcdsaCommittee private _committee;

    function setUp() public {
        vm.warp(NOW);
        _verifier = new Verifier();
        bytes memory members = abi.encodePacked(address(0x1001), address(0x1002), address(0x1003));
        _committee = new EcdsaCommittee(GOVERNOR, OFFICERS, GOVERNOR, 1 days, 2, members);
    }

    /// @dev 2 of 3: whoever signs is a member, nobody counts twice, and no signature has a mirror image.
    function check_two_signers_are_two_members(
        address[3] memory members,
        bytes32 digest,
        bytes32[2] memory r,
        uint256[2] memory vs
    ) external {
        bytes memory set = abi.encodePacked(uint8(0), members[0], members[1], members[2]);
        bytes memory certificate = abi.encodePacked(r[0], vs[0], r[1], vs[1]);
        (bool passes,) = _try(set, 2, digest, certificate);
        address one = _signer(digest, r[0], vs[0]);
        address two = _signer(digest, r[1], vs[1]);
        bool isQuorum = _isIn(members, one) && _isIn(members, two) && one < two && one != address(0)
            && (vs[0] & LOW_BITS) <= QuorumEcdsa.HALF_ORDER && (vs[1] & LOW_BITS) <= QuorumEcdsa.HALF_ORDER;
        if (passes) assert(isQuorum);
        // And back: what is a quorum passes, so that the check above is not empty. The library looks for members in
        // ascending order, which `isSet` has made sure of.
        if (isQuorum && members[0] < members[1] && members[1] < members[2]) assert(passes);
    }

    function check_one_signature_is_no_quorum(address[3] memory members, bytes32 digest, bytes32 r, bytes32 vs)
        external
    {
        bytes memory set = abi.encodePacked(uint8(0), members[0], members[1], members[2]);
        (bool passes,) = _try(set, 2, digest, abi.encodePacked(r, vs));
        assert(!passes);
        (passes,) = _try(set, 2, digest, "");
        assert(!passes);
        (passes,) = _try(set, 2, digest, abi.encodePacked(r, vs, r, vs, r, vs));
        assert(!passes);
    }

    function check_the_same_signature_twice_is_no_quorum(
        address[3] memory members,
        bytes32 digest,
        bytes32 r,
        bytes32 vs
    ) external {
        bytes memory set = abi.encodePacked(uint8(0), members[0], members[1], members[2]);
        (bool passes,) = _try(set, 2, digest, abi.encodePacked(r, vs, r, vs));
        assert(!passes);
    }

    function check_only_the_active_epoch_verifies(
        uint64 epoch,
        bytes32 digest,
        bytes32[2] memory r,
        bytes32[2] memory vs
    ) external {
        bytes memory certificate = abi.encodePacked(r[0], vs[0], r[1], vs[1]);
        (bool passes,) = address(_committee).call(abi.encodeCall(_committee.verify, (epoch, digest, certificate)));
        if (passes) assert(epoch == 1);
        vm.prank(GOVERNOR);
        _committee.revoke(1);
        (passes,) = address(_committee).call(abi.encodeCall(_committee.verify, (epoch, digest, certificate)));
        assert(!passes);
    }

    /// @dev A set that is admitted names nobody twice, not the zero address, and needs more than half.
    function check_a_set_is_a_majority_of_different_members(uint8 threshold, address[3] memory members) external pure {
        if (!QuorumEcdsa.isSet(threshold, abi.encodePacked(members[0], members[1], members[2]))) return;
        assert(threshold == 2 || threshold == 3);
        assert(members[0] != address(0) && members[0] < members[1] && members[1] < members[2]);
    }

    function _try(bytes memory set, uint256 threshold, bytes32 digest, bytes memory certificate)
        private
        returns (bool passes, bytes memory answer)
    {
        return address(_verifier).call(abi.encodeCall(_verifier.verify, (set, threshold, digest, certificate)));
    }

    function _signer(bytes32 digest, bytes32 r, uint256 vs) private pure returns (address) {
        return ecrecover(digest, uint8(27 + (vs >> 255)), r, bytes32(vs & LOW_BITS));
    }

    function _isIn(address[3] memory members, address account) private pure returns (bool) {
        return account == members[0] || account == members[1] || account == members[2];
    }
}
