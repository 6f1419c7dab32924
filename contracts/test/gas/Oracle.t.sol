// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BlsReporters} from "../../src/oracle/BlsReporters.sol";
import {Feed} from "../../src/oracle/Feed.sol";
import {IFeed} from "../../src/oracle/IFeed.sol";
import {RateOracle} from "../../src/oracle/RateOracle.sol";
import {CalendarReport, Entry, Report, Reports, Status} from "../../src/oracle/Reports.sol";
import {BlsSet, BlsSigners} from "../BlsSigners.sol";
import {OracleSide} from "../OracleSide.sol";
import {Trees} from "../Trees.sol";

/// @notice Reads a feed as a contract of an integrator does.
contract Reader {
    int256 private _answer = 1;

    function read(IFeed feed) external {
        (, _answer,,,) = feed.latestRoundData();
    }

    function nothing() external {
        _answer = 2;
    }

    function pull(
        RateOracle oracle,
        Report calldata report,
        Entry calldata entry,
        bytes32[] calldata proof,
        bytes calldata certificate
    ) external {
        _answer = oracle.verifyObservation(report, entry, proof, certificate, Status.FINAL).value;
    }
}

/// @notice What publishers and integrators pay: whole transactions on cold storage (run with `--isolate`).
contract OracleGasTest is OracleSide {
    using BlsSigners for BlsSet;
    using Reports for *;

    uint256 private constant TENORS = 15;

    BlsSet private bls;

    function test_what_pushes_cost_5_of_7() external {
        deployOracle(7, 5);
        _measure("oracle-ecdsa-5-of-7");
    }

    function test_what_pushes_cost_21_of_31() external {
        deployOracle(31, 21);
        _measure("oracle-ecdsa-21-of-31");
    }

    function test_what_pushes_cost_bls_21_of_31() external {
        _deployBls();
        _measure("oracle-bls-21-of-31");
    }

    function test_what_a_cold_read_costs() external {
        deployOracle(7, 5);
        push(MONDAY, Status.FINAL, 47_700_000);
        push(MONDAY + 1, Status.FINAL, 47_800_000);
        Reader reader = new Reader();
        reader.read(rate);
        uint256 reading = vm.snapshotGasLastCall("oracle-reads", "latestRoundData in a transaction that stores it");
        reader.nothing();
        uint256 bare = vm.snapshotGasLastCall("oracle-reads", "the same transaction without the read");
        vm.assertLe(reading - bare, 7_500, "a cold read");
    }

    function _measure(string memory name) private {
        _pushTo(rate, MONDAY);
        vm.snapshotGasLastCall(name, "push, one feed, its first number");
        _pushTo(rate, MONDAY + 1);
        vm.snapshotGasLastCall(name, "push, one feed");
        _measurePull(name);
        Entry[] memory entries = _curve(MONDAY);
        for (uint32 date = MONDAY; date < MONDAY + 2; ++date) {
            Report memory report = reportOf(date, Status.FINAL, 1, entries);
            oracle.push(report, entries, _certify(report));
        }
        vm.snapshotGasLastCall(name, "push, 15 feeds");
    }

    function _measurePull(string memory name) private {
        Reader reader = new Reader();
        Entry[] memory entries = _curve(MONDAY + 2);
        Report memory report = reportOf(MONDAY + 2, Status.FINAL, 1, entries);
        bytes memory certificate = _certify(report);
        reader.pull(oracle, report, entries[7], Trees.proofOf(leavesOf(report, entries), 7), certificate);
        vm.snapshotGasLastCall(name, "pull, one of 15");
    }

    function _pushTo(IFeed feed, uint32 date) private {
        Entry[] memory entries = only(entryOf(feed, date, 47_700_000));
        Report memory report = reportOf(date, Status.FINAL, 1, entries);
        oracle.push(report, entries, _certify(report));
    }

    /// @dev Fifteen feeds of the group, ascending by id.
    function _curve(uint32 date) private returns (Entry[] memory entries) {
        entries = new Entry[](TENORS);
        for (uint256 i = 0; i < TENORS; ++i) {
            string memory name = string.concat("tenor ", vm.toString(i));
            address known = oracle.feedOf(keccak256(bytes(name)));
            IFeed feed = known == address(0) ? createFeed(name, CALL_RATES, false) : IFeed(known);
            Entry memory entry = entryOf(feed, date, int256(47_700_000 + i));
            uint256 place = i;
            for (; place > 0 && entries[place - 1].feed > entry.feed; --place) {
                entries[place] = entries[place - 1];
            }
            entries[place] = entry;
        }
    }

    function _certify(Report memory report) private view returns (bytes memory) {
        if (bls.secrets.length == 0) return certify(report);
        report.setHash = bls.setHash();
        return bls.certify(Reports.domainSeparator(ORACLE_ID).digestOf(report));
    }

    function _deployBls() private {
        bls = BlsSigners.make(31, 21, "reporters");
        address at = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        BlsReporters committee = new BlsReporters(
            GOVERNOR, GUARDIAN, at, DELAY, ORACLE_ID, bls.threshold, bls.members(), bls.proofs(ORACLE_ID)
        );
        oracle = new RateOracle(GOVERNOR, committee, ORACLE_ID, type(Feed).creationCode);
        reporters = committee;
        vm.warp(NOON);
        for (uint16 year = 2025; year < 2028; ++year) {
            CalendarReport memory calendar = weekdaysOf(year, 1);
            calendar.setHash = bls.setHash();
            oracle.pushCalendar(calendar, bls.certify(Reports.domainSeparator(ORACLE_ID).digestOf(calendar)));
        }
        rate = createFeed("boj/overnight-call-rate/average", CALL_RATES, false);
    }
}
