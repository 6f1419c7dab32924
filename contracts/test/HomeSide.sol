// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms, BondType} from "../src/common/BondTerms.sol";
import {EcdsaCommittee} from "../src/common/EcdsaCommittee.sol";
import {Bounds, FlowLimits} from "../src/common/IBrakes.sol";
import {IGateway} from "../src/common/IGateway.sol";
import {HomeGateway} from "../src/home/HomeGateway.sol";
import {JGBToken} from "../src/home/JGBToken.sol";
import {Carrier} from "./Carrier.sol";
import {SignerSet, Signers} from "./Signers.sol";

/// @notice The home ledger: committee, gateway, two bonds. Remote gateways are mere addresses here.
abstract contract HomeSide is Carrier {
    using Signers for SignerSet;

    uint256 internal constant HOME = 1_010_032;
    uint256 internal constant REMOTE = 31_337;
    uint256 internal constant REMOTE2 = 31_338;
    uint256 internal constant NOW = 1_795_000_000;
    uint48 internal constant ACTIVATION_DELAY = 1 days;
    uint48 internal constant RETURN_DELAY = 3 days;
    uint32 internal constant LOCKS_PER_BLOCK = 1_000;
    uint96 internal constant CAP = 2e14;
    uint48 internal constant VETO_DELAY = 2 days;
    uint32 internal constant FLOW_PERIOD = 1 days;
    uint32 internal constant MAX_PAUSE = 3 days;
    uint128 internal constant LOT = 50_000;

    address internal immutable GOVERNOR = _account("governor");
    address internal immutable GUARDIAN = _account("guardian");
    address internal immutable REGISTRAR = _account("registrar");
    address internal immutable ISSUER = _account("issuer");
    address internal immutable ALICE = _account("alice");
    address internal constant WATCH = address(0x7a7c4);
    address internal constant OFFICERS = address(0x0ff1ce);
    address internal immutable BOB = _account("bob");
    address internal immutable STRANGER = _account("stranger");

    EcdsaCommittee internal homeCommittee;
    HomeGateway internal home;
    JGBToken internal bond;
    JGBToken internal bill;

    function bounds() internal pure virtual returns (Bounds memory) {
        return
            Bounds(
                RETURN_DELAY, VETO_DELAY, FLOW_PERIOD, MAX_PAUSE, FlowLimits(65_535, 65_535, 65_535), WATCH, OFFICERS
            );
    }

    function deployHome(SignerSet memory set) internal {
        vm.warp(NOW);
        vm.roll(1_000);
        vm.chainId(HOME);
        homeCommittee = new EcdsaCommittee(GOVERNOR, GUARDIAN, GOVERNOR, ACTIVATION_DELAY, set.threshold, set.members());
        home = new HomeGateway(homeCommittee, GOVERNOR, REGISTRAR, GENESIS, bounds());
        gateways[HOME] = home;
        enrol(HOME, 1, set);
        bond = new JGBToken(bondTerms(), ISSUER);
        bill = new JGBToken(billTerms(), ISSUER);
        vm.recordLogs();
    }

    /// @notice Opens the route to `gateway` and announces both bonds there.
    function openRoute(uint256 chain, address gateway) internal {
        vm.chainId(HOME);
        vm.prank(GOVERNOR);
        home.openRoute(chain, gateway, 1, 128, LOCKS_PER_BLOCK);
        gateways[chain] = IGateway(gateway);
        announce(bond, chain);
        announce(bill, chain);
    }

    function announce(JGBToken asset, uint256 chain) internal {
        vm.chainId(HOME);
        vm.prank(REGISTRAR);
        home.announce(address(asset), chain, CAP);
        collect();
    }

    /// @notice Gives `account` units of `asset` that the gateway may take.
    function fund(JGBToken asset, address account, uint256 amount) internal {
        vm.prank(ISSUER);
        asset.issue(account, amount);
        vm.prank(account);
        asset.approve(address(home), type(uint256).max);
    }

    /// @notice Locks units that `account` is given for it.
    function lock(JGBToken asset, address account, uint256 amount, uint256 chain, address recipient)
        internal
        returns (bytes32 leaf)
    {
        fund(asset, account, amount);
        vm.chainId(HOME);
        vm.prank(account);
        leaf = home.lock(address(asset), amount, chain, recipient, "");
        collect();
    }

    function bondTerms() internal pure returns (BondTerms memory) {
        return BondTerms("JP1103821S45", BondType.FIXED_COUPON, 382, 2_100, 1_776_006_000, 2_089_378_800, 50_000);
    }

    function billTerms() internal pure returns (BondTerms memory) {
        return BondTerms("JP1024841S56", BondType.BILL, 484, 0, 1_780_000_000, 1_811_000_000, 50_000);
    }

    function _chainOf(address gateway) internal view virtual override returns (uint256) {
        if (gateway == address(home)) return HOME;
        return gateway == address(gateways[REMOTE]) ? REMOTE : REMOTE2;
    }

    function _account(string memory name) internal pure returns (address) {
        return address(uint160(uint256(keccak256(bytes(name)))));
    }
}
