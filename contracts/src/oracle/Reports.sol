// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice What a quorum of reporters signs: all numbers of one group of feeds, about one day (SPEC 10).
/// @dev No chain and no contract is in it: one certificate serves every chain. `root` is over the observations in
///      ascending order of their feeds.
struct Report {
    bytes32 setHash; // of the reporters, see `ICommittee.setOf`
    bytes32 group;
    uint32 date; // days since 1970-01-01, in Japan
    uint8 status; // see `Status`
    uint32 revision; // counted per (group, date) across statuses, from 1
    uint32 count;
    bytes32 root;
}

/// @notice What an observation says beyond its report.
struct Entry {
    bytes32 feed; // keccak256 of the series' name
    int256 value; // times 1e8; zero for NO_FIXING; the reason for HOLD
    uint64 effectiveAt; // UTC seconds: when it was due to be published; of a correction, when it was opened
    uint64 validUntil; // UTC seconds: after this it is history
    bytes32 sourceHash; // keccak256 of the canonical source record
    uint32 parserVersion;
    uint32 calendarVersion;
}

/// @notice One number of one day: the signed unit.
struct Observation {
    bytes32 feed;
    uint32 date;
    uint8 status;
    uint32 revision;
    int256 value;
    uint64 effectiveAt;
    uint64 validUntil;
    bytes32 sourceHash;
    uint32 parserVersion;
    uint32 calendarVersion;
}

/// @notice The business days of one year. Bit d of the two words is the day of the year d, counted from 0.
struct CalendarReport {
    bytes32 setHash;
    uint16 year;
    uint32 version; // above zero, rising
    uint256 bits0; // days 0 to 255
    uint256 bits1; // days 256 to 365
}

/// @notice The reporters hand over to their successors.
struct Rotation {
    bytes32 setHash;
    uint64 epoch; // of the successors
    uint8 threshold;
    bytes32 membersHash; // keccak256 of the packed members
}

/// @notice Nothing newer has been published: the latest observation still stands.
struct StillLatest {
    bytes32 setHash;
    bytes32 leaf; // of the observation
    uint64 attestedAt; // UTC seconds
    uint64 expiresAt; // UTC seconds
}

/// @notice What an observation claims to be.
library Status {
    uint8 internal constant PROVISIONAL = 1;
    uint8 internal constant FINAL = 2;
    uint8 internal constant CORRECTED = 3;
    uint8 internal constant NO_FIXING = 4;
    uint8 internal constant HOLD = 5;

    /// @notice Whether a day is settled by it, with a number or without.
    function isSettled(uint8 status) internal pure returns (bool) {
        return status == FINAL || status == CORRECTED || status == NO_FIXING;
    }
}

/// @notice Leaves and EIP-712 digests of the oracle (SPEC 10). `tests/vectors/oracle.json` binds them to the Python core.
library Reports {
    bytes32 internal constant OBSERVATION_TAG = keccak256("JGB Oracle Observation 1");
    bytes32 internal constant DOMAIN_TYPE = keccak256("EIP712Domain(string name,string version,bytes32 salt)");
    bytes32 internal constant NAME = keccak256("JGB Oracle");
    bytes32 internal constant VERSION = keccak256("1");
    bytes32 internal constant REPORT_TYPE = keccak256(
        "Report(bytes32 setHash,bytes32 group,uint32 date,uint8 status,uint32 revision,uint32 count,bytes32 root)"
    );
    bytes32 internal constant CALENDAR_TYPE =
        keccak256("Calendar(bytes32 setHash,uint16 year,uint32 version,uint256 bits0,uint256 bits1)");
    bytes32 internal constant ROTATION_TYPE =
        keccak256("Rotation(bytes32 setHash,uint64 epoch,uint8 threshold,bytes32 membersHash)");
    bytes32 internal constant STILL_LATEST_TYPE =
        keccak256("StillLatest(bytes32 setHash,bytes32 leaf,uint64 attestedAt,uint64 expiresAt)");

    /// @param oracleId Names the oracle on every chain.
    function domainSeparator(bytes32 oracleId) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPE, NAME, VERSION, oracleId));
    }

    function digestOf(bytes32 domain, Report memory report) internal pure returns (bytes32) {
        return _digest(domain, keccak256(abi.encode(REPORT_TYPE, report)));
    }

    function digestOf(bytes32 domain, CalendarReport memory report) internal pure returns (bytes32) {
        return _digest(domain, keccak256(abi.encode(CALENDAR_TYPE, report)));
    }

    function digestOf(bytes32 domain, Rotation memory rotation) internal pure returns (bytes32) {
        return _digest(domain, keccak256(abi.encode(ROTATION_TYPE, rotation)));
    }

    function digestOf(bytes32 domain, StillLatest memory attestation) internal pure returns (bytes32) {
        return _digest(domain, keccak256(abi.encode(STILL_LATEST_TYPE, attestation)));
    }

    /// @notice The digest of a report in calldata, and room for the leaves of its entries.
    /// @dev `digestOf` and `leafOf` are the plain versions; fuzz tests hold the two equal. Raw words are hashed: one with
    ///      bits beyond its type gives a hash that nobody signed.
    function readFrom(bytes32 domain, Report calldata report) internal pure returns (bytes32 digest, uint256 template) {
        (bytes32 reportType, bytes32 tag) = (REPORT_TYPE, OBSERVATION_TAG);
        assembly ("memory-safe") {
            template := mload(0x40)
            mstore(template, reportType)
            calldatacopy(add(template, 0x20), report, 0xe0)
            let structHash := keccak256(template, 0x100)
            mstore(template, hex"1901")
            mstore(add(template, 0x02), domain)
            mstore(add(template, 0x22), structHash)
            digest := keccak256(template, 0x42)
            mstore(template, tag)
            calldatacopy(add(template, 0x40), add(report, 0x40), 0x60) // date, status, revision
            mstore(0x40, add(template, 0x160))
        }
    }

    /// @notice The leaf of an entry of the report that `template` was made from.
    function leafFrom(uint256 template, Entry calldata entry) internal pure returns (bytes32 leaf) {
        assembly ("memory-safe") {
            mstore(add(template, 0x20), calldataload(entry))
            calldatacopy(add(template, 0xa0), add(entry, 0x20), 0xc0) // value to calendarVersion
            mstore(0x00, keccak256(template, 0x160))
            leaf := keccak256(0x00, 0x20)
        }
    }

    /// @notice The leaf of an entry in its report. Hashed twice, so that no inner node of a tree can pass for a leaf.
    function leafOf(Report memory report, Entry memory entry) internal pure returns (bytes32) {
        return leafOf(observationOf(report, entry));
    }

    function leafOf(Observation memory observation) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(abi.encode(OBSERVATION_TAG, observation))));
    }

    function observationOf(Report memory report, Entry memory entry) internal pure returns (Observation memory) {
        return Observation(
            entry.feed,
            report.date,
            report.status,
            report.revision,
            entry.value,
            entry.effectiveAt,
            entry.validUntil,
            entry.sourceHash,
            entry.parserVersion,
            entry.calendarVersion
        );
    }

    function _digest(bytes32 domain, bytes32 structHash) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }
}
