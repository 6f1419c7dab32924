// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Kind, Message} from "../../src/common/Protocol.sol";
import {Handler} from "./Handler.sol";

/// @notice As `Handler`, and a quorum signs what was never sent between home and the first remote.
contract LyingHandler is Handler {
    mapping(bytes32 leaf => Message) private _lies;

    function lie(uint256 way, uint256 nonce, uint256 which, uint256 lots, uint256 total, uint256 recipient)
        external
        counted
    {
        (uint256 source, uint256 destination) = way % 2 == 0 ? (HOME, REMOTE) : (REMOTE, HOME);
        Message memory message = Message({
            kind: way % 16 < 2 ? Kind.RETURN : Kind.TRANSFER,
            nonce: uint64(nonce % 3 == 0 ? sent[source][destination].length + nonce % 5 : nonce % 512),
            asset: address(_asset(which)),
            sender: _user(way),
            recipient: _user(recipient),
            amount: uint128(lots % 16 == 0 ? 65_535 * 1e8 + lots % 3 * STEP : lots % 200 * STEP),
            runningTotal: uint128(total % 2 == 0 ? type(uint128).max : total % 1_000 * STEP),
            data: new bytes(lots % 8 == 1 ? 512 + lots % 1_024 : 0)
        });
        if (gateways[destination].COMMITTEE().isRevoked(activeEpoch(destination))) return;
        _lies[leafOf(source, destination, message)] = message;
        deliver(source, destination, message);
    }

    function _messageAt(uint256 source, uint256 destination, uint64 nonce, bytes32 leaf)
        internal
        override
        returns (Message memory)
    {
        Message memory lied = _lies[leaf];
        return lied.kind == 0 ? super._messageAt(source, destination, nonce, leaf) : lied;
    }
}
