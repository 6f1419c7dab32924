// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {FlowLimits, IBrakes} from "../../src/common/IBrakes.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Batch, Kind, Message, Reason} from "../../src/common/Protocol.sol";
import {JGBToken} from "../../src/home/JGBToken.sol";
import {SignerSet, Signers} from "../Signers.sol";
import {Trees} from "../Trees.sol";
import {Vm} from "../Vm.sol";
import {BrakeModel} from "./BrakeModel.sol";

/// @notice What users, relayers, forgers and officers may do to a bridge of three chains, in any order; and what an
///         observer of all three has seen.
contract Handler is BrakeModel {
    using Signers for SignerSet;

    /// @dev What has become of a leaf at its destination.
    struct Fate {
        uint32 executed;
        uint32 held;
        uint32 sentBack;
        uint32 returned; // at its source
        uint32 vetoed;
    }

    /// @dev So many units that limits, which are counted in oku, matter.
    uint256 internal constant STEP = 100 * LOT;

    mapping(bytes32 leaf => Fate) internal fates;
    /// @notice Units that a chain has paid out for messages of another, per asset.
    mapping(uint256 source => mapping(uint256 destination => mapping(address asset => uint256))) internal paid;
    /// @dev Messages that are held, and one that was once, which must not be had again.
    mapping(uint256 source => mapping(uint256 destination => Message[])) private _held;
    mapping(uint256 source => mapping(uint256 destination => Message)) private _released;
    uint256 public forgeries;
    /// @notice How often each event was seen.
    mapping(bytes32 topic => uint256) public seen;

    uint256 private _sets;
    bool private _asGovernor;

    constructor() {
        deployBridge(Signers.make(4, 3, "operators"));
        collect();
        for (uint256 i = 0; i < 4; ++i) {
            fund(bond, _user(i), 1e7 * LOT);
            fund(bill, _user(i), 1e7 * LOT);
            (uint256 source, uint256 destination) = _route(i);
            _modelLimits(destination, source, address(bond), bounds().initial);
            _modelLimits(destination, source, address(bill), bounds().initial);
        }
    }

    modifier counted() {
        vm.chainId(HOME);
        _;
        collect();
    }

    // --- Users ---

    function lockUnits(uint256 who, uint256 to, uint256 which, uint256 lots, uint256 recipient) external counted {
        address receiver = _user(recipient);
        // Now and then for the wrapped token itself, which cannot be paid.
        if (recipient % 4 == 0) receiver = address(wrappedOf(_asset(which), _remote(to)));
        if (_isMatured(which)) return;
        (address asset, uint256 amount) = (address(_asset(which)), bound(lots, 1, 40) * STEP);
        vm.prank(_user(who));
        try home.lock(asset, amount, _remote(to), receiver, _reference(lots)) {
            _sawOutbound(HOME, _remote(to), asset, amount);
        } catch (bytes memory why) {
            _assertBraked(why);
        }
    }

    function burnUnits(uint256 who, uint256 on, uint256 which, uint256 lots, uint256 recipient) external counted {
        uint256 chain = _remote(on);
        uint256 balance = wrappedOf(_asset(which), chain).balanceOf(_user(who)) / LOT;
        if (balance == 0 || _isMatured(which)) return;
        vm.chainId(chain);
        (address asset, uint256 amount) = (address(_asset(which)), bound(lots, 1, balance) * LOT);
        vm.prank(_user(who));
        try remotes[chain].burn(asset, amount, _user(recipient), _reference(lots)) {
            _sawOutbound(chain, HOME, asset, amount);
        } catch (bytes memory why) {
            _assertBraked(why);
        }
    }

    // --- Relayers ---

    function deliverSome(uint256 route, uint256 first, uint256 count) external counted {
        _deliverSome(route, first, count);
    }

    function deliverTwice(uint256 route, uint256 first, uint256 count) external counted {
        _deliverSome(route, first, count);
        _deliverSome(route, first, count);
    }

    function deliverSingly(uint256 route, uint256 first, uint256 count, uint256 index) external counted {
        (uint256 source, uint256 destination) = _route(route);
        Message[] memory messages = _some(source, destination, first, count);
        if (messages.length == 0 || !_canVerify(destination)) return;
        deliverOne(source, destination, messages, index % messages.length);
    }

    function retryHeld(uint256 route, uint256 which, uint256 asGovernor) external counted {
        (uint256 source, uint256 destination) = _route(route);
        if (_held[source][destination].length == 0) return;
        Message memory message = _heldAt(source, destination, which);
        if (asGovernor % 4 == 3) vm.warp(vm.getBlockTimestamp() + VETO_DELAY);
        _asGovernor = asGovernor % 2 == 0;
        vm.chainId(destination);
        vm.prank(_asGovernor ? GOVERNOR : STRANGER);
        try gateways[destination].retry(source, message) {} catch {}
    }

    function sendHeldBack(uint256 route, uint256 which, uint256 early) external counted {
        (uint256 source, uint256 destination) = _route(route);
        if (_held[source][destination].length == 0) return;
        Message memory message = _heldAt(source, destination, which);
        if (early % 4 != 0) vm.warp(vm.getBlockTimestamp() + RETURN_DELAY);
        vm.chainId(destination);
        try gateways[destination].sendBack(source, message) {} catch {}
    }

    function wait(uint256 time) external counted {
        vm.warp(vm.getBlockTimestamp() + time % (2 * ACTIVATION_DELAY));
    }

    // --- Forgers, who have everything but a quorum ---

    function forge(uint256 route, uint256 first, uint256 count, uint256 how, uint256 salt) external counted {
        (uint256 source, uint256 destination) = _route(route);
        Message[] memory messages = _some(source, destination, first, count);
        if (messages.length == 0) return;
        Batch memory batch = batchOf(source, destination, messages);
        SignerSet memory set = signersOf(destination, batch.epoch);
        bytes memory certificate = set.certify(digestOf(batch));
        how %= 7;
        if (how == 0) messages[salt % messages.length].amount += LOT;
        if (how == 1) messages[salt % messages.length].recipient = STRANGER;
        if (how == 2) certificate = set.certifyBy(digestOf(batch), 0, set.threshold - 1);
        if (how == 3) certificate[salt % certificate.length] ^= bytes1(uint8(1 + (salt >> 16) % 255));
        if (how == 4) batch.root = keccak256(abi.encode(salt));
        if (how == 5) batch.firstNonce += 1;
        if (how == 6) certificate = _signedByAnotherEpoch(batch, salt);
        vm.chainId(destination);
        try gateways[destination].deliver(batch, messages, certificate) {
            ++forgeries;
        } catch {}
    }

    // --- Officers ---

    function setCap(uint256 on, uint256 which, uint256 lots) external counted {
        uint256 chain = _remote(on);
        vm.prank(GOVERNOR);
        remotes[chain].setCap(address(_asset(which)), uint96(lots % 3 == 0 ? CAP : lots % 100 * STEP));
    }

    function setLimits(uint256 on, uint256 which, uint256 inbound, uint256 outbound, uint256 delay) external counted {
        (uint256 other, uint256 chain) = _route(on);
        FlowLimits memory limits =
            FlowLimits(_limit(inbound), _limit(outbound), delay % 2 == 0 ? uint16(1) : type(uint16).max);
        vm.prank(GOVERNOR);
        gateways[chain].setFlowLimits(other, address(_asset(which)), limits);
    }

    function pauseFlow(uint256 on, uint256 which, uint256 how, uint256 duration) external counted {
        (uint256 other, uint256 chain) = _route(on);
        address[] memory assets = new address[](1);
        assets[0] = address(_asset(which));
        uint32 length = uint32(duration % 2 == 0 ? duration % 1 days : bound(duration, 0, MAX_PAUSE));
        vm.prank(how % 2 == 0 ? WATCH : OFFICERS);
        try gateways[chain].pause(other, assets, uint8(how >> 1) % 4, length) {}
        catch (bytes memory why) {
            if (bytes4(why) != IBrakes.PauseNeedsAnother.selector) breach = "INV-15: a pause was refused";
        }
    }

    function resumeFlow(uint256 on, uint256 which, uint256 directions) external counted {
        (uint256 other, uint256 chain) = _route(on);
        vm.prank(GOVERNOR);
        gateways[chain].resume(other, address(_asset(which)), uint8(directions % 4));
    }

    function vetoHeld(uint256 route, uint256 which) external counted {
        (uint256 source, uint256 destination) = _route(route);
        if (_held[source][destination].length == 0) return;
        Message memory message = _heldAt(source, destination, which);
        vm.chainId(destination);
        (uint64 epoch,, uint8 reason) = gateways[destination].held(leafOf(source, destination, message));
        bool isVetoable = reason == Reason.DELAYED && !gateways[destination].COMMITTEE().isRevoked(epoch);
        vm.prank(OFFICERS);
        try gateways[destination].veto(source, message) {}
        catch {
            if (isVetoable) breach = "INV-16: a veto was refused";
        }
    }

    function rotate(uint256 on, uint256 seldom) external counted {
        if (seldom % 4 != 0) return;
        uint256 chain = _remote(on);
        uint64 epoch = activeEpoch(chain);
        (bytes32 hash,,) = gateways[chain].COMMITTEE().setOf(epoch);
        SignerSet memory next = _nextSet();
        bytes memory members = next.members();
        if (signersOf(chain, epoch + 1).threshold == 0) enrol(chain, epoch + 1, next);
        else members = signersOf(chain, epoch + 1).members();
        vm.prank(GOVERNOR);
        home.rotate(chain, hash, epoch + 1, 3, members);
    }

    function veto(uint256 on) external counted {
        uint256 chain = _remote(on);
        ICommittee committee = gateways[chain].COMMITTEE();
        uint64 pending = activeEpoch(chain) + 1;
        vm.prank(GUARDIAN);
        try committee.veto(pending) {} catch {}
    }

    function revokeAndReplace(uint256 on, uint256 alsoRevoke, uint256 seldom) external counted {
        if (seldom % 4 != 0) return;
        uint256 chain = on % 3 == 2 ? HOME : _remote(on);
        ICommittee committee = gateways[chain].COMMITTEE();
        uint64 epoch = activeEpoch(chain);
        SignerSet memory next = _nextSet();
        bytes memory members = next.members();
        vm.startPrank(GOVERNOR);
        if (alsoRevoke % 2 == 0) committee.revoke(epoch);
        enrol(chain, committee.replace(3, members), next);
        vm.stopPrank();
    }

    // --- What the observer knows ---

    function fateOf(bytes32 leaf) external view returns (Fate memory) {
        return fates[leaf];
    }

    function paidFor(uint256 source, uint256 destination, address asset) external view returns (uint256) {
        return paid[source][destination][asset];
    }

    function sentCount(uint256 source, uint256 destination) external view returns (uint256) {
        return sent[source][destination].length;
    }

    function sentMessage(uint256 source, uint256 destination, uint256 nonce) external view returns (Message memory) {
        return sent[source][destination][nonce];
    }

    function gatewayOf(uint256 chain) external view returns (IGateway) {
        return gateways[chain];
    }

    function homeSide() external view returns (address gateway, JGBToken[2] memory assets) {
        return (address(home), [bond, bill]);
    }

    function _hear(Vm.Log memory log) internal override {
        bytes32 kind = log.topics[0];
        ++seen[kind];
        if (kind == IBrakes.Vetoed.selector) ++fates[log.topics[1]].vetoed;
        if (log.emitter == address(gateways[_chainOf(log.emitter)])) _hearBrakes(log, _chainOf(log.emitter));
        if (kind == IGateway.Executed.selector) _executed(log);
        if (kind == IGateway.Held.selector) _hold(log);
        if (kind == IGateway.Recertified.selector) _sawRecertified(log.topics[1]);
        if (kind == IGateway.SentBack.selector) {
            _count(++fates[log.topics[1]].sentBack, "INV-03: sent back twice");
            _letGo(log.topics[1], _chainOf(log.emitter));
        }
        if (kind == IGateway.Returned.selector) _count(++fates[log.topics[1]].returned, "INV-12: returned twice");
    }

    function _executed(Vm.Log memory log) private {
        (uint256 source, uint256 destination) = (uint256(log.topics[2]), _chainOf(log.emitter));
        _count(++fates[log.topics[1]].executed, "INV-03: executed twice");
        _letGo(log.topics[1], destination);
        if (fates[log.topics[1]].vetoed != 0 && !_asGovernor) breach = "INV-16: executed after a veto";
        Message memory message = _messageAt(source, destination, abi.decode(log.data, (uint64)), log.topics[1]);
        if (message.kind != Kind.TRANSFER && message.kind != Kind.RETURN) return;
        _sawInbound(destination, source, message, log.topics[1]);
        paid[source][destination][message.asset] += message.amount;
        if (destination == HOME || message.amount == 0) return;
        uint256 supply = wrappedOf(JGBToken(message.asset), destination).totalSupply();
        if (supply > remotes[destination].capOf(message.asset)) breach = "INV-05: minted above the cap";
    }

    function _hold(Vm.Log memory log) private {
        (uint256 source, uint256 destination) = (uint256(log.topics[2]), _chainOf(log.emitter));
        (uint64 nonce,, uint8 reason) = abi.decode(log.data, (uint64, uint64, uint8));
        Message memory message = _messageAt(source, destination, nonce, log.topics[1]);
        // A forgery that nothing covers waits on after its veto, for the governor alone.
        if (fates[log.topics[1]].vetoed != 0) return _sawHeld(destination, source, message, log.topics[1], reason);
        // Held for something else, and found to be large when it was retried: once, and its delay begins then.
        bool isDelayedLater = fates[log.topics[1]].held == 1 && reason == Reason.DELAYED && !_isDelayed(log.topics[1]);
        if (isDelayedLater) return _sawHeld(destination, source, message, log.topics[1], reason);
        _count(++fates[log.topics[1]].held, "INV-03: held twice");
        _held[source][destination].push(message);
        _sawHeld(destination, source, message, log.topics[1], reason);
    }

    /// @dev Takes a leaf off the list of those held at `destination`, if it is there.
    function _letGo(bytes32 leaf, uint256 destination) private {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 source = destination == HOME ? _remote(i) : HOME;
            Message[] storage list = _held[source][destination];
            for (uint256 j = 0; j < list.length; ++j) {
                if (leafOf(source, destination, list[j]) != leaf) continue;
                _released[source][destination] = list[j];
                list[j] = list[list.length - 1];
                list.pop();
                return;
            }
        }
    }

    function _heldAt(uint256 source, uint256 destination, uint256 which) private view returns (Message memory) {
        if (which % 16 == 0) return _released[source][destination];
        return _held[source][destination][which % _held[source][destination].length];
    }

    function _count(uint256 times, string memory id) private {
        if (times > 1) breach = id;
    }

    function _messageAt(uint256 source, uint256 destination, uint64 nonce, bytes32 leaf)
        internal
        virtual
        returns (Message memory message)
    {
        message = sent[source][destination][nonce];
        if (leafOf(source, destination, message) != leaf) breach = "INV-10: executed what was not sent";
    }

    // --- Choices ---

    function _deliverSome(uint256 route, uint256 first, uint256 count) private {
        (uint256 source, uint256 destination) = _route(route);
        Message[] memory messages = _some(source, destination, first, count);
        if (messages.length == 0 || !_canVerify(destination)) return;
        deliver(source, destination, messages);
    }

    /// @dev Mostly what was sent last: there is something new in it.
    function _some(uint256 source, uint256 destination, uint256 first, uint256 count)
        private
        view
        returns (Message[] memory)
    {
        uint256 length = sent[source][destination].length;
        if (length == 0) return new Message[](0);
        first = first % 3 == 0 ? first % length : length - 1 - first % (length < 8 ? length : 8);
        return sentFrom(source, destination, first, bound(count, 1, length - first < 8 ? length - first : 8));
    }

    /// @dev A user is refused for a limit or a pause, and for nothing else.
    function _assertBraked(bytes memory why) private {
        if (bytes4(why) == IBrakes.OutboundLimit.selector || bytes4(why) == IBrakes.OutboundPaused.selector) return;
        breach = "INV-14, INV-15: refused for something else";
    }

    /// @dev Mostly none to speak of.
    function _limit(uint256 seed) private pure returns (uint16) {
        uint16[8] memory some = [0, 1, 2, 4, 60_000, 60_000, 65_535, 65_535];
        return some[seed % 8];
    }

    /// @dev A revoked epoch without a successor certifies nothing.
    function _canVerify(uint256 chain) private view returns (bool) {
        return !gateways[chain].COMMITTEE().isRevoked(activeEpoch(chain));
    }

    function _signedByAnotherEpoch(Batch memory batch, uint256 salt) private view returns (bytes memory) {
        uint64 other = uint64(salt % (batch.epoch + 2));
        SignerSet memory set = signersOf(batch.destinationChain, other);
        if (set.threshold == 0) return "";
        if (salt % 2 == 0) batch.epoch = other;
        bool same = set.setHash() == signersOf(batch.destinationChain, activeEpoch(batch.destinationChain)).setHash();
        if (same && batch.epoch == activeEpoch(batch.destinationChain)) return "";
        return set.certify(digestOf(batch));
    }

    function _nextSet() private returns (SignerSet memory) {
        return Signers.make(4, 3, vm.toString(_sets++ % 3));
    }

    function _route(uint256 seed) internal pure returns (uint256 source, uint256 destination) {
        return seed % 2 == 0 ? (HOME, _remote(seed >> 1)) : (_remote(seed >> 1), HOME);
    }

    function _remote(uint256 seed) internal pure returns (uint256) {
        return seed % 2 == 0 ? REMOTE : REMOTE2;
    }

    function _asset(uint256 which) internal view returns (JGBToken) {
        return which % 2 == 0 ? bond : bill;
    }

    function _isMatured(uint256 which) private view returns (bool) {
        return vm.getBlockTimestamp() >= _asset(which).terms().maturityDate;
    }

    function _user(uint256 seed) internal pure returns (address) {
        return _account(vm.toString(seed % 4));
    }

    function _reference(uint256 seed) private pure returns (bytes memory) {
        return new bytes(seed % 4 == 0 ? seed % 64 : 0);
    }
}
