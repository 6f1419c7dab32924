// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IGateway} from "../../src/common/IGateway.sol";
import {Payment} from "../../src/common/Payments.sol";
import {Kind, Message} from "../../src/common/Protocol.sol";
import {IRemoteGateway} from "../../src/remote/IRemoteGateway.sol";
import {IWrappedJGB} from "../../src/remote/IWrappedJGB.sol";
import {RemoteGateway} from "../../src/remote/RemoteGateway.sol";
import {WrappedJGB} from "../../src/remote/WrappedJGB.sol";
import {Bridge} from "../Bridge.sol";
import {Signers} from "../Signers.sol";
import {IERC7802} from "@openzeppelin/contracts/interfaces/draft-IERC7802.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @notice What leaves a public chain, and the token it leaves as.
contract BurnTest is Bridge {
    uint256 private constant HOLDER_KEY = 0xB0B;
    address private immutable HOLDER = vm.addr(HOLDER_KEY);

    RemoteGateway private gateway;
    WrappedJGB private wrapped;

    function setUp() external {
        deployBridge(Signers.make(4, 3, "operators"));
        gateway = remotes[REMOTE];
        wrapped = wrappedOf(bond, REMOTE);
        lock(bond, ALICE, 10 * LOT, REMOTE, HOLDER);
        lock(bill, ALICE, 10 * LOT, REMOTE, HOLDER);
        deliver(HOME, REMOTE, sentFrom(HOME, REMOTE, 2, 2));
    }

    // --- Burns ---

    function test_a_burn_takes_units_off_and_its_release_pays_at_home() external {
        burn(bond, HOLDER, 4 * LOT, REMOTE, STRANGER);
        vm.assertEq(wrapped.totalSupply(), 6 * LOT, "supply");
        vm.assertEq(wrapped.balanceOf(HOLDER), 6 * LOT, "holder");
        deliver(REMOTE, HOME, sent[REMOTE][HOME][0]);
        vm.assertEq(bond.balanceOf(STRANGER), 4 * LOT, "released");
        vm.assertEq(home.locked(REMOTE, address(bond)), 6 * LOT, "book");
    }

    function test_a_burn_seen_twice_releases_once() external {
        burn(bond, HOLDER, LOT, REMOTE, STRANGER);
        deliver(REMOTE, HOME, sent[REMOTE][HOME][0]);
        deliver(REMOTE, HOME, sent[REMOTE][HOME][0]);
        vm.assertEq(bond.balanceOf(STRANGER), LOT, "released once");
    }

    function test_a_burn_dispatches_what_its_leaf_says() external {
        vm.chainId(REMOTE);
        vm.prank(HOLDER);
        bytes32 leaf = gateway.burn(address(bond), 2 * LOT, STRANGER, "order 9");
        collect();
        Message memory message = sent[REMOTE][HOME][0];
        vm.assertEq(
            abi.encode(message),
            abi.encode(Message(Kind.TRANSFER, 0, address(bond), HOLDER, STRANGER, 2 * LOT, 2 * LOT, "order 9")),
            "message"
        );
        vm.assertEq(leaf, leafOf(REMOTE, HOME, message), "leaf");
        vm.assertEq(gateway.outboundLeaf(HOME, 0), leaf, "kept");
        vm.assertEq(gateway.nextNonce(HOME), 1, "next nonce");
        vm.assertEq(gateway.runningTotal(HOME, address(bond)), 2 * LOT, "running total");
    }

    function test_a_burn_of_nothing_is_refused() external {
        _assertBurnRefused(address(bond), 0, BOB, abi.encodeWithSelector(IGateway.AmountOutOfRange.selector, 0));
    }

    function test_an_odd_lot_is_refused_at_the_burn(uint256 amount) external {
        amount = bound(amount, 1, type(uint96).max);
        if (amount % LOT == 0) ++amount;
        _assertBurnRefused(
            address(bond), amount, BOB, abi.encodeWithSelector(IGateway.NotMultipleOfDenomination.selector, amount, LOT)
        );
    }

    function test_a_burn_above_any_cap_or_two_to_the_128_is_refused() external {
        uint256[2] memory amounts = [(uint256(1) << 96) / LOT * LOT + LOT, (uint256(1) << 128) / LOT * LOT + LOT];
        for (uint256 i = 0; i < 2; ++i) {
            _assertBurnRefused(
                address(bond), amounts[i], BOB, abi.encodeWithSelector(IGateway.AmountOutOfRange.selector, amounts[i])
            );
        }
    }

    function test_a_burn_of_an_unannounced_bond_is_refused() external {
        _assertBurnRefused(STRANGER, LOT, BOB, abi.encodeWithSelector(IRemoteGateway.AssetUnknown.selector, STRANGER));
    }

    function test_a_burn_for_who_cannot_be_paid_is_refused() external {
        address[3] memory recipients = [address(0), address(home), address(bond)];
        for (uint256 i = 0; i < 3; ++i) {
            _assertBurnRefused(
                address(bond),
                LOT,
                recipients[i],
                abi.encodeWithSelector(IGateway.RecipientRefused.selector, recipients[i])
            );
        }
    }

    function test_nothing_is_burned_after_maturity() external {
        uint64 maturity = billTerms().maturityDate;
        vm.warp(maturity - 1);
        burn(bill, HOLDER, LOT, REMOTE, BOB);
        vm.warp(maturity);
        _assertBurnRefused(
            address(bill), LOT, BOB, abi.encodeWithSelector(IGateway.BondMatured.selector, address(bill), maturity)
        );
    }

    function test_a_reference_has_at_most_512_bytes() external {
        vm.chainId(REMOTE);
        vm.startPrank(HOLDER);
        gateway.burn(address(bond), LOT, BOB, new bytes(512));
        vm.expectRevert(abi.encodeWithSelector(IGateway.DataTooLong.selector, 513, 512));
        gateway.burn(address(bond), LOT, BOB, new bytes(513));
    }

    function test_a_holder_burns_only_what_it_holds() external {
        _assertBurnRefused(
            address(bond),
            11 * LOT,
            BOB,
            abi.encodeWithSignature(
                "ERC20InsufficientBalance(address,uint256,uint256)", HOLDER, uint256(10 * LOT), uint256(11 * LOT)
            )
        );
    }

    // --- The wrapped token ---

    function test_a_wrapped_token_trades_without_the_bridge() external {
        vm.prank(HOLDER);
        vm.assertTrue(wrapped.transfer(BOB, 3), "transfer");
        vm.assertEq(wrapped.balanceOf(BOB), 3, "any number of units");
        vm.assertEq(wrapped.decimals(), 0, "decimals");
        vm.assertEq(wrapped.name(), "Wrapped JGB JP1103821S45", "name");
        vm.assertEq(wrapped.symbol(), "wJP1103821S45", "symbol");
    }

    function test_only_the_gateway_mints_and_burns(address caller) external {
        vm.assume(caller != address(gateway));
        vm.startPrank(caller);
        vm.expectRevert(abi.encodeWithSelector(IWrappedJGB.NotGateway.selector, caller));
        wrapped.crosschainMint(caller, 1);
        vm.expectRevert(abi.encodeWithSelector(IWrappedJGB.NotGateway.selector, caller));
        wrapped.crosschainBurn(HOLDER, 1);
        vm.expectRevert(abi.encodeWithSelector(IWrappedJGB.NotGateway.selector, caller));
        wrapped.crosschainMintMany(new Payment[](0));
    }

    function test_the_gateway_mints_and_burns_by_erc_7802() external {
        vm.startPrank(address(gateway));
        vm.expectEmit(address(wrapped));
        emit IERC7802.CrosschainMint(BOB, 5, address(gateway));
        wrapped.crosschainMint(BOB, 5);
        vm.expectEmit(address(wrapped));
        emit IERC7802.CrosschainBurn(BOB, 5, address(gateway));
        wrapped.crosschainBurn(BOB, 5);
        vm.assertTrue(wrapped.supportsInterface(type(IERC7802).interfaceId), "interface");
        vm.assertTrue(wrapped.supportsInterface(type(IERC165).interfaceId), "interface of interfaces");
    }

    function test_several_payments_are_minted_as_packed(address[5] calldata accounts, uint96[5] calldata amounts)
        external
    {
        Payment[] memory payments = new Payment[](5);
        for (uint256 i = 0; i < 5; ++i) {
            vm.assume(accounts[i] != address(0) && accounts[i] != HOLDER);
            payments[i] = Payment.wrap(uint256(uint160(accounts[i])) << 96 | amounts[i]);
        }
        vm.prank(address(gateway));
        wrapped.crosschainMintMany(payments);
        for (uint256 i = 0; i < 5; ++i) {
            uint256 sum = 0;
            for (uint256 j = 0; j < 5; ++j) {
                if (accounts[j] == accounts[i]) sum += amounts[j];
            }
            vm.assertEq(wrapped.balanceOf(accounts[i]), sum, "minted");
        }
    }

    function test_a_permit_allows_what_its_holder_signed() external {
        uint256 deadline = vm.getBlockTimestamp() + 1;
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                HOLDER,
                BOB,
                LOT,
                0,
                deadline
            )
        );
        vm.chainId(REMOTE);
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", wrapped.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(HOLDER_KEY, digest);
        wrapped.permit(HOLDER, BOB, LOT, deadline, v, r, s);
        vm.prank(BOB);
        wrapped.transferFrom(HOLDER, BOB, LOT);
        vm.assertEq(wrapped.balanceOf(BOB), LOT, "taken");
        vm.expectPartialRevert(bytes4(keccak256("ERC2612InvalidSigner(address,address)")));
        wrapped.permit(HOLDER, BOB, LOT, deadline, v, r, s);
    }

    function _assertBurnRefused(address asset, uint256 amount, address recipient, bytes memory expected) private {
        vm.chainId(REMOTE);
        vm.prank(HOLDER);
        vm.expectRevert(expected);
        gateway.burn(asset, amount, recipient, "");
        vm.assertEq(wrapped.balanceOf(HOLDER), 10 * LOT, "nothing has moved");
    }
}
