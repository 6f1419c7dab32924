// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Roots} from "../../src/common/Roots.sol";
import {CalendarReport, Entry, Observation, Report, Reports, Rotation, StillLatest} from "../../src/oracle/Reports.sol";
import {Test} from "../Vm.sol";

/// @notice Reads from calldata, as the oracle does.
contract ReportReader {
    using Reports for *;

    function read(bytes32 domain, Report calldata report, Entry[] calldata entries)
        external
        pure
        returns (bytes32 digest, bytes32[] memory leaves)
    {
        uint256 template;
        (digest, template) = domain.readFrom(report);
        leaves = new bytes32[](entries.length);
        for (uint256 i = 0; i < entries.length; ++i) {
            leaves[i] = template.leafFrom(entries[i]);
        }
    }
}

/// @notice The vectors that bind this encoder and the Python one, and the fast reader to the plain one.
contract OracleVectorsTest is Test {
    using Reports for *;

    ReportReader private reader = new ReportReader();
    string private json = vm.readFile("../tests/vectors/oracle.json");
    bytes32 private domain;

    function setUp() external {
        domain = Reports.domainSeparator(vm.parseJsonBytes32(json, ".oracleId"));
    }

    function test_the_domain() external view {
        vm.assertEq(domain, vm.parseJsonBytes32(json, ".domainSeparator"), "domain");
    }

    function test_observations_and_leaves() external view {
        uint256 count = 0;
        for (string memory at = _item("observations", 0); vm.keyExistsJson(json, at);) {
            Observation memory observation =
                abi.decode(vm.parseJsonBytes(json, string.concat(at, ".encoded")), (Observation));
            vm.assertEq(observation.leafOf(), vm.parseJsonBytes32(json, string.concat(at, ".leaf")), "leaf");
            at = _item("observations", ++count);
        }
        vm.assertGe(count, 10, "vectors read");
    }

    function test_reports_roots_and_digests() external view {
        uint256 count = 0;
        for (string memory at = _item("reports", 0); vm.keyExistsJson(json, at);) {
            _assertReport(at);
            at = _item("reports", ++count);
        }
        vm.assertGe(count, 7, "vectors read");
    }

    function test_calendars_rotations_and_attestations() external view {
        for (uint256 i = 0; i < 4; ++i) {
            string memory at = _item("calendars", i);
            CalendarReport memory report = abi.decode(_encoded(at), (CalendarReport));
            vm.assertEq(domain.digestOf(report), _digest(at), "calendar");
        }
        for (uint256 i = 0; i < 2; ++i) {
            string memory at = _item("rotations", i);
            vm.assertEq(domain.digestOf(abi.decode(_encoded(at), (Rotation))), _digest(at), "rotation");
        }
        string memory only = _item("stillLatest", 0);
        vm.assertEq(domain.digestOf(abi.decode(_encoded(only), (StillLatest))), _digest(only), "still latest");
    }

    function test_the_fast_reader_is_the_plain_one(Report memory report, Entry[] memory entries) external view {
        (bytes32 digest, bytes32[] memory leaves) = reader.read(domain, report, entries);
        vm.assertEq(digest, domain.digestOf(report), "digest");
        for (uint256 i = 0; i < entries.length; ++i) {
            vm.assertEq(leaves[i], report.leafOf(entries[i]), "leaf");
        }
    }

    function _assertReport(string memory at) private view {
        Report memory report = abi.decode(_encoded(at), (Report));
        bytes[] memory encoded = vm.parseJsonBytesArray(json, string.concat(at, ".entries"));
        Entry[] memory entries = new Entry[](encoded.length);
        for (uint256 i = 0; i < encoded.length; ++i) {
            entries[i] = abi.decode(encoded[i], (Entry));
        }
        (bytes32 digest, bytes32[] memory leaves) = reader.read(domain, report, entries);
        vm.assertEq(digest, _digest(at), "digest");
        vm.assertEq(
            abi.encode(leaves), abi.encode(vm.parseJsonBytes32Array(json, string.concat(at, ".leaves"))), "leaves"
        );
        vm.assertEq(Roots.rootOf(leaves), report.root, "root");
    }

    function _encoded(string memory at) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(at, ".encoded"));
    }

    function _digest(string memory at) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(at, ".digest"));
    }

    function _item(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(index), "]");
    }
}
