// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Payment, Payments} from "../../src/common/Payments.sol";
import {IWrappedJGB} from "../../src/remote/IWrappedJGB.sol";
import {Test} from "../Vm.sol";

/// @notice Keeps what it is called with, or refuses it with one word.
contract Recorder {
    error Refused(uint256 length);

    bytes public received;
    bool private immutable _REFUSES;

    constructor(bool refuses) {
        _REFUSES = refuses;
    }

    fallback() external {
        if (_REFUSES) revert Refused(msg.data.length);
        received = msg.data;
    }
}

/// @notice A list of payments is sent from where it is, as Solidity's encoder would send a copy.
contract PaymentsTest is Test {
    bytes4 private constant MINT = IWrappedJGB.crosschainMintMany.selector;

    function testFuzz_a_list_is_sent_as_the_encoder_would(uint256[] calldata words) external {
        Recorder recorder = new Recorder(false);
        Payment[] memory list = _pushed(words);
        Payments.send(list, address(recorder), MINT);
        vm.assertEq(recorder.received(), abi.encodeCall(IWrappedJGB.crosschainMintMany, (list)), "call data");
    }

    function test_a_cleared_list_is_sent_empty() external {
        Recorder recorder = new Recorder(false);
        Payment[] memory list = _pushed(new uint256[](3));
        Payments.clear(list);
        Payments.send(list, address(recorder), MINT);
        vm.assertEq(recorder.received(), abi.encodeCall(IWrappedJGB.crosschainMintMany, (list)), "call data");
    }

    function test_a_refusal_is_passed_on() external {
        Recorder recorder = new Recorder(true);
        vm.expectRevert(abi.encodeWithSelector(Recorder.Refused.selector, 4 + 3 * 32));
        this.sendTo(address(recorder));
    }

    function sendTo(address token) external {
        Payments.send(_pushed(new uint256[](1)), token, MINT);
    }

    function _pushed(uint256[] memory words) private pure returns (Payment[] memory list) {
        list = Payments.withCapacity(words.length);
        for (uint256 i = 0; i < words.length; ++i) {
            Payments.push(list, address(uint160(words[i] >> 96)), uint96(words[i]));
        }
    }
}
