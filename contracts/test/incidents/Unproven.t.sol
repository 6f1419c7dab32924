// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BatchDigest} from "../../src/common/BatchDigest.sol";
import {EcdsaCommittee} from "../../src/common/EcdsaCommittee.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Batch, Message} from "../../src/common/Protocol.sol";
import {QuorumEcdsa} from "../../src/common/QuorumEcdsa.sol";
import {HomeGateway} from "../../src/home/HomeGateway.sol";
import {Incident} from "../Incident.sol";
import {SignerSet, Signers} from "../Signers.sol";

/// @notice Wormhole, Nomad, BNB, CrossCurve, Hyperbridge, Verus, Secret: a check was skipped, or did not bind what it
///         should have.
contract UnprovenTest is Incident {
    using Signers for SignerSet;

    Message[] private _messages;
    Batch private _batch;
    bytes private _certificate;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 3; ++i) {
            _messages.push(locked(OKU));
        }
        _batch = batchOf(HOME, REMOTE, _messages);
        _certificate = certify(_batch);
    }

    /// @dev Whatever was refused, nothing has moved, and the true batch still goes through.
    modifier thenDelivered() {
        _;
        vm.assertEq(wrapped.totalSupply(), 0, "nothing moved");
        (bool done,) = tryDeliver(_batch, _messages, _certificate);
        vm.assertTrue(done, "the true batch");
        vm.assertEq(wrapped.balanceOf(BOB), 3 * OKU, "minted");
    }

    // --- Whom a gateway asks ---

    /// @dev The caller chose the verifier. Here it is in the gateway's code, and no argument names one.
    function test_wormhole_2022_02_a_verifier_of_the_thief_is_not_asked() external thenDelivered {
        SignerSet memory own = Signers.make(7, 5, "thief");
        EcdsaCommittee fake =
            new EcdsaCommittee(THIEF, THIEF, address(gateway), ACTIVATION_DELAY, own.threshold, own.members());
        Message[] memory mint = only(forgery(FIRST, OKU));
        Batch memory batch = batchOf(HOME, REMOTE, mint);
        bytes memory certificate = own.certify(digestOf(batch));
        fake.verify(1, digestOf(batch), certificate);
        (bool done,) = tryDeliver(batch, mint, certificate);
        vm.assertFalse(done, "the thief's committee");
        (done,) = tryDeliver(batch, mint, abi.encodePacked(certificate, address(fake)));
        vm.assertFalse(done, "named in the certificate");
        vm.assertTrue(address(gateway.COMMITTEE()) != address(fake), "pinned");
    }

    // --- What nobody has set ---

    /// @dev An upgrade made the zero root a trusted one, and every message had it.
    function test_nomad_2022_08_a_zero_root_is_never_proven(bool replaced) external {
        if (replaced) {
            SignerSet memory next = Signers.make(7, 4, "next");
            bytes memory members = next.members();
            ICommittee committee = gateway.COMMITTEE();
            vm.prank(GOVERNOR);
            enrol(REMOTE, committee.replace(4, members), next);
        }
        Message[] memory mint = only(forgery(FIRST, OKU));
        Batch memory batch = batchOf(HOME, REMOTE, mint);
        batch.root = 0;
        bytes memory certificate = certify(batch);
        (bool done, bytes4 refusal) = tryDeliver(batch, mint, certificate);
        assertRefused(done, refusal, IGateway.ZeroRoot.selector, "a batch");
        (done, refusal) = tryDeliverOne(batch, mint[0], new bytes32[](0), certificate);
        assertRefused(done, refusal, IGateway.ZeroRoot.selector, "one message");
    }

    function test_nomad_2022_08_nothing_that_was_never_set_is_valid() external thenDelivered {
        Message memory nothing;
        vm.expectPartialRevert(IGateway.NotHeld.selector);
        gateway.retry(0, nothing);
        Batch memory batch;
        batch.root = keccak256("any");
        Message[] memory none = new Message[](0);
        (bool done, bytes4 refusal) = _tryHere(batch, none, "");
        assertRefused(done, refusal, IGateway.SourceMismatch.selector, "a route that is not open");
        batch = _batch;
        batch.epoch = 0;
        (done, refusal) = tryDeliver(batch, _messages, "");
        assertRefused(done, refusal, ICommittee.EpochNotActive.selector, "epoch zero");
        (done, refusal) = tryDeliver(_batch, _messages, "");
        assertRefused(done, refusal, QuorumEcdsa.SignatureCount.selector, "no certificate");
        vm.expectRevert(IGateway.ZeroAddress.selector);
        new HomeGateway(ICommittee(address(0)), GOVERNOR, REGISTRAR, GENESIS, bounds());
    }

    // --- Every byte ---

    /// @dev A verifier ignored part of a node of the proof. Here no byte of a delivery can be another.
    function test_bnb_2022_10_no_byte_of_a_delivery_can_be_another() external {
        fund(bond, ALICE, LOT);
        vm.chainId(HOME);
        vm.prank(ALICE);
        home.lock(address(bond), LOT, REMOTE, BOB, abi.encode(keccak256("invoice")));
        collect();
        Message[] memory two = sentFrom(HOME, REMOTE, FIRST + 2, 2);
        Batch memory batch = batchOf(HOME, REMOTE, two);
        bytes memory call =
            abi.encodeCall(gateway.deliverOne, (batch, two[1], proofOf(HOME, REMOTE, two, 1), certify(batch)));
        vm.chainId(REMOTE);
        bytes1[3] memory changes = [bytes1(0x01), bytes1(0x80), bytes1(0xff)];
        for (uint256 i = 0; i < 3 * call.length; ++i) {
            call[i / 3] ^= changes[i % 3];
            (bool done,) = address(gateway).call(call);
            vm.assertFalse(done, vm.toString(i / 3));
            call[i / 3] ^= changes[i % 3];
        }
        (bool whole,) = address(gateway).call(call);
        vm.assertTrue(whole, "unchanged");
    }

    function test_bnb_2022_10_nothing_can_be_added_to_a_proof_or_taken_from_it() external thenDelivered {
        bytes32[] memory proof = proofOf(HOME, REMOTE, _messages, 0);
        bytes32[] memory longer = new bytes32[](proof.length + 1);
        bytes32[] memory shorter = new bytes32[](proof.length - 1);
        for (uint256 i = 0; i < proof.length; ++i) {
            longer[i] = proof[i];
            if (i < shorter.length) shorter[i] = proof[i];
        }
        (bool done, bytes4 refusal) = tryDeliverOne(_batch, _messages[0], longer, _certificate);
        assertRefused(done, refusal, IGateway.ProofInvalid.selector, "longer");
        (done, refusal) = tryDeliverOne(_batch, _messages[0], shorter, _certificate);
        assertRefused(done, refusal, IGateway.ProofInvalid.selector, "shorter");
        (done, refusal) = tryDeliver(_batch, _messages, abi.encodePacked(_certificate, new bytes(64)));
        assertRefused(done, refusal, QuorumEcdsa.SignatureCount.selector, "a signature more");
        (done, refusal) = tryDeliver(_batch, _messages, abi.encodePacked(_certificate, hex"00"));
        assertRefused(done, refusal, QuorumEcdsa.SignatureCount.selector, "a byte more");
    }

    // --- Every entry ---

    /// @dev A second entry for impatient users went past the validation. Whoever is nobody, and has no proof, is refused
    ///      by every function that may write, whatever it is called with.
    function test_crosscurve_2026_02_every_entry_refuses_who_has_no_proof() external {
        vm.assertEq(_assertEntriesRefuse("HomeGateway", address(home), HOME), 14, "entries at home");
        vm.assertEq(_assertEntriesRefuse("RemoteGateway", address(gateway), REMOTE), 11, "entries of a remote");
    }

    // --- What a proof is about ---

    /// @dev A leaf index past the end dropped the leaf from what was checked.
    function test_hyperbridge_2026_04_an_index_past_the_end_proves_nothing(uint64 beyond) external thenDelivered {
        Message memory message = forgery(uint64(bound(beyond, FIRST + 3, type(uint64).max)), OKU);
        (bool done, bytes4 refusal) = tryDeliverOne(_batch, message, proofOf(HOME, REMOTE, _messages, 0), _certificate);
        assertRefused(done, refusal, IGateway.NonceOutOfBatch.selector, "past the end");
        message.nonce = FIRST - 1;
        (done, refusal) = tryDeliverOne(_batch, message, proofOf(HOME, REMOTE, _messages, 0), _certificate);
        assertRefused(done, refusal, IGateway.NonceOutOfBatch.selector, "before the start");
        Batch memory fewer = _batch;
        fewer.count = 2;
        (done, refusal) = tryDeliverOne(fewer, _messages[2], proofOf(HOME, REMOTE, _messages, 2), certify(fewer));
        assertRefused(done, refusal, IGateway.NonceOutOfBatch.selector, "a leaf of the root, not of the batch");
    }

    function test_hyperbridge_2026_04_a_proof_seen_once_proves_nothing_else(uint8 index) external thenDelivered {
        bytes32[] memory proof = proofOf(HOME, REMOTE, _messages, index % 3);
        (bool done, bytes4 refusal) = tryDeliverOne(_batch, forgery(FIRST + index % 3, OKU), proof, _certificate);
        assertRefused(done, refusal, IGateway.ProofInvalid.selector, "another payload");
    }

    /// @dev The proof was valid and the value was not in it.
    function test_verus_2026_05_every_value_is_bound_to_its_proof() external thenDelivered {
        for (uint256 field = 0; field < 7; ++field) {
            Message memory altered = _altered(_messages[1], field);
            bytes32[] memory proof = proofOf(HOME, REMOTE, _messages, 1);
            (bool done, bytes4 refusal) = tryDeliverOne(_batch, altered, proof, _certificate);
            assertRefused(done, refusal, IGateway.ProofInvalid.selector, vm.toString(field));
            Message[] memory batch = _messages;
            batch[1] = altered;
            (done, refusal) = tryDeliver(_batch, batch, _certificate);
            assertRefused(done, refusal, IGateway.RootMismatch.selector, vm.toString(field));
        }
    }

    /// @dev The channel a message came by was not looked at. These signatures are all real.
    function test_secret_2026_06_signatures_of_another_domain_count_for_nothing() external thenDelivered {
        SignerSet memory same = signersOf(REMOTE, 1); // who also serve the second remote
        Batch memory elsewhere = batchOf(HOME, REMOTE2, only(forgery(FIRST, OKU)));
        bytes memory certificate = certify(elsewhere);
        (bool done, bytes4 refusal) = _tryHere(elsewhere, only(forgery(FIRST, OKU)), certificate);
        assertRefused(done, refusal, IGateway.DestinationMismatch.selector, "for another remote");
        elsewhere.destinationChain = REMOTE;
        elsewhere.destinationGateway = address(gateway);
        (done,) = _tryHere(elsewhere, only(forgery(FIRST, OKU)), certificate);
        vm.assertFalse(done, "readdressed");
        bytes32 domain = BatchDigest.domainSeparator(REMOTE, address(gateway), keccak256("another home"));
        (done,) = tryDeliver(_batch, _messages, same.certify(BatchDigest.digestOf(domain, _batch)));
        vm.assertFalse(done, "of another home ledger");
        domain = BatchDigest.domainSeparator(REMOTE, STRANGER, GENESIS);
        (done,) = tryDeliver(_batch, _messages, same.certify(BatchDigest.digestOf(domain, _batch)));
        vm.assertFalse(done, "for another gateway");
        domain = BatchDigest.domainSeparator(REMOTE2, address(gateway), GENESIS);
        (done,) = tryDeliver(_batch, _messages, same.certify(BatchDigest.digestOf(domain, _batch)));
        vm.assertFalse(done, "for another chain");
    }

    function test_secret_2026_06_a_message_of_another_origin_is_refused_whoever_signed_it() external thenDelivered {
        Batch memory foreign = _batch;
        foreign.sourceChain = REMOTE2;
        (bool done, bytes4 refusal) = tryDeliver(foreign, _messages, certify(foreign));
        assertRefused(done, refusal, IGateway.SourceMismatch.selector, "another chain");
        foreign = _batch;
        foreign.sourceGateway = THIEF;
        (done, refusal) = tryDeliver(foreign, _messages, certify(foreign));
        assertRefused(done, refusal, IGateway.SourceMismatch.selector, "another gateway");
        foreign.sourceChain = REMOTE2;
        foreign.sourceGateway = address(0);
        (done, refusal) = tryDeliver(foreign, _messages, certify(foreign));
        assertRefused(done, refusal, IGateway.SourceMismatch.selector, "no gateway of an unknown chain");
    }

    function _altered(Message memory original, uint256 field) private view returns (Message memory altered) {
        altered = abi.decode(abi.encode(original), (Message));
        if (field == 0) altered.amount += 1;
        if (field == 1) altered.recipient = THIEF;
        if (field == 2) altered.asset = address(bill);
        if (field == 3) altered.sender = THIEF;
        if (field == 4) altered.runningTotal += 1;
        if (field == 5) altered.data = "more";
        if (field == 6) altered.kind = 2;
    }

    function _tryHere(Batch memory batch, Message[] memory messages, bytes memory certificate)
        private
        returns (bool done, bytes4 refusal)
    {
        vm.chainId(REMOTE);
        bytes memory answer;
        (done, answer) = address(gateway).call(abi.encodeCall(gateway.deliver, (batch, messages, certificate)));
        refusal = bytes4(answer);
    }

    /// @dev Calls each function that may write with zeros, with words that mean something here, and with others.
    function _assertEntriesRefuse(string memory name, address target, uint256 chain) private returns (uint256 entries) {
        string memory json = vm.readFile(string.concat("out/", name, ".sol/", name, ".json"));
        string[] memory signatures = vm.parseJsonKeys(json, ".methodIdentifiers");
        uint256 other = chain == HOME ? REMOTE : HOME;
        bytes memory meant = abi.encode(other, address(bond), LOT, THIEF, 1, 1, 1, 1);
        bytes memory moved = abi.encode(address(bond), LOT, other, THIEF, 1, 1, 1, 1);
        vm.chainId(chain);
        for (uint256 i = 0;; ++i) {
            string memory at = string.concat(".abi[", vm.toString(i), "]");
            if (!vm.keyExistsJson(json, at)) return entries;
            if (!_mayWrite(json, at)) continue;
            string memory signature = _named(signatures, vm.parseJsonString(json, string.concat(at, ".name")));
            bytes4 selector = bytes4(keccak256(bytes(signature)));
            ++entries;
            _assertRefuses(target, abi.encodePacked(selector, new bytes(1_024)), signature);
            _assertRefuses(target, abi.encodePacked(selector, meant, new bytes(512)), signature);
            _assertRefuses(target, abi.encodePacked(selector, moved, new bytes(512)), signature);
            for (uint256 j = 0; j < 16; ++j) {
                bytes32 chance = keccak256(abi.encode(signature, j));
                bytes memory words = abi.encode(other, address(bond), chance >> 16 * j, chance, chance >> 96, chance);
                _assertRefuses(target, abi.encodePacked(selector, words, new bytes(512)), signature);
            }
        }
    }

    function _assertRefuses(address target, bytes memory call, string memory what) private {
        vm.prank(THIEF);
        (bool done,) = target.call(call);
        vm.assertFalse(done, what);
    }

    function _mayWrite(string memory json, string memory at) private view returns (bool) {
        if (!_same(vm.parseJsonString(json, string.concat(at, ".type")), "function")) return false;
        string memory mutability = vm.parseJsonString(json, string.concat(at, ".stateMutability"));
        return !_same(mutability, "view") && !_same(mutability, "pure");
    }

    function _named(string[] memory signatures, string memory name) private pure returns (string memory signature) {
        for (uint256 i = 0; i < signatures.length; ++i) {
            if (_startsWith(signatures[i], string.concat(name, "("))) return signatures[i];
        }
    }

    function _same(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }

    function _startsWith(string memory text, string memory start) private pure returns (bool) {
        (bytes memory whole, bytes memory part) = (bytes(text), bytes(start));
        if (whole.length < part.length) return false;
        for (uint256 i = 0; i < part.length; ++i) {
            if (whole[i] != part[i]) return false;
        }
        return true;
    }
}
