// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {LimitWord} from "../common/Accounts.sol";
import {BondTerms, Terms} from "../common/BondTerms.sol";
import {Bounds} from "../common/IBrakes.sol";
import {ICommittee} from "../common/ICommittee.sol";
import {IGateway} from "../common/IGateway.sol";
import {Inbox} from "../common/Inbox.sol";
import {Kind, Limits, Reason} from "../common/Protocol.sol";
import {Inbound} from "../common/Wire.sol";
import {IHomeGateway} from "./IHomeGateway.sol";
import {IJGBToken} from "./IJGBToken.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

/// @notice The escrow at home, with a separate book for every remote chain and asset.
contract HomeGateway is Inbox, ReentrancyGuard, IHomeGateway {
    using SafeERC20 for IERC20;

    struct Route {
        address gateway;
        uint32 window; // blocks per batch window
        uint32 maxBatch;
        uint32 locksPerBlock; // per account
    }

    /// @dev Terms are pinned at the first announcement: a token cannot change them later.
    struct Asset {
        bytes32 termsHash; // zero: never announced
        uint64 denomination;
        uint64 maturityDate;
    }

    struct LockCount {
        uint64 height;
        uint32 count;
    }

    address public immutable REGISTRAR;

    mapping(uint256 chain => Route) private _routes;
    mapping(address asset => Asset) private _assets;
    mapping(bytes12 isin => address asset) public assetOf;
    mapping(uint256 chain => mapping(address asset => bool)) public isAnnounced;
    mapping(uint256 chain => mapping(address asset => uint128)) public locked;
    mapping(address asset => uint256) public escrowed;
    mapping(uint256 chain => mapping(address account => LockCount)) private _lockCounts;
    mapping(uint256 chain => mapping(address asset => LimitWord)) private _limits;

    constructor(ICommittee committee, address governor, address registrar, bytes32 homeGenesis, Bounds memory bounds)
        Inbox(committee, governor, homeGenesis, bounds)
    {
        if (registrar == address(0)) revert ZeroAddress();
        REGISTRAR = registrar;
    }

    /// @inheritdoc IHomeGateway
    function lock(address asset, uint256 amount, uint256 chain, address recipient, bytes calldata userReference)
        external
        nonReentrant
        returns (bytes32 leaf)
    {
        address counterpart = _routes[chain].gateway;
        if (counterpart == address(0)) revert RouteUnknown(chain);
        if (!isAnnounced[chain][asset]) revert AssetNotAnnounced(chain, asset);
        Asset memory pinned = _assets[asset];
        uint96 units = _checkAmount(amount, pinned.denomination);
        if (block.timestamp >= pinned.maturityDate) revert BondMatured(asset, pinned.maturityDate);
        if (recipient == address(0) || recipient == counterpart) revert RecipientRefused(recipient);
        _checkReference(userReference);
        _countLock(chain);
        _meterOutbound(chain, asset, units);
        locked[chain][asset] += units;
        escrowed[asset] += units;
        _takeIntoEscrow(IERC20(asset), units);
        return _dispatch(chain, Kind.TRANSFER, asset, msg.sender, recipient, units, userReference);
    }

    /// @inheritdoc IHomeGateway
    function announce(address asset, uint256 chain, uint96 supplyCap) external returns (bytes32 leaf) {
        if (msg.sender != REGISTRAR) revert NotRegistrar(msg.sender);
        if (isAnnounced[chain][asset]) revert AssetAlreadyAnnounced(chain, asset);
        if (asset.code.length == 0) revert AssetHasNoCode(asset);
        BondTerms memory terms = IJGBToken(asset).terms();
        if (!Terms.isValid(terms)) revert AssetTermsInvalid(asset);
        _pin(asset, terms);
        isAnnounced[chain][asset] = true;
        _limits[chain][asset] = _INITIAL_LIMITS;
        emit AssetAnnounced(chain, asset, terms.isin);
        return _dispatch(chain, Kind.ANNOUNCE, asset, msg.sender, address(0), 0, abi.encode(terms, uint256(supplyCap)));
    }

    /// @inheritdoc IHomeGateway
    function rotate(uint256 chain, bytes32 previousSetHash, uint64 epoch, uint8 threshold, bytes calldata members)
        external
        onlyGovernor
        returns (bytes32 leaf)
    {
        bytes memory data = abi.encodePacked(previousSetHash, uint256(epoch), uint256(threshold), members);
        return _dispatch(chain, Kind.COMMITTEE, address(0), msg.sender, address(0), 0, data);
    }

    /// @inheritdoc IHomeGateway
    function openRoute(uint256 chain, address gateway, uint32 window, uint32 maxBatch, uint32 locksPerBlock)
        external
        onlyGovernor
    {
        if (gateway == address(0)) revert ZeroAddress();
        if (_routes[chain].gateway != address(0)) revert RouteExists(chain);
        if (chain == block.chainid) revert RouteUnknown(chain);
        if (window == 0 || maxBatch == 0 || maxBatch > Limits.MAX_BATCH) {
            revert RouteParametersInvalid(window, maxBatch);
        }
        _routes[chain] = Route(gateway, window, maxBatch, locksPerBlock);
        emit RouteOpened(chain, gateway, window, maxBatch);
        emit LockLimitSet(chain, locksPerBlock);
    }

    /// @inheritdoc IHomeGateway
    function setLockLimit(uint256 chain, uint32 locksPerBlock) external onlyGovernor {
        if (_routes[chain].gateway == address(0)) revert RouteUnknown(chain);
        _routes[chain].locksPerBlock = locksPerBlock;
        emit LockLimitSet(chain, locksPerBlock);
    }

    /// @inheritdoc IGateway
    function route(uint256 chain) external view returns (address gateway, uint32 window, uint32 maxBatch) {
        Route memory open = _routes[chain];
        return (open.gateway, open.window, open.maxBatch);
    }

    function _counterpart(uint256 chain) internal view override returns (address) {
        return _routes[chain].gateway;
    }

    function _execute(Run memory run, Inbound message, bytes32 leaf) internal override returns (uint8) {
        if (message.kind() == Kind.RETURN) return _orderBack(run, message, leaf);
        if (message.kind() != Kind.TRANSFER) return Reason.KIND_UNKNOWN;
        uint256 denomination = _assets[message.asset()].denomination;
        if (denomination != 0 && message.amount() % denomination != 0) return Reason.ODD_LOT;
        return _order(run, message);
    }

    function _open(uint256 sourceChain, address asset)
        internal
        view
        override
        returns (uint8 refusal, address token, uint96 room, LimitWord limits)
    {
        limits = _limits[sourceChain][asset];
        if (!isAnnounced[sourceChain][asset]) return (Reason.ASSET_UNKNOWN, address(0), 0, limits);
        if (block.timestamp >= _assets[asset].maturityDate) return (Reason.MATURED, address(0), 0, limits);
        uint128 units = locked[sourceChain][asset];
        return (Reason.NONE, asset, units < type(uint96).max ? uint96(units) : type(uint96).max, limits);
    }

    function _limitsOf(uint256 chain, address asset) internal view override returns (LimitWord) {
        return _limits[chain][asset];
    }

    function _storeLimits(uint256 chain, address asset, LimitWord limits) internal override {
        if (!isAnnounced[chain][asset]) revert AssetNotAnnounced(chain, asset);
        _limits[chain][asset] = limits;
    }

    function _shortage() internal pure override returns (uint8) {
        return Reason.BOOK_EXCEEDED;
    }

    /// @dev Both books are written before the first call to the token, which is foreign code.
    function _pay(Run memory run) internal override nonReentrant {
        uint128 units = 0;
        for (uint256 i = 0; i < run.due.length; ++i) {
            units += run.due[i].amount();
        }
        locked[run.sourceChain][run.asset] -= units;
        escrowed[run.asset] -= units;
        for (uint256 i = 0; i < run.due.length; ++i) {
            IERC20(run.asset).safeTransfer(run.due[i].account(), run.due[i].amount());
        }
    }

    /// @dev One token per ISIN, and for ever the same terms.
    function _pin(address asset, BondTerms memory terms) private {
        bytes32 termsHash = keccak256(abi.encode(terms));
        bytes32 pinned = _assets[asset].termsHash;
        if (pinned == termsHash) return;
        if (pinned != bytes32(0)) revert AssetTermsChanged(asset);
        address holder = assetOf[terms.isin];
        if (holder != address(0)) revert IsinTaken(terms.isin, holder);
        assetOf[terms.isin] = asset;
        _assets[asset] = Asset(termsHash, terms.denomination, terms.maturityDate);
    }

    function _countLock(uint256 chain) private {
        LockCount storage counter = _lockCounts[chain][msg.sender];
        uint32 limit = _routes[chain].locksPerBlock;
        if (counter.height != block.number) {
            counter.height = uint64(block.number);
            counter.count = 0;
        }
        if (counter.count >= limit) revert TooManyLocks(msg.sender, limit);
        ++counter.count;
    }

    /// @dev What counts is what arrives: a token that lies or takes a fee locks nothing.
    function _takeIntoEscrow(IERC20 token, uint256 amount) private {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received_ = token.balanceOf(address(this)) - before;
        if (received_ != amount) revert EscrowMismatch(amount, received_);
    }
}
