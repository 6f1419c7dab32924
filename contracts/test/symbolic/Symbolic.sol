// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Bounds, FlowLimits} from "../../src/common/IBrakes.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {Test} from "../Vm.sol";

/// @notice The cheatcodes of halmos that our checks use.
interface Svm {
    /// @notice Any call of any function of a contract that changes state.
    function createCalldata(string calldata contractName) external pure returns (bytes memory data);
    /// @notice From here on the account's storage may hold anything.
    function enableSymbolicStorage(address account) external;
}

/// @notice What every check needs. Parameters of a `check_` function are symbolic: it must hold for all their values.
abstract contract Symbolic is Test {
    Svm internal constant svm = Svm(0xF3993A62377BCd56AE39D773740A5390411E8BC9);

    uint256 internal constant HOME = 1_010_032;
    uint256 internal constant REMOTE = 31_337;
    uint256 internal constant NOW = 1_795_000_000;
    uint32 internal constant FLOW_PERIOD = 1 << 16; // 18 hours, and a solver divides by shifting
    uint32 internal constant MAX_PAUSE = 3 days;
    address internal constant GOVERNOR = address(0x90);
    address internal constant REGISTRAR = address(0x91);
    address internal constant WATCH = address(0x92);
    address internal constant OFFICERS = address(0x93);
    address internal constant ISSUER = address(0x94);
    bytes32 internal constant GENESIS = keccak256("genesis");

    function bounds() internal pure returns (Bounds memory) {
        return Bounds(3 days, 2 days, FLOW_PERIOD, MAX_PAUSE, FlowLimits(30_000, 20_000, 10_000), WATCH, OFFICERS);
    }
}

/// @notice A committee that certifies everything, or nothing: `QuorumChecks` shows what the real one certifies.
contract StubCommittee is ICommittee {
    bool private _certifies;

    function certify(bool all) external {
        _certifies = all;
    }

    function verify(uint64 epoch, bytes32, bytes calldata) external view {
        if (!_certifies) revert EpochIsRevoked(epoch);
    }

    function schedule(bytes32, uint64, uint8, bytes calldata) external pure {}

    function canSchedule(bytes32, uint64, uint8, bytes calldata) external pure returns (bool) {
        return false;
    }

    function veto(uint64) external pure {}

    function replace(uint8, bytes calldata) external pure returns (uint64) {
        return 1;
    }

    function revoke(uint64) external pure {}

    function settle() external pure {}

    function activeEpoch() external pure returns (uint64) {
        return 1;
    }

    function setOf(uint64) external pure returns (bytes32, uint8, bytes memory) {
        return (bytes32(0), 0, "");
    }

    function isRevoked(uint64) external pure returns (bool) {
        return false;
    }

    /// @dev A remote gateway asks whether it is the one.
    function SCHEDULER() external view returns (address) {
        return msg.sender;
    }
}
