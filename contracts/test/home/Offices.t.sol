// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms} from "../../src/common/BondTerms.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Kind, Message} from "../../src/common/Protocol.sol";
import {HomeGateway} from "../../src/home/HomeGateway.sol";
import {IHomeGateway} from "../../src/home/IHomeGateway.sol";
import {HomeSide} from "../HomeSide.sol";
import {Signers} from "../Signers.sol";
import {LooseToken} from "../Tokens.sol";

/// @notice What registrar and governor may say at home: announcements, rotations, routes.
contract OfficesTest is HomeSide {
    address private immutable FAR = _account("remote gateway");

    function setUp() external {
        deployHome(Signers.make(4, 3, "operators"));
        openRoute(REMOTE, FAR);
        openRoute(REMOTE2, _account("second remote gateway"));
    }

    // --- Announcements ---

    function test_an_announcement_carries_terms_and_cap() external view {
        Message memory message = sent[HOME][REMOTE][0];
        vm.assertEq(
            abi.encode(message),
            abi.encode(
                Message(
                    Kind.ANNOUNCE, 0, address(bond), REGISTRAR, address(0), 0, 0, abi.encode(bondTerms(), uint256(CAP))
                )
            ),
            "message"
        );
        vm.assertTrue(home.isAnnounced(REMOTE, address(bond)), "announced");
        vm.assertEq(home.assetOf(bondTerms().isin), address(bond), "asset of its ISIN");
    }

    function test_only_the_registrar_announces() external {
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.NotRegistrar.selector, GOVERNOR));
        home.announce(address(bond), REMOTE, CAP);
    }

    function test_a_bond_is_announced_once_per_chain() external {
        vm.prank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.AssetAlreadyAnnounced.selector, REMOTE, address(bond)));
        home.announce(address(bond), REMOTE, CAP);
    }

    function test_an_account_without_code_is_no_bond() external {
        vm.prank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.AssetHasNoCode.selector, STRANGER));
        home.announce(STRANGER, REMOTE, CAP);
    }

    function test_a_bond_with_invalid_terms_is_not_announced() external {
        LooseToken token = new LooseToken(_terms("JP1103521JA9"));
        vm.prank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.AssetTermsInvalid.selector, address(token)));
        home.announce(address(token), REMOTE, CAP);
    }

    function test_an_isin_has_one_token() external {
        LooseToken token = new LooseToken(bondTerms());
        vm.prank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.IsinTaken.selector, bondTerms().isin, address(bond)));
        home.announce(address(token), REMOTE, CAP);
    }

    function test_a_token_cannot_change_its_terms_after_its_first_announcement() external {
        LooseToken token = new LooseToken(_terms("JP1103521JA8"));
        _announce(address(token), REMOTE);
        token.setTerms(_terms("JP1103451GC0"));
        vm.startPrank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.AssetTermsChanged.selector, address(token)));
        home.announce(address(token), REMOTE2, CAP);
        BondTerms memory longer = _terms("JP1103521JA8");
        longer.maturityDate += 1;
        token.setTerms(longer);
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.AssetTermsChanged.selector, address(token)));
        home.announce(address(token), REMOTE2, CAP);
        token.setTerms(_terms("JP1103521JA8"));
        home.announce(address(token), REMOTE2, CAP);
    }

    function test_a_bond_is_not_announced_to_an_unknown_chain() external {
        vm.prank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(IGateway.RouteUnknown.selector, 99));
        home.announce(address(bond), 99, CAP);
    }

    // --- Rotations ---

    function test_a_rotation_carries_the_next_set() external {
        bytes32 previous = keccak256("previous set");
        vm.prank(GOVERNOR);
        home.rotate(REMOTE, previous, 2, 3, "members");
        collect();
        vm.assertEq(
            abi.encode(sent[HOME][REMOTE][2]),
            abi.encode(
                Message(
                    Kind.COMMITTEE,
                    2,
                    address(0),
                    GOVERNOR,
                    address(0),
                    0,
                    0,
                    abi.encodePacked(previous, uint256(2), uint256(3), "members")
                )
            ),
            "message"
        );
    }

    function test_only_the_governor_rotates() external {
        vm.prank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotGovernor.selector, REGISTRAR));
        home.rotate(REMOTE, 0, 2, 3, "members");
    }

    function test_a_message_has_at_most_a_kilobyte_of_data() external {
        vm.startPrank(GOVERNOR);
        home.rotate(REMOTE, 0, 2, 3, new bytes(1_024 - 96));
        vm.expectRevert(abi.encodeWithSelector(IGateway.DataTooLong.selector, 1_025, 1_024));
        home.rotate(REMOTE, 0, 2, 3, new bytes(1_025 - 96));
    }

    function test_no_rotation_goes_to_an_unknown_chain() external {
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IGateway.RouteUnknown.selector, 99));
        home.rotate(99, 0, 2, 3, "members");
    }

    // --- Routes ---

    function test_a_route_never_changes_but_for_its_lock_limit() external {
        vm.startPrank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.RouteExists.selector, REMOTE));
        home.openRoute(REMOTE, STRANGER, 1, 128, 1);
        home.setLockLimit(REMOTE, 7);
        (address gateway, uint32 window, uint32 maxBatch) = home.route(REMOTE);
        vm.assertTrue(gateway == FAR && window == 1 && maxBatch == 128, "route");
        vm.expectRevert(abi.encodeWithSelector(IGateway.RouteUnknown.selector, 99));
        home.setLockLimit(99, 7);
    }

    function test_a_route_needs_a_gateway_a_foreign_chain_and_sound_parameters() external {
        vm.startPrank(GOVERNOR);
        vm.expectRevert(IGateway.ZeroAddress.selector);
        home.openRoute(99, address(0), 1, 128, 1);
        vm.expectRevert(abi.encodeWithSelector(IGateway.RouteUnknown.selector, HOME));
        home.openRoute(HOME, STRANGER, 1, 128, 1);
        _assertParametersRefused(0, 128);
        _assertParametersRefused(1, 0);
        _assertParametersRefused(1, 129);
        home.openRoute(99, STRANGER, 1, 128, 1);
    }

    function test_only_the_governor_opens_and_limits_routes() external {
        vm.startPrank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotGovernor.selector, GUARDIAN));
        home.openRoute(99, STRANGER, 1, 128, 1);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotGovernor.selector, GUARDIAN));
        home.setLockLimit(REMOTE, 1);
    }

    function test_no_part_of_a_gateway_is_the_zero_address() external {
        vm.expectRevert(IGateway.ZeroAddress.selector);
        new HomeGateway(homeCommittee, GOVERNOR, address(0), GENESIS, bounds());
        vm.expectRevert(IGateway.ZeroAddress.selector);
        new HomeGateway(homeCommittee, address(0), REGISTRAR, GENESIS, bounds());
    }

    function _assertParametersRefused(uint32 window, uint32 maxBatch) private {
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.RouteParametersInvalid.selector, window, maxBatch));
        home.openRoute(99, STRANGER, window, maxBatch, 1);
    }

    function _announce(address token, uint256 chain) private {
        vm.prank(REGISTRAR);
        home.announce(token, chain, CAP);
    }

    function _terms(bytes12 isin) private pure returns (BondTerms memory terms) {
        terms = bondTerms();
        terms.isin = isin;
    }
}
