// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms, BondType, Terms} from "../../src/common/BondTerms.sol";
import {CodeStore} from "../../src/common/CodeStore.sol";
import {Isin} from "../../src/common/Isin.sol";
import {IJGBToken} from "../../src/home/IJGBToken.sol";
import {JGBToken} from "../../src/home/JGBToken.sol";
import {HomeSide} from "../HomeSide.sol";
import {SignerSet, Signers} from "../Signers.sol";

contract BondsTest is HomeSide {
    function setUp() external {
        deployHome(Signers.make(4, 3, "operators"));
    }

    // --- ISIN ---

    function test_one_wrong_digit_makes_an_isin_invalid(uint256 place, uint8 digit) external pure {
        bytes12 isin = "JP1103821S45";
        place = 2 + place % 7; // the digits before the letter
        bytes1 character = bytes1(48 + digit % 10);
        vm.assertTrue(Isin.isValid(_withCharacter(isin, place, character)) == (isin[place] == character), "valid");
    }

    function test_only_digits_and_capital_letters_stand_in_an_isin(uint256 place, uint8 character) external pure {
        vm.assume(character < 48 || (character > 57 && character < 65) || character > 90);
        vm.assertFalse(Isin.isValid(_withCharacter("JP1103821S45", place % 12, bytes1(character))), "valid");
    }

    function test_each_body_has_one_check_digit(uint256 seed) external pure {
        bytes12 isin = "JP0000000000";
        bytes memory alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        for (uint256 i = 2; i < 11; ++i) {
            isin = _withCharacter(isin, i, alphabet[(seed >> 8 * i) % 36]);
        }
        uint256 valid = 0;
        for (uint8 digit = 0; digit < 10; ++digit) {
            if (Isin.isValid(_withCharacter(isin, 11, bytes1(48 + digit)))) ++valid;
        }
        vm.assertEq(valid, 1, "check digits");
    }

    // --- Terms ---

    function test_terms_are_valid_or_not_for_a_reason() external pure {
        vm.assertTrue(Terms.isValid(bondTerms()) && Terms.isValid(billTerms()), "valid");
        BondTerms memory terms = bondTerms();
        terms.isin = "JP1103821S44";
        vm.assertFalse(Terms.isValid(terms), "wrong check digit");
        terms = bondTerms();
        terms.denomination = 0;
        vm.assertFalse(Terms.isValid(terms), "no denomination");
        terms = bondTerms();
        terms.maturityDate = terms.issueDate;
        vm.assertFalse(Terms.isValid(terms), "matures at issue");
        terms = bondTerms();
        terms.bondType = 0;
        vm.assertFalse(Terms.isValid(terms), "zero is no type");
        terms.bondType = 3;
        vm.assertFalse(Terms.isValid(terms), "no such type");
        terms = billTerms();
        terms.couponRate = 1;
        vm.assertFalse(Terms.isValid(terms), "a bill with a coupon");
        terms = bondTerms();
        terms.couponRate = 0;
        vm.assertTrue(Terms.isValid(terms), "a coupon of zero is one");
    }

    function test_announcements_are_read_as_they_were_written(uint96 cap) external view {
        (bool ok, BondTerms memory terms, uint96 supplyCap) = this.tryDecode(abi.encode(bondTerms(), uint256(cap)));
        vm.assertTrue(ok, "read");
        vm.assertEq(abi.encode(terms), abi.encode(bondTerms()), "terms");
        vm.assertEq(supplyCap, cap, "cap");
    }

    function test_an_announcement_with_a_word_out_of_range_is_not_read() external view {
        uint8[8] memory bits = [96, 8, 32, 32, 64, 64, 64, 96];
        for (uint256 i = 0; i < 8; ++i) {
            bytes memory data = abi.encode(bondTerms(), uint256(CAP));
            uint256 dirt = i == 0 ? 1 : 1 << bits[i];
            assembly ("memory-safe") {
                let place := add(add(data, 32), mul(i, 32))
                mstore(place, or(mload(place), dirt))
            }
            (bool ok,,) = this.tryDecode(data);
            vm.assertFalse(ok, "read");
        }
    }

    function test_any_bytes_are_read_or_not_and_never_revert(bytes calldata data) external view {
        (bool ok,,) = this.tryDecode(data);
        vm.assertFalse(ok && data.length != 256, "only eight words");
    }

    function test_eight_words_of_anything_never_revert(uint256[8] calldata words) external view {
        this.tryDecode(abi.encode(words));
    }

    // --- Tokens ---

    function test_a_bond_tells_its_terms_and_has_no_decimals() external view {
        vm.assertEq(abi.encode(bond.terms()), abi.encode(bondTerms()), "terms");
        vm.assertEq(bond.name(), "JGB JP1103821S45", "name");
        vm.assertEq(bond.symbol(), "JP1103821S45", "symbol");
        vm.assertEq(bond.decimals(), 0, "decimals");
        vm.assertEq(bond.ISSUER(), ISSUER, "issuer");
    }

    function test_a_bond_with_invalid_terms_is_not_made() external {
        BondTerms memory terms = bondTerms();
        terms.isin = "JP1103821S44";
        vm.expectRevert(abi.encodeWithSelector(IJGBToken.TermsInvalid.selector, terms.isin));
        new JGBToken(terms, ISSUER);
    }

    function test_only_the_issuer_issues_and_withdraws() external {
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IJGBToken.NotIssuer.selector, ALICE));
        bond.issue(ALICE, 1);
        vm.expectRevert(abi.encodeWithSelector(IJGBToken.NotIssuer.selector, ALICE));
        bond.withdraw(0);
        vm.stopPrank();
        vm.startPrank(ISSUER);
        bond.issue(ISSUER, 3 * LOT);
        bond.withdraw(2 * LOT);
        vm.assertEq(bond.totalSupply(), LOT, "supply");
    }

    // --- Code as storage ---

    function test_what_is_stored_as_code_is_read_back(bytes calldata content) external {
        address store = CodeStore.write(content);
        vm.assertEq(CodeStore.read(store), content, "content");
        vm.assertEq(store.code, abi.encodePacked(hex"00", content), "code");
        (bool done, bytes memory answer) = store.call("anything");
        vm.assertTrue(done && answer.length == 0, "a call does nothing");
    }

    function test_a_store_that_cannot_be_made_is_no_store() external {
        vm.expectRevert(CodeStore.StoreFailed.selector);
        this.store{gas: 2_000_000}(20_000); // 200 gas a byte
    }

    function store(uint256 length) external returns (address) {
        return CodeStore.write(new bytes(length));
    }

    function tryDecode(bytes calldata data) external pure returns (bool, BondTerms memory, uint96) {
        return Terms.tryDecode(data);
    }

    function _withCharacter(bytes12 isin, uint256 place, bytes1 character) private pure returns (bytes12) {
        uint256 shift = 8 * place;
        return isin & ~(bytes12(bytes1(0xff)) >> shift) | bytes12(character) >> shift;
    }
}
