// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {EcdsaCommittee} from "../src/common/EcdsaCommittee.sol";
import {JGBToken} from "../src/home/JGBToken.sol";
import {RemoteGateway} from "../src/remote/RemoteGateway.sol";
import {WrappedJGB} from "../src/remote/WrappedJGB.sol";
import {HomeSide} from "./HomeSide.sol";
import {SignerSet, Signers} from "./Signers.sol";

/// @notice A whole bridge in one EVM: home and two remotes, between which `vm.chainId` switches.
abstract contract Bridge is HomeSide {
    using Signers for SignerSet;

    mapping(uint256 chain => RemoteGateway) internal remotes;

    /// @notice Deploys everything with `set` as every committee, and delivers the announcements.
    function deployBridge(SignerSet memory set) internal {
        deployHome(set);
        deployRemote(REMOTE, set);
        deployRemote(REMOTE2, set);
    }

    function deployRemote(uint256 chain, SignerSet memory set) internal {
        vm.chainId(chain);
        address gateway = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        EcdsaCommittee committee =
            new EcdsaCommittee(GOVERNOR, GUARDIAN, gateway, ACTIVATION_DELAY, set.threshold, set.members());
        remotes[chain] = new RemoteGateway(committee, GOVERNOR, HOME, address(home), GENESIS, bounds(), 1, 128);
        enrol(chain, 1, set);
        openRoute(chain, gateway);
        for (uint256 nonce = 0; nonce < sent[HOME][chain].length; ++nonce) {
            deliver(HOME, chain, sent[HOME][chain][nonce]);
        }
    }

    function wrappedOf(JGBToken asset, uint256 chain) internal view returns (WrappedJGB) {
        return WrappedJGB(remotes[chain].wrappedOf(address(asset)));
    }

    /// @notice Burns units that `account` holds on `chain`.
    function burn(JGBToken asset, address account, uint256 amount, uint256 chain, address recipient)
        internal
        returns (bytes32 leaf)
    {
        vm.chainId(chain);
        vm.prank(account);
        leaf = remotes[chain].burn(address(asset), amount, recipient, "");
        collect();
    }
}
