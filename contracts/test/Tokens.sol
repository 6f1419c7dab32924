// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms} from "../src/common/BondTerms.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A bond's token as anyone may write it: the terms can change, and whoever wants some gets some.
contract LooseToken is ERC20 {
    BondTerms private _terms;

    constructor(BondTerms memory terms_) ERC20("Loose", "L") {
        setTerms(terms_);
    }

    function setTerms(BondTerms memory terms_) public {
        _terms = terms_;
    }

    function terms() external view returns (BondTerms memory) {
        return _terms;
    }

    function issue(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 0;
    }
}

/// @notice Keeps one unit of every transfer.
contract FeeToken is LooseToken {
    constructor(BondTerms memory terms_) LooseToken(terms_) {}

    function transferFrom(address source, address destination, uint256 amount) public override returns (bool) {
        _burn(source, 1);
        return super.transferFrom(source, destination, amount - 1);
    }
}

/// @notice Says that it has paid and has not.
contract LyingToken is LooseToken {
    constructor(BondTerms memory terms_) LooseToken(terms_) {}

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return true;
    }
}

/// @notice Says that it has not paid, and has.
contract RefusingToken is LooseToken {
    constructor(BondTerms memory terms_) LooseToken(terms_) {}

    function transferFrom(address source, address destination, uint256 amount) public override returns (bool) {
        super.transferFrom(source, destination, amount);
        return false;
    }

    function transfer(address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @notice Pays and says nothing.
contract SilentToken is LooseToken {
    constructor(BondTerms memory terms_) LooseToken(terms_) {}

    function transferFrom(address source, address destination, uint256 amount) public override returns (bool) {
        super.transferFrom(source, destination, amount);
        _returnNothing();
    }

    function transfer(address destination, uint256 amount) public override returns (bool) {
        super.transfer(destination, amount);
        _returnNothing();
    }

    function _returnNothing() private pure {
        assembly {
            return(0, 0)
        }
    }
}

/// @notice Calls somebody back in the middle of a transfer.
contract CallingToken is LooseToken {
    address private _target;
    bytes private _data;
    bytes public answer;

    constructor(BondTerms memory terms_) LooseToken(terms_) {}

    /// @notice The next transfer makes this call, once.
    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function _update(address source, address destination, uint256 amount) internal override {
        super._update(source, destination, amount);
        address target = _target;
        if (target == address(0) || source == address(0)) return;
        _target = address(0);
        bool done;
        (done, answer) = target.call(_data);
        if (done) answer = "done";
    }
}
