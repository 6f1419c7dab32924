// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Account, LimitWord} from "../../src/common/Accounts.sol";
import {Bounds} from "../../src/common/IBrakes.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {Payments} from "../../src/common/Payments.sol";
import {Message} from "../../src/common/Protocol.sol";
import {Wire} from "../../src/common/Wire.sol";
import {HomeGateway} from "../../src/home/HomeGateway.sol";

/// @notice The home gateway with its inner doors open, so that a check may start from any state and look at it.
contract OpenHome is HomeGateway {
    constructor(ICommittee committee, address governor, address registrar, bytes32 genesis, Bounds memory bounds)
        HomeGateway(committee, governor, registrar, genesis, bounds)
    {}

    function setBook(uint256 chain, address asset, uint128 units) external {
        locked[chain][asset] = units;
    }

    function setEscrow(address asset, uint256 units) external {
        escrowed[asset] = units;
    }

    function setAccount(uint256 chain, address asset, uint256 word) external {
        _accounts[chain][asset] = Account.wrap(word);
    }

    function consume(uint256 chain, uint256 first, uint256 count) external returns (uint256 fresh) {
        return _consume(chain, first, count);
    }

    function meterOutbound(uint256 chain, address asset, uint256 amount) external {
        _meterOutbound(chain, asset, amount);
    }

    /// @notice Orders one message in a run that earlier messages may have left as it is.
    function order(Run memory run, Message calldata message) external returns (uint8 reason, Run memory) {
        run.due = Payments.withCapacity(1);
        reason = _order(run, Wire.placeOf(message));
        return (reason, run);
    }

    /// @notice Closes a run that ordered one payment.
    function close(Run memory run, address recipient, uint96 amount) external {
        run.due = Payments.withCapacity(1);
        Payments.push(run.due, recipient, amount);
        _close(run);
    }

    function accountOf(uint256 chain, address asset) external view returns (uint256) {
        return Account.unwrap(_accounts[chain][asset]);
    }

    function limitsOf(uint256 chain, address asset) external view returns (uint48) {
        return LimitWord.unwrap(_limitsOf(chain, asset));
    }

    function usedOf(uint256 chain, address asset) external view returns (uint256 inUsed, uint256 outUsed) {
        return _used(_accounts[chain][asset], _limitsOf(chain, asset));
    }

    function isPaused(uint256 chain, address asset, uint8 direction) external view returns (bool) {
        return _isPaused(_accounts[chain][asset], chain, asset, direction);
    }
}
