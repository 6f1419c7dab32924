// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Batch, Message} from "../../src/common/Protocol.sol";
import {QuorumEcdsa} from "../../src/common/QuorumEcdsa.sol";
import {HomeSide} from "../HomeSide.sol";
import {SignerSet, Signers} from "../Signers.sol";
import {Trees} from "../Trees.sol";

/// @notice Whatever is not exactly what a quorum signed is refused by its name, whole, and can be delivered right later.
contract ForgeryTest is HomeSide {
    using Signers for SignerSet;

    address private immutable FAR = _account("remote gateway");

    Batch private batch;
    Message[] private messages;
    bytes private certificate;

    function setUp() external {
        deployHome(Signers.make(7, 5, "operators"));
        openRoute(REMOTE, FAR);
        lock(bond, ALICE, 10 * LOT, REMOTE, BOB);
        for (uint64 nonce = 0; nonce < 3; ++nonce) {
            messages.push(transferOf(nonce, address(bond), BOB, ALICE, LOT));
        }
        batch = batchOf(REMOTE, HOME, messages);
        certificate = certify(batch);
    }

    /// @dev After each refusal the true batch still goes through.
    modifier thenDelivered() {
        _;
        vm.assertFalse(home.isConsumed(REMOTE, 0), "consumed");
        vm.assertEq(bond.balanceOf(ALICE), 0, "paid");
        vm.assertEq(home.locked(REMOTE, address(bond)), 10 * LOT, "book");
        vm.chainId(HOME);
        home.deliver(batch, messages, certificate);
        vm.assertEq(bond.balanceOf(ALICE), 3 * LOT, "paid");
        vm.assertEq(home.locked(REMOTE, address(bond)), 7 * LOT, "book");
    }

    // --- Batches ---

    function test_a_batch_from_an_unknown_chain_is_refused() external thenDelivered {
        Batch memory forged = batch;
        forged.sourceChain = 99;
        _assertRefused(forged, abi.encodeWithSelector(IGateway.SourceMismatch.selector, 99, FAR));
    }

    function test_a_batch_from_another_gateway_is_refused() external thenDelivered {
        Batch memory forged = batch;
        forged.sourceGateway = STRANGER;
        _assertRefused(forged, abi.encodeWithSelector(IGateway.SourceMismatch.selector, REMOTE, STRANGER));
        forged.sourceChain = 99;
        forged.sourceGateway = address(0);
        _assertRefused(forged, abi.encodeWithSelector(IGateway.SourceMismatch.selector, 99, address(0)));
    }

    function test_a_batch_for_another_chain_is_refused() external thenDelivered {
        Batch memory forged = batch;
        forged.destinationChain = REMOTE2;
        _assertRefused(forged, abi.encodeWithSelector(IGateway.DestinationMismatch.selector, REMOTE2, address(home)));
    }

    function test_a_batch_for_another_gateway_is_refused() external thenDelivered {
        Batch memory forged = batch;
        forged.destinationGateway = STRANGER;
        _assertRefused(forged, abi.encodeWithSelector(IGateway.DestinationMismatch.selector, HOME, STRANGER));
    }

    function test_a_fork_with_another_chain_id_takes_nothing() external thenDelivered {
        vm.chainId(HOME + 1);
        vm.expectRevert(abi.encodeWithSelector(IGateway.DestinationMismatch.selector, HOME, address(home)));
        home.deliver(batch, messages, certificate);
        Batch memory forged = batch;
        forged.destinationChain = HOME + 1;
        gateways[HOME + 1] = home; // of the fork, whose domain is still that of the original chain
        _assertNotSigned(forged, signersOf(HOME, 1).certify(digestOf(forged)));
    }

    function test_a_batch_of_another_epoch_is_refused() external thenDelivered {
        Batch memory forged = batch;
        for (uint64 epoch = 0; epoch < 3; ++epoch) {
            if (epoch == 1) continue;
            forged.epoch = epoch;
            vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochNotActive.selector, epoch, 1));
            home.deliver(forged, messages, certificate);
        }
    }

    function test_a_zero_root_is_refused() external thenDelivered {
        Batch memory forged = batch;
        forged.root = 0;
        _assertRefused(forged, abi.encodeWithSelector(IGateway.ZeroRoot.selector));
        bytes memory signed = certify(forged);
        vm.expectRevert(IGateway.ZeroRoot.selector);
        home.deliverOne(forged, messages[0], new bytes32[](0), signed);
    }

    function test_a_batch_of_nothing_is_refused() external thenDelivered {
        Batch memory forged = batch;
        forged.count = 0;
        bytes memory signed = certify(forged);
        vm.expectRevert(abi.encodeWithSelector(IGateway.RootMismatch.selector, 0, forged.root));
        home.deliver(forged, new Message[](0), signed);
    }

    function test_another_root_is_not_that_of_the_messages() external thenDelivered {
        Batch memory forged = batch;
        forged.root = keccak256("another");
        _assertRefused(forged, abi.encodeWithSelector(IGateway.RootMismatch.selector, batch.root, forged.root));
    }

    function test_each_signed_field_is_signed() external thenDelivered {
        Batch memory forged = batch;
        forged.root = keccak256("another");
        _assertNotSigned(forged, certificate);
        forged = batch;
        forged.firstNonce = 1;
        _assertNotSigned(forged, certificate);
        forged = batch;
        forged.count = 2;
        _assertNotSigned(forged, certificate);
        forged = batch;
        forged.sourceHeight += 1;
        _assertNotSigned(forged, certificate);
        forged = batch;
        forged.sourceBlockHash = keccak256("another");
        _assertNotSigned(forged, certificate);
        forged = batch;
        forged.sourceTime += 1;
        _assertNotSigned(forged, certificate);
    }

    // --- Certificates ---

    function test_one_signature_short_is_refused() external thenDelivered {
        bytes memory short = signersOf(HOME, 1).certifyBy(digestOf(batch), 0, 4);
        vm.expectRevert(abi.encodeWithSelector(QuorumEcdsa.SignatureCount.selector, 4, 5));
        home.deliver(batch, messages, short);
    }

    function test_an_empty_certificate_is_refused() external thenDelivered {
        vm.expectRevert(abi.encodeWithSelector(QuorumEcdsa.SignatureCount.selector, 0, 5));
        home.deliver(batch, messages, "");
    }

    function test_signatures_of_strangers_are_refused() external thenDelivered {
        SignerSet memory strangers = Signers.make(7, 5, "strangers");
        bytes memory forged = strangers.certify(digestOf(batch));
        vm.expectRevert(abi.encodeWithSelector(QuorumEcdsa.SignerNotInSet.selector, vm.addr(strangers.keys[2])));
        home.deliver(batch, messages, forged);
    }

    function test_every_byte_of_the_certificate_counts(uint256 place, uint8 change) external thenDelivered {
        bytes memory forged = certificate;
        forged[place % forged.length] ^= bytes1(uint8(bound(change, 1, 255)));
        vm.expectRevert();
        home.deliver(batch, messages, forged);
    }

    // --- Messages ---

    function test_every_field_of_a_message_counts() external thenDelivered {
        Message[] memory forged = messages;
        forged[1].kind = 2;
        _assertOtherRoot(forged);
        forged[1].asset = address(bill);
        _assertOtherRoot(forged);
        forged[1].sender = STRANGER;
        _assertOtherRoot(forged);
        forged[1].recipient = STRANGER;
        _assertOtherRoot(forged);
        forged[1].amount = 2 * LOT;
        _assertOtherRoot(forged);
        forged[1].runningTotal += LOT;
        _assertOtherRoot(forged);
        forged[1].data = "more";
        _assertOtherRoot(forged);
        forged[1].nonce = 7;
        vm.expectRevert(abi.encodeWithSelector(IGateway.NonceOutOfBatch.selector, 7, 1));
        home.deliver(batch, forged, certificate);
    }

    function test_messages_missing_added_or_swapped_are_refused() external thenDelivered {
        Message[] memory some = new Message[](2);
        (some[0], some[1]) = (messages[0], messages[1]);
        vm.expectRevert(abi.encodeWithSelector(IGateway.CountMismatch.selector, 2, 3));
        home.deliver(batch, some, certificate);
        Message[] memory more = new Message[](4);
        (more[0], more[1], more[2], more[3]) = (messages[0], messages[1], messages[2], messages[2]);
        vm.expectRevert(abi.encodeWithSelector(IGateway.CountMismatch.selector, 4, 3));
        home.deliver(batch, more, certificate);
        Message[] memory swapped = messages;
        (swapped[0], swapped[1]) = (swapped[1], swapped[0]);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NonceOutOfBatch.selector, 1, 0));
        home.deliver(batch, swapped, certificate);
    }

    function test_more_messages_than_a_batch_may_have_are_refused() external thenDelivered {
        Message[] memory many = new Message[](129);
        for (uint64 nonce = 0; nonce < 129; ++nonce) {
            many[nonce] = transferOf(nonce, address(bond), BOB, ALICE, 0);
        }
        Batch memory forged = batchOf(REMOTE, HOME, many);
        bytes memory signed = certify(forged);
        vm.expectRevert(abi.encodeWithSelector(IGateway.CountMismatch.selector, 129, 129));
        home.deliver(forged, many, signed);
    }

    function test_nonces_never_run_over_the_end_of_their_type() external thenDelivered {
        Message[] memory last = new Message[](2);
        (last[0], last[1]) = (messages[0], messages[0]);
        last[0].nonce = type(uint64).max;
        Batch memory forged = batchOf(REMOTE, HOME, last);
        bytes memory signed = certify(forged);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NonceOutOfBatch.selector, 0, 0));
        home.deliver(forged, last, signed);
    }

    // --- Single messages ---

    function test_a_proof_proves_one_leaf_at_one_root() external thenDelivered {
        bytes32[] memory proof = _proofOf(1);
        Message memory forged = messages[1];
        forged.amount = 3 * LOT;
        bytes32 leaf = leafOf(REMOTE, HOME, forged);
        vm.expectRevert(abi.encodeWithSelector(IGateway.ProofInvalid.selector, leaf, batch.root));
        home.deliverOne(batch, forged, proof, certificate);
        leaf = leafOf(REMOTE, HOME, messages[0]);
        vm.expectRevert(abi.encodeWithSelector(IGateway.ProofInvalid.selector, leaf, batch.root));
        home.deliverOne(batch, messages[0], _proofOf(2), certificate);
        leaf = leafOf(REMOTE, HOME, messages[1]);
        vm.expectRevert(abi.encodeWithSelector(IGateway.ProofInvalid.selector, leaf, batch.root));
        home.deliverOne(batch, messages[1], new bytes32[](0), certificate);
    }

    function test_every_byte_of_a_proof_counts(uint256 place, uint8 change) external thenDelivered {
        bytes32[] memory proof = _proofOf(0);
        place %= 64;
        proof[place / 32] ^= bytes32(bound(change, 1, 255)) << 8 * (place % 32);
        bytes32 leaf = leafOf(REMOTE, HOME, messages[0]);
        vm.expectRevert(abi.encodeWithSelector(IGateway.ProofInvalid.selector, leaf, batch.root));
        home.deliverOne(batch, messages[0], proof, certificate);
    }

    function test_a_single_message_lies_in_its_batch() external thenDelivered {
        Batch memory forged = batch;
        forged.firstNonce = 1;
        bytes memory signed = certify(forged);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NonceOutOfBatch.selector, 0, 1));
        home.deliverOne(forged, messages[0], _proofOf(0), signed);
        forged = batch;
        forged.count = 2;
        signed = certify(forged);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NonceOutOfBatch.selector, 2, 0));
        home.deliverOne(forged, messages[2], _proofOf(2), signed);
    }

    function test_a_single_message_needs_a_quorum_too() external thenDelivered {
        vm.expectRevert(abi.encodeWithSelector(QuorumEcdsa.SignatureCount.selector, 0, 5));
        home.deliverOne(batch, messages[0], _proofOf(0), "");
        Batch memory forged = batch;
        forged.root = leafOf(REMOTE, HOME, messages[0]);
        vm.expectPartialRevert(QuorumEcdsa.SignerNotInSet.selector);
        home.deliverOne(forged, messages[0], new bytes32[](0), certificate);
    }

    function _proofOf(uint256 index) private view returns (bytes32[] memory) {
        return Trees.proofOf(Trees.leavesOf(routeOf(REMOTE, HOME), messages), index);
    }

    /// @dev Refused although a quorum signed it.
    function _assertRefused(Batch memory forged, bytes memory expected) private {
        bytes memory signed = certify(forged);
        vm.expectRevert(expected);
        home.deliver(forged, messages, signed);
    }

    /// @dev Another digest makes other signers come out.
    function _assertNotSigned(Batch memory forged, bytes memory signed) private {
        (bool done, bytes memory answer) = address(home).call(abi.encodeCall(home.deliver, (forged, messages, signed)));
        vm.assertFalse(done, "refused");
        bytes4 selector = bytes4(answer);
        vm.assertTrue(
            selector == QuorumEcdsa.SignerNotInSet.selector || selector == QuorumEcdsa.SignerNotAscending.selector
                || selector == QuorumEcdsa.SignatureInvalid.selector,
            "by the certificate"
        );
    }

    function _assertOtherRoot(Message[] memory forged) private {
        bytes32 root = Trees.rootOf(Trees.leavesOf(routeOf(REMOTE, HOME), forged));
        vm.expectRevert(abi.encodeWithSelector(IGateway.RootMismatch.selector, root, batch.root));
        home.deliver(batch, forged, certificate);
        forged[1] = messages[1];
    }
}
