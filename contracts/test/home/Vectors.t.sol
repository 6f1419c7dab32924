// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BatchDigest} from "../../src/common/BatchDigest.sol";
import {EcdsaCommittee} from "../../src/common/EcdsaCommittee.sol";
import {Isin} from "../../src/common/Isin.sol";
import {Batch, Message} from "../../src/common/Protocol.sol";
import {Roots} from "../../src/common/Roots.sol";
import {Route} from "../../src/common/Wire.sol";
import {Trees} from "../Trees.sol";
import {Test} from "../Vm.sol";
import {Readers} from "./Wire.t.sol";

/// @notice The vectors that bind this encoder and the Python one.
contract VectorsTest is Test {
    Readers private readers = new Readers();

    function test_messages_and_leaves() external view {
        string memory json = vm.readFile("../tests/vectors/messages.json");
        uint256 count = 0;
        for (string memory at = _item(0); vm.keyExistsJson(json, at); at = _item(++count)) {
            bytes memory encoded = vm.parseJsonBytes(json, string.concat(at, ".encoded"));
            Message memory message = _message(json, string.concat(at, ".message"));
            vm.assertEq(abi.encode(message), encoded, "encoding");
            (bytes32 leaf,) = readers.read(message, _route(json, at));
            vm.assertEq(leaf, vm.parseJsonBytes32(json, string.concat(at, ".leaf")), "leaf");
        }
        vm.assertGe(count, 8, "vectors read");
    }

    function test_batches_digests_and_certificates() external {
        string memory json = vm.readFile("../tests/vectors/batches.json");
        uint256 count = 0;
        for (string memory at = _item(0); vm.keyExistsJson(json, at); at = _item(++count)) {
            _assertBatch(json, at);
        }
        vm.assertGe(count, 7, "vectors read");
    }

    function test_isins() external view {
        string memory json = vm.readFile("../tests/vectors/isins.json");
        string[] memory valid = vm.parseJsonStringArray(json, ".valid");
        for (uint256 i = 0; i < valid.length; ++i) {
            vm.assertTrue(Isin.isValid(bytes12(bytes(valid[i]))), valid[i]);
        }
        string[] memory invalid = vm.parseJsonStringArray(json, ".invalid");
        for (uint256 i = 0; i < invalid.length; ++i) {
            vm.assertFalse(Isin.isValid(bytes12(bytes(invalid[i]))), invalid[i]);
        }
        vm.assertGe(valid.length + invalid.length, 16, "vectors read");
    }

    function _assertBatch(string memory json, string memory at) private {
        Batch memory batch = _batch(json, string.concat(at, ".batch"));
        bytes32[] memory leaves = vm.parseJsonBytes32Array(json, string.concat(at, ".leaves"));
        bytes[] memory encoded = vm.parseJsonBytesArray(json, string.concat(at, ".messages"));
        Route memory route = _route(json, string.concat(at, ".batch"));
        vm.assertEq(batch.count, encoded.length, "count");
        for (uint256 i = 0; i < encoded.length; ++i) {
            (bytes32 leaf,) = readers.read(abi.decode(encoded[i], (Message)), route);
            vm.assertEq(leaf, leaves[i], "leaf");
        }
        vm.assertEq(Roots.rootOf(leaves), batch.root, "root");
        bytes32[] memory proof = Trees.proofOf(leaves, leaves.length - 1);
        vm.assertEq(
            abi.encode(proof), abi.encode(vm.parseJsonBytes32Array(json, string.concat(at, ".lastProof"))), "proof"
        );
        vm.chainId(batch.destinationChain);
        bytes32 domain = BatchDigest.domainSeparator(
            batch.destinationChain,
            batch.destinationGateway,
            vm.parseJsonBytes32(json, string.concat(at, ".homeGenesis"))
        );
        vm.assertEq(domain, vm.parseJsonBytes32(json, string.concat(at, ".domainSeparator")), "domain");
        bytes32 structHash = keccak256(abi.encode(BatchDigest.BATCH_TYPE, batch));
        vm.assertEq(structHash, vm.parseJsonBytes32(json, string.concat(at, ".structHash")), "struct");
        (bytes32 digest,) = readers.readBatch(batch, domain);
        vm.assertEq(digest, vm.parseJsonBytes32(json, string.concat(at, ".digest")), "digest");
        _assertCertificate(json, at, digest);
    }

    function _assertCertificate(string memory json, string memory at, bytes32 digest) private {
        address[] memory members = vm.parseJsonAddressArray(json, string.concat(at, ".members"));
        bytes memory packed;
        for (uint256 i = 0; i < members.length; ++i) {
            packed = abi.encodePacked(packed, members[i]);
        }
        uint8 threshold = uint8(vm.parseJsonUint(json, string.concat(at, ".threshold")));
        address any = address(this);
        EcdsaCommittee committee = new EcdsaCommittee(any, any, any, 1, threshold, packed);
        (bytes32 setHash,,) = committee.setOf(1);
        vm.assertEq(setHash, vm.parseJsonBytes32(json, string.concat(at, ".setHash")), "set hash");
        committee.verify(1, digest, vm.parseJsonBytes(json, string.concat(at, ".certificate")));
    }

    function _item(uint256 index) private pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(index), "]");
    }

    function _route(string memory json, string memory at) private pure returns (Route memory) {
        return Route(
            vm.parseJsonUint(json, string.concat(at, ".sourceChain")),
            vm.parseJsonAddress(json, string.concat(at, ".sourceGateway")),
            vm.parseJsonUint(json, string.concat(at, ".destinationChain")),
            vm.parseJsonAddress(json, string.concat(at, ".destinationGateway"))
        );
    }

    function _message(string memory json, string memory at) private pure returns (Message memory) {
        return Message({
            kind: uint8(vm.parseJsonUint(json, string.concat(at, ".kind"))),
            nonce: uint64(vm.parseJsonUint(json, string.concat(at, ".nonce"))),
            asset: vm.parseJsonAddress(json, string.concat(at, ".asset")),
            sender: vm.parseJsonAddress(json, string.concat(at, ".sender")),
            recipient: vm.parseJsonAddress(json, string.concat(at, ".recipient")),
            amount: uint128(vm.parseJsonUint(json, string.concat(at, ".amount"))),
            runningTotal: uint128(vm.parseJsonUint(json, string.concat(at, ".runningTotal"))),
            data: vm.parseJsonBytes(json, string.concat(at, ".data"))
        });
    }

    function _batch(string memory json, string memory at) private pure returns (Batch memory) {
        return Batch({
            sourceChain: vm.parseJsonUint(json, string.concat(at, ".sourceChain")),
            sourceGateway: vm.parseJsonAddress(json, string.concat(at, ".sourceGateway")),
            destinationChain: vm.parseJsonUint(json, string.concat(at, ".destinationChain")),
            destinationGateway: vm.parseJsonAddress(json, string.concat(at, ".destinationGateway")),
            epoch: uint64(vm.parseJsonUint(json, string.concat(at, ".epoch"))),
            firstNonce: uint64(vm.parseJsonUint(json, string.concat(at, ".firstNonce"))),
            count: uint32(vm.parseJsonUint(json, string.concat(at, ".count"))),
            root: vm.parseJsonBytes32(json, string.concat(at, ".root")),
            sourceHeight: uint64(vm.parseJsonUint(json, string.concat(at, ".sourceHeight"))),
            sourceBlockHash: vm.parseJsonBytes32(json, string.concat(at, ".sourceBlockHash")),
            sourceTime: uint64(vm.parseJsonUint(json, string.concat(at, ".sourceTime")))
        });
    }
}
