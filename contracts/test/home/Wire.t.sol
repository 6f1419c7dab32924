// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BatchDigest} from "../../src/common/BatchDigest.sol";
import {Leaves} from "../../src/common/Leaves.sol";
import {Batch, Message} from "../../src/common/Protocol.sol";
import {Roots} from "../../src/common/Roots.sol";
import {Inbound, InboundBatch, Route, Wire} from "../../src/common/Wire.sol";
import {Trees} from "../Trees.sol";
import {Test} from "../Vm.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @dev The same questions answered by the assembly and by Solidity's own decoder, from the same calldata.
contract Readers {
    function read(Message calldata encoded, Route memory route) external pure returns (bytes32 leaf, bytes32 fields) {
        // Dirt behind the free memory pointer must not matter.
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, 64) { i := add(i, 1) } { mstore(add(mload(0x40), mul(i, 32)), not(0)) }
        }
        Inbound message;
        (message, leaf) = Wire.read(route, encoded);
        fields = keccak256(
            abi.encode(
                message.kind(),
                message.nonce(),
                message.asset(),
                message.sender(),
                message.recipient(),
                message.amount(),
                message.runningTotal(),
                message.data()
            )
        );
        fields = keccak256(abi.encode(fields, message.exceeds(type(uint64).max, 32)));
    }

    function readPlainly(Message calldata encoded, Route memory route)
        external
        pure
        returns (bytes32 leaf, bytes32 fields)
    {
        Message memory m = encoded;
        leaf =
            Leaves.leafOf(route.sourceChain, route.sourceGateway, route.destinationChain, route.destinationGateway, m);
        fields =
            keccak256(abi.encode(m.kind, m.nonce, m.asset, m.sender, m.recipient, m.amount, m.runningTotal, m.data));
        fields = keccak256(abi.encode(fields, m.amount > type(uint64).max || m.data.length > 32));
    }

    function readBatch(Batch calldata encoded, bytes32 domain) external pure returns (bytes32 digest, bytes32 fields) {
        InboundBatch batch;
        (batch, digest) = Wire.readBatch(encoded, domain);
        bytes32 route = keccak256(
            abi.encode(batch.sourceChain(), batch.sourceGateway(), batch.destinationChain(), batch.destinationGateway())
        );
        fields = keccak256(
            abi.encode(route, batch.epoch(), batch.firstNonce(), batch.count(), batch.root(), batch.sourceHeight())
        );
    }

    function readBatchPlainly(Batch calldata encoded, bytes32 domain)
        external
        pure
        returns (bytes32 digest, bytes32 fields)
    {
        Batch memory b = encoded;
        bytes32 route = keccak256(abi.encode(b.sourceChain, b.sourceGateway, b.destinationChain, b.destinationGateway));
        fields = keccak256(abi.encode(route, b.epoch, b.firstNonce, b.count, b.root, b.sourceHeight));
        return (BatchDigest.digestOf(domain, b), fields);
    }
}

