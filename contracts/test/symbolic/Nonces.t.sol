// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {OpenHome} from "./OpenHome.sol";
import {StubCommittee, Symbolic} from "./Symbolic.sol";

/// @notice One bit per nonce, whatever was consumed before.
contract NonceChecks is Symbolic {
    OpenHome private _home;

    function setUp() public {
        vm.warp(NOW);
        vm.chainId(HOME);
        _home = new OpenHome(new StubCommittee(), GOVERNOR, REGISTRAR, GENESIS, bounds());
        svm.enableSymbolicStorage(address(_home));
    }

    /// @dev The numbers of messages are fixed, because shifts by two unknowns are not decided in minutes.
    function check_a_nonce_of_a_pair_is_fresh_once(uint64 first, uint64 nonce) external {
        _checkFresh(first, 2, nonce);
    }

    function check_a_nonce_of_a_full_batch_is_fresh_once(uint64 first, uint64 nonce) external {
        _checkFresh(first, 128, nonce);
    }

    function check_a_pair_is_not_fresh_again(uint64 first) external {
        _home.consume(REMOTE, first, 2);
        assert(_home.consume(REMOTE, first, 2) == 0);
    }

    function check_a_full_batch_is_not_fresh_again(uint64 first) external {
        _home.consume(REMOTE, first, 128);
        assert(_home.consume(REMOTE, first, 128) == 0);
    }

    function check_one_nonce_is_fresh_once(uint64 nonce) external {
        bool was = _home.isConsumed(REMOTE, nonce);
        assert((_home.consume(REMOTE, nonce, 1) == 1) == !was);
        assert(_home.consume(REMOTE, nonce, 1) == 0);
        assert(_home.isConsumed(REMOTE, nonce));
    }

    function check_routes_share_no_nonces(uint256 chain, uint64 first, uint8 count, uint64 nonce) external {
        vm.assume(chain != REMOTE && count <= 128);
        bool was = _home.isConsumed(chain, nonce);
        _home.consume(REMOTE, first, count);
        assert(_home.isConsumed(chain, nonce) == was);
    }

    /// @dev `nonce` stands for every nonce: in the batch or not, in its first word, in its second, or in neither.
    function _checkFresh(uint64 first, uint256 count, uint64 nonce) private {
        vm.assume(first <= type(uint64).max - count);
        bool isIn = nonce >= first && nonce - first < count;
        bool was = _home.isConsumed(REMOTE, nonce);
        uint256 fresh = _home.consume(REMOTE, first, count);
        if (isIn) assert((fresh >> (nonce - first) & 1 == 1) == !was);
        assert(_home.isConsumed(REMOTE, nonce) == (was || isIn));
    }
}
