// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BlsCommittee} from "../../src/common/BlsCommittee.sol";
import {CodeStore} from "../../src/common/CodeStore.sol";
import {QuorumBls} from "../../src/common/QuorumBls.sol";
import {BlsSet, BlsSigners} from "../BlsSigners.sol";
import {Test} from "../Vm.sol";

/// @notice Verification and nothing else: one set, known for good.
contract BareBls {
    address private immutable STORE;
    uint256 private immutable THRESHOLD;

    constructor(uint256 threshold, bytes memory members) {
        STORE = CodeStore.write(members);
        THRESHOLD = threshold;
    }

    function verify(bytes32 digest, bytes calldata certificate) external view {
        QuorumBls.verify(STORE.code, THRESHOLD, digest, certificate);
    }
}

/// @notice What a BLS certificate costs to verify, and a set to admit: whole transactions (run with `--isolate`).
contract BlsGasTest is Test {
    using BlsSigners for BlsSet;

    bytes32 private constant DOMAIN = keccak256("a deployment");
    bytes32 private constant DIGEST = keccak256("digest");

    function test_what_a_certificate_of_3_of_4_costs() external {
        _measure(4, 3, "bls-3-of-4");
    }

    function test_what_a_certificate_of_5_of_7_costs() external {
        _measure(7, 5, "bls-5-of-7");
    }

    function test_what_a_certificate_of_21_of_31_costs() external {
        _measure(31, 21, "bls-21-of-31");
    }

    function test_what_a_certificate_of_43_of_64_costs() external {
        _measure(64, 43, "bls-43-of-64");
    }

    function _measure(uint256 count, uint8 threshold, string memory name) private {
        BlsSet memory set = BlsSigners.make(count, threshold, "reporters");
        (bytes memory quorum, bytes memory all) = (set.certify(DIGEST), set.certifyBy(DIGEST, (1 << count) - 1));
        address bare = address(new BareBls(threshold, set.members()));
        _call(bare, abi.encodeCall(BareBls.verify, (DIGEST, quorum)));
        vm.snapshotGasLastCall(name, "verify alone, a bare quorum");
        _call(bare, abi.encodeCall(BareBls.verify, (DIGEST, all)));
        vm.snapshotGasLastCall(name, "verify alone, all signed");
        BlsCommittee committee = _committee();
        for (uint256 i = 0; i < count; ++i) {
            committee.prove(set.keyAt(i), BlsSigners.proofOf(set.secrets[i], DOMAIN));
        }
        vm.snapshotGasLastCall(name, "prove one key");
        committee.replace(threshold, set.members());
        vm.snapshotGasLastCall(name, "replace the set");
        _call(address(committee), abi.encodeCall(committee.verify, (2, DIGEST, quorum)));
        vm.snapshotGasLastCall(name, "committee, a bare quorum");
        _call(address(committee), abi.encodeCall(committee.verify, (2, DIGEST, all)));
        vm.snapshotGasLastCall(name, "committee, all signed");
    }

    function _committee() private returns (BlsCommittee) {
        BlsSet memory first = BlsSigners.make(1, 1, "first");
        (address any, bytes memory members) = (address(this), first.members());
        return new BlsCommittee(any, any, any, 1, DOMAIN, 1, members, first.proofs(DOMAIN));
    }

    /// @dev A call and not a static one, so that it is a transaction of its own.
    function _call(address target, bytes memory data) private {
        (bool verified,) = target.call(data);
        vm.assertTrue(verified, "verified");
    }
}