contract WireTest is Test {
    Readers private readers = new Readers();

    function test_a_message_is_read_as_solidity_reads_it(Message calldata message, Route calldata route) external view {
        _assertAgree(abi.encode(message, route), true);
    }

    function test_a_batch_is_read_as_solidity_reads_it(Batch calldata batch, bytes32 domain) external view {
        bytes memory arguments = abi.encode(batch, domain);
        (bool fast, bytes memory result) = _call(Readers.readBatch.selector, arguments);
        (bool plain, bytes memory expected) = _call(Readers.readBatchPlainly.selector, arguments);
        vm.assertTrue(fast && plain, "read");
        vm.assertEq(result, expected, "digest and fields");
    }

    /// @dev Any one word of the encoding replaced: lengths, offsets, dirty bits, padding.
    function test_an_odd_encoding_of_a_message_is_read_alike_or_refused_alike(
        Message calldata message,
        Route calldata route,
        uint256 place,
        uint256 word,
        uint8 shift
    ) external view {
        bytes memory arguments = abi.encode(message, route);
        _setWord(arguments, place % (arguments.length / 32), word >> shift);
        _assertAgree(arguments, false);
    }

    function test_an_odd_encoding_of_a_batch_is_read_alike_or_refused_alike(
        Batch calldata batch,
        bytes32 domain,
        uint256 place,
        uint256 word,
        uint8 shift
    ) external view {
        bytes memory arguments = abi.encode(batch, domain);
        _setWord(arguments, place % 11, word >> shift);
        (bool fast, bytes memory result) = _call(Readers.readBatch.selector, arguments);
        (bool plain, bytes memory expected) = _call(Readers.readBatchPlainly.selector, arguments);
        vm.assertTrue(fast == plain, "the same are refused");
        if (plain) vm.assertEq(result, expected, "digest and fields");
    }

    function test_data_may_stand_anywhere_in_the_calldata() external view {
        Message memory message = Message(1, 2, address(3), address(4), address(5), 6, 7, hex"0102030405");
        bytes memory arguments = abi.encode(message, Route(1, address(2), 3, address(4)));
        bytes memory moved = abi.encodePacked(arguments, uint256(5), bytes32(hex"0102030405"));
        // The message starts at word 5 (behind its offset and the route); the data's offset is its word 7.
        _setWord(moved, 5 + 7, arguments.length - 5 * 32);
        (, bytes memory expected) = _call(Readers.read.selector, arguments);
        (bool done, bytes memory result) = _call(Readers.read.selector, moved);
        vm.assertTrue(done, "read");
        vm.assertEq(result, expected, "the same leaf and fields");
        _assertAgree(moved, true);
    }

    function test_dirty_bits_are_refused() external view {
        Message memory message = Message(1, 2, address(3), address(4), address(5), 6, 7, "");
        uint256[7] memory bits = [uint256(8), 64, 160, 160, 160, 128, 128];
        for (uint256 i = 0; i < 7; ++i) {
            bytes memory arguments = abi.encode(message, Route(1, address(2), 3, address(4)));
            _setWord(arguments, 5 + i, 1 << bits[i]);
            (bool done, bytes memory result) = _call(Readers.read.selector, arguments);
            vm.assertFalse(done, "refused");
            vm.assertEq(result, abi.encodeWithSelector(Wire.EncodingInvalid.selector), "by its name");
        }
    }

    function test_every_field_is_in_the_leaf(Message memory message, Route memory route, uint256 change) external view {
        change = bound(change, 1, type(uint256).max);
        bytes32 leaf = Trees.leafOf(route, message);
        bytes memory arguments = abi.encode(message, route);
        for (uint256 i = 0; i < 11; ++i) {
            // Four words of the route, then seven of the message.
            bytes memory changed = abi.encodePacked(arguments);
            uint8[11] memory bits = [255, 160, 255, 160, 8, 64, 160, 160, 160, 128, 128];
            uint256 mask = bits[i] == 255 ? change : change % (1 << bits[i] - 1) + 1;
            _setWord(changed, 1 + i, _wordAt(changed, 1 + i) ^ mask);
            (bool done, bytes memory result) = _call(Readers.read.selector, changed);
            vm.assertTrue(done && _wordAt(result, 0) != uint256(leaf), "another leaf");
        }
        message.data = abi.encodePacked(message.data, hex"00");
        vm.assertTrue(Trees.leafOf(route, message) != leaf, "longer data, another leaf");
    }

    // --- Trees ---

    function test_roots_are_those_of_the_plain_version(uint8 count, bytes32 seed) external pure {
        bytes32[] memory leaves = _leaves(bound(count, 1, 200), seed);
        bytes32[] memory kept = abi.decode(abi.encode(leaves), (bytes32[]));
        bytes32 root = Roots.rootOf(leaves);
        vm.assertEq(root, Trees.rootOf(leaves), "root");
        vm.assertEq(abi.encode(leaves), abi.encode(kept), "the leaves are untouched");
    }

    function test_no_leaves_have_no_root() external pure {
        vm.assertEq(Roots.rootOf(new bytes32[](0)), 0, "root");
    }

    function test_every_leaf_has_a_proof_and_a_changed_one_proves_nothing(
        uint8 count,
        uint8 index,
        bytes32 seed,
        uint256 place,
        uint8 change
    ) external view {
        bytes32[] memory leaves = _leaves(bound(count, 2, 130), seed);
        index = uint8(index % leaves.length);
        bytes32[] memory proof = Trees.proofOf(leaves, index);
        bytes32 root = Roots.rootOf(leaves);
        vm.assertTrue(this.proves(proof, root, leaves[index]), "proof");
        place %= proof.length * 32;
        proof[place / 32] ^= bytes32(bound(change, 1, 255)) << 8 * (place % 32);
        vm.assertFalse(this.proves(proof, root, leaves[index]), "changed proof");
    }

    function proves(bytes32[] calldata proof, bytes32 root, bytes32 leaf) external pure returns (bool) {
        return MerkleProof.verifyCalldata(proof, root, leaf);
    }

    function _leaves(uint256 count, bytes32 seed) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
    }

    // --- Calldata ---

    function _assertAgree(bytes memory arguments, bool mustRead) private view {
        (bool fast, bytes memory result) = _call(Readers.read.selector, arguments);
        (bool plain, bytes memory expected) = _call(Readers.readPlainly.selector, arguments);
        vm.assertTrue(fast == plain, "the same are refused");
        if (mustRead) vm.assertTrue(fast, "read");
        if (plain) vm.assertEq(result, expected, "leaf and fields");
    }

    function _call(bytes4 selector, bytes memory arguments) private view returns (bool, bytes memory) {
        return address(readers).staticcall{gas: 10_000_000}(abi.encodePacked(selector, arguments));
    }

    function _wordAt(bytes memory packed, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(packed, 32), mul(index, 32)))
        }
    }

    function _setWord(bytes memory packed, uint256 index, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(packed, 32), mul(index, 32)), word)
        }
    }
}
