// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Accounts, LimitWord} from "../common/Accounts.sol";
import {BondTerms, Terms} from "../common/BondTerms.sol";
import {CodeStore} from "../common/CodeStore.sol";
import {Bounds} from "../common/IBrakes.sol";
import {ICommittee} from "../common/ICommittee.sol";
import {IGateway} from "../common/IGateway.sol";
import {Inbox} from "../common/Inbox.sol";
import {Payments} from "../common/Payments.sol";
import {Kind, Limits, Reason} from "../common/Protocol.sol";
import {Inbound} from "../common/Wire.sol";
import {IRemoteGateway} from "./IRemoteGateway.sol";
import {IWrappedJGB} from "./IWrappedJGB.sol";
import {WrappedJGB} from "./WrappedJGB.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

/// @notice The mint on a public chain. Its one counterpart is the home gateway.
/// @dev No reentrancy guard, on purpose: the only foreign code it calls are its committee and tokens it deployed itself.
contract RemoteGateway is Inbox, IRemoteGateway {
    /// @dev One slot.
    struct Asset {
        WrappedJGB wrapped;
        uint48 cap; // units that may be wrapped at a time
        LimitWord limits;
    }

    /// @inheritdoc IRemoteGateway
    uint256 public immutable HOME_CHAIN;
    /// @inheritdoc IRemoteGateway
    address public immutable HOME_GATEWAY;
    /// @dev Creation code of `WrappedJGB`, kept outside this contract's own code, which would be too large with it.
    address private immutable _WRAPPED_CODE;
    uint32 private immutable _WINDOW;
    uint32 private immutable _MAX_BATCH;

    mapping(address asset => Asset) private _assets;
    mapping(bytes12 isin => address asset) public assetOf;

    constructor(
        ICommittee committee,
        address governor,
        uint256 homeChain,
        address homeGateway,
        bytes32 homeGenesis,
        Bounds memory bounds,
        uint32 window,
        uint32 maxBatch
    ) Inbox(committee, governor, homeGenesis, bounds) {
        if (homeGateway == address(0)) revert ZeroAddress();
        if (homeChain == block.chainid) revert RouteUnknown(homeChain);
        if (committee.SCHEDULER() != address(this)) revert SchedulerMismatch(committee.SCHEDULER());
        if (window == 0 || maxBatch == 0 || maxBatch > Limits.MAX_BATCH) {
            revert RouteParametersInvalid(window, maxBatch);
        }
        HOME_CHAIN = homeChain;
        HOME_GATEWAY = homeGateway;
        _WRAPPED_CODE = CodeStore.write(type(WrappedJGB).creationCode);
        _WINDOW = window;
        _MAX_BATCH = maxBatch;
    }

    /// @inheritdoc IRemoteGateway
    function burn(address asset, uint256 amount, address recipient, bytes calldata userReference)
        external
        returns (bytes32 leaf)
    {
        WrappedJGB wrapped = _assets[asset].wrapped;
        if (address(wrapped) == address(0)) revert AssetUnknown(asset);
        BondTerms memory terms = wrapped.terms();
        uint96 units = _checkAmount(amount, terms.denomination);
        if (block.timestamp >= terms.maturityDate) revert BondMatured(asset, terms.maturityDate);
        if (recipient == address(0) || recipient == HOME_GATEWAY || recipient == asset) {
            revert RecipientRefused(recipient);
        }
        _checkReference(userReference);
        _meterOutbound(HOME_CHAIN, asset, units);
        wrapped.crosschainBurn(msg.sender, units);
        return _dispatch(HOME_CHAIN, Kind.TRANSFER, asset, msg.sender, recipient, units, userReference);
    }

    /// @inheritdoc IRemoteGateway
    function setCap(address asset, uint96 supplyCap) external onlyGovernor {
        if (address(_assets[asset].wrapped) == address(0)) revert AssetUnknown(asset);
        _assets[asset].cap = _cap(supplyCap);
        emit CapSet(asset, supplyCap);
    }

    /// @inheritdoc IGateway
    function route(uint256 chain) external view returns (address gateway, uint32 window, uint32 maxBatch) {
        if (chain == HOME_CHAIN) return (HOME_GATEWAY, _WINDOW, _MAX_BATCH);
    }

    /// @inheritdoc IRemoteGateway
    function wrappedOf(address asset) external view returns (address) {
        return address(_assets[asset].wrapped);
    }

    /// @inheritdoc IRemoteGateway
    function capOf(address asset) external view returns (uint96) {
        return _assets[asset].cap;
    }

    function _counterpart(uint256 chain) internal view override returns (address) {
        return chain == HOME_CHAIN ? HOME_GATEWAY : address(0);
    }

    function _execute(Run memory run, Inbound message, bytes32 leaf) internal override returns (uint8) {
        if (message.kind() == Kind.TRANSFER) return _order(run, message);
        if (message.kind() == Kind.RETURN) return _orderBack(run, message, leaf);
        _close(run);
        if (message.kind() == Kind.ANNOUNCE) return _deploy(message);
        if (message.kind() == Kind.COMMITTEE) return _schedule(message.data());
        return Reason.KIND_UNKNOWN;
    }

    function _open(uint256, address asset)
        internal
        view
        override
        returns (uint8 refusal, address token, uint96 room, LimitWord limits)
    {
        Asset storage known = _assets[asset];
        uint256 cap;
        (token, cap, limits) = (address(known.wrapped), known.cap, known.limits);
        if (token == address(0)) return (Reason.ASSET_UNKNOWN, token, 0, limits);
        room = uint96(Accounts.less(cap, WrappedJGB(token).totalSupply()));
    }

    function _limitsOf(uint256 chain, address asset) internal view override returns (LimitWord limits) {
        if (chain == HOME_CHAIN) return _assets[asset].limits;
    }

    function _storeLimits(uint256 chain, address asset, LimitWord limits) internal override {
        if (chain != HOME_CHAIN) revert RouteUnknown(chain);
        if (address(_assets[asset].wrapped) == address(0)) revert AssetUnknown(asset);
        _assets[asset].limits = limits;
    }

    /// @dev A cap of more than JPY 281 trillion, several times what any bond has, is that.
    function _cap(uint96 units) private pure returns (uint48) {
        return units < type(uint48).max ? uint48(units) : type(uint48).max;
    }

    function _shortage() internal pure override returns (uint8) {
        return Reason.CAP;
    }

    /// @dev The token is there: `_open` has asked it for its supply.
    function _pay(Run memory run) internal override {
        Payments.send(run.due, run.token, IWrappedJGB.crosschainMintMany.selector);
    }

    /// @dev The first announcement of an asset and of an ISIN wins.
    function _deploy(Inbound message) private returns (uint8) {
        (bool ok, BondTerms memory terms, uint96 supplyCap) = Terms.tryDecode(message.data());
        if (!ok || message.asset() == address(0)) return Reason.TERMS_INVALID;
        if (address(_assets[message.asset()].wrapped) != address(0) || assetOf[terms.isin] != address(0)) {
            return Reason.TERMS_CONFLICT;
        }
        bytes32 salt = keccak256(abi.encode(HOME_CHAIN, HOME_GATEWAY, message.asset()));
        bytes memory arguments = abi.encode(HOME_CHAIN, message.asset(), terms);
        address wrapped = Create2.deploy(0, salt, abi.encodePacked(CodeStore.read(_WRAPPED_CODE), arguments));
        _assets[message.asset()] = Asset(WrappedJGB(wrapped), _cap(supplyCap), _INITIAL_LIMITS);
        assetOf[terms.isin] = message.asset();
        emit AssetDeployed(message.asset(), terms.isin, wrapped, supplyCap);
        return Reason.NONE;
    }

    /// @dev Data of a COMMITTEE: hash of the previous set, epoch and threshold as words, then the members.
    function _schedule(bytes calldata data) private returns (uint8) {
        if (data.length < 96) return Reason.COMMITTEE_MISMATCH;
        (bytes32 previousSetHash, uint256 epoch, uint256 threshold) = abi.decode(data[:96], (bytes32, uint256, uint256));
        if (epoch > type(uint32).max || threshold > type(uint8).max) return Reason.COMMITTEE_MISMATCH;
        bytes calldata members = data[96:];
        if (!COMMITTEE.canSchedule(previousSetHash, uint64(epoch), uint8(threshold), members)) {
            return Reason.COMMITTEE_MISMATCH;
        }
        COMMITTEE.schedule(previousSetHash, uint64(epoch), uint8(threshold), members);
        return Reason.NONE;
    }
}
