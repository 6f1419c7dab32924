// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice e(signature, generator of G2) * e(point, key) = 1, in memory as the pairing precompile takes it.
/// @dev Words: 0-3 signature, 4-11 generator, 12-15 point, 16-23 key, 24-31 room for a key that is being added. Before
///      there is a key, the last 16 are the workspace of hashing.
type Equation is uint256;

using Bls12381 for Equation global;

/// @notice Curve arithmetic on the precompiles of EIP-2537: hashing to G1, sums of keys in G2, one pairing equation.
/// @dev Points are raw: big-endian coordinates of 48 bytes, 96 bytes in G1 (x, y), 192 in G2 (x.c0, x.c1, y.c0, y.c1),
///      all zeros at infinity. The plain versions of the assembly are in `test/PlainBls.sol`; fuzz tests hold the two
///      equal. No `mcopy`: files under `common` compile for berlin.
library Bls12381 {
    uint256 internal constant G1_BYTES = 96;
    uint256 internal constant G2_BYTES = 192;

    uint256 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
    /// @dev 2^636 / p, rounded down.
    uint256 private constant INVERSE = 0x9d835d2f3cc9e45ce28101b0cc7a6ba291b82741ff6a0a94bdf4771e0286779d;
    /// @dev "SWU_RO_POP_" and the length of the whole tag, 43.
    uint256 private constant TAG_END = 0x5357555f524f5f504f505f2b0000000000000000000000000000000000000000;

    /// @notice Precompiles ran out of gas, or left too little to say why they refused: nothing is known.
    error TooLittleGas();

    /// @notice An equation over the point that `digest` hashes to, still without signature and key.
    /// @param tag The first 32 of the 43 bytes of the domain separation tag; the others are "SWU_RO_POP_".
    function equationOf(bytes32 tag, bytes32 digest) internal view returns (Equation equation) {
        equation = _blank();
        assembly ("memory-safe") {
            mstore(add(equation, 0x080), 0x024aa2b2f08f0a91260805272dc51051)
            mstore(add(equation, 0x0a0), 0xc6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8)
            mstore(add(equation, 0x0c0), 0x13e02b6052719f607dacd3a088274f65)
            mstore(add(equation, 0x0e0), 0x596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e)
            mstore(add(equation, 0x100), 0x0ce5d527727d6e118cc9cdc6da2e351a)
            mstore(add(equation, 0x120), 0xadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801)
            mstore(add(equation, 0x140), 0x0606c4a02ea734cc32acd2b02bc28b99)
            mstore(add(equation, 0x160), 0xcb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be)
        }
        if (!_hashTo(equation, tag, digest)) revert TooLittleGas();
    }

    /// @notice Minus the sum of all packed keys from the byte at `start` on, raw.
    function minusSumOf(bytes memory keys, uint256 start) internal view returns (bytes memory) {
        Equation equation = _blank();
        equation.putKeys(keys, start, (1 << (keys.length - start) / G2_BYTES) - 1);
        equation.negateKey();
        return equation.key();
    }

    /// @notice Puts in a signature, given as three words.
    function putSignature(Equation equation, uint256 first, uint256 second, uint256 third) internal pure {
        assembly ("memory-safe") {
            mstore(equation, shr(128, first))
            mstore(add(equation, 0x20), or(shl(128, first), shr(128, second)))
            mstore(add(equation, 0x40), shr(128, shl(128, second)))
            mstore(add(equation, 0x60), third)
        }
    }

    /// @notice Puts in the sum of those of the packed `keys`, from the byte at `start` on, whose bits are set.
    /// @return count How many they were.
    function putKeys(Equation equation, bytes memory keys, uint256 start, uint256 chosen)
        internal
        view
        returns (uint256 count)
    {
        bool done = true;
        assembly ("memory-safe") {
            let sum := add(equation, 0x200)
            let place := sum // of the first key; of every other one it is behind the sum, as addition wants it
            for { let next := add(add(keys, 0x20), start) } chosen { next := add(next, 192) } {
                if and(chosen, 1) {
                    // Half a word moves each coordinate of 48 bytes into the 64 that precompiles take.
                    mstore(place, shr(128, mload(next)))
                    mstore(add(place, 0x20), mload(add(next, 16)))
                    mstore(add(place, 0x40), shr(128, mload(add(next, 48))))
                    mstore(add(place, 0x60), mload(add(next, 64)))
                    mstore(add(place, 0x80), shr(128, mload(add(next, 96))))
                    mstore(add(place, 0xa0), mload(add(next, 112)))
                    mstore(add(place, 0xc0), shr(128, mload(add(next, 144))))
                    mstore(add(place, 0xe0), mload(add(next, 160)))
                    if count {
                        let added := staticcall(gas(), 0x0d, sum, 0x200, sum, 0x100)
                        done := and(done, added)
                    }
                    place := add(sum, 0x100)
                    count := add(count, 1)
                }
                chosen := shr(1, chosen)
            }
        }
        if (!done) revert TooLittleGas(); // or a key off the curve, which nobody has stored
    }

    /// @notice Turns the key into its negative.
    function negateKey(Equation equation) internal pure {
        assembly ("memory-safe") {
            for { let place := add(equation, 0x280) } lt(place, add(equation, 0x300)) { place := add(place, 0x40) } {
                let high := mload(place)
                let low := mload(add(place, 0x20))
                if or(high, low) {
                    mstore(place, sub(sub(P_HIGH, high), lt(P_LOW, low)))
                    mstore(add(place, 0x20), sub(P_LOW, low))
                }
            }
        }
    }

    /// @notice The key, raw.
    function key(Equation equation) internal pure returns (bytes memory raw) {
        raw = new bytes(G2_BYTES);
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, 4) { i := add(i, 1) } {
                let place := add(add(equation, 0x200), shl(6, i))
                let target := add(add(raw, 0x20), mul(i, 48))
                let before := shr(128, mload(sub(target, 16)))
                mstore(sub(target, 16), or(shl(128, before), mload(place)))
                mstore(add(target, 16), mload(add(place, 0x20)))
            }
        }
    }

    /// @notice The key packed in `keys` at `start`, raw.
    function keyAt(bytes memory keys, uint256 start) internal pure returns (bytes memory raw) {
        raw = new bytes(G2_BYTES);
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, G2_BYTES) { i := add(i, 0x20) } {
                mstore(add(add(raw, 0x20), i), mload(add(add(add(keys, 0x20), start), i)))
            }
        }
    }

    /// @notice Whether the equation holds, and whether there was an answer: there is none if the precompile refused a
    ///         point, or had too little gas.
    function holds(Equation equation) internal view returns (bool equal, bool answered) {
        assembly ("memory-safe") {
            mstore(0x00, 0) // where there is no precompile, calls succeed and return nothing
            answered := staticcall(gas(), 0x0f, equation, 0x300, 0x00, 0x20)
            // A statement of its own: in `and(staticcall(...), mload(0))` memory is read before the call.
            equal := eq(mload(0x00), 1)
        }
    }

    /// @notice Whether raw bytes are a point of the curve of G1, coordinates below the modulus; infinity is.
    function isOnCurve1(bytes memory point) internal view returns (bool) {
        return _accepts(0x0b, abi.encodePacked(_padded(point), new bytes(128)), 375);
    }

    /// @notice Whether raw bytes are a point of the curve of G2, coordinates below the modulus; infinity is.
    function isOnCurve2(bytes memory point) internal view returns (bool) {
        return _accepts(0x0d, abi.encodePacked(_padded(point), new bytes(256)), 600);
    }

    /// @notice Whether a point of the curve of G2 is in G2: multiplication checks it, addition does not.
    function isInSubgroup2(bytes memory point) internal view returns (bool) {
        return _accepts(0x0e, abi.encodePacked(_padded(point), uint256(1)), 22_500);
    }

    /// @dev A precompile that refuses its input burns all the gas it was given: twenty times its price of today.
    function _accepts(uint160 precompile, bytes memory input, uint256 price) private view returns (bool accepted) {
        if (gasleft() < price + 5_000) revert TooLittleGas();
        (accepted,) = address(precompile).staticcall{gas: 20 * price}(input);
    }

    /// @dev Coordinates of 48 bytes to coordinates of 64.
    function _padded(bytes memory point) private pure returns (bytes memory padded) {
        for (uint256 i = 0; i < point.length; i += 48) {
            uint256 high;
            uint256 low;
            assembly ("memory-safe") {
                high := shr(128, mload(add(add(point, 0x20), i)))
                low := mload(add(add(point, 0x30), i))
            }
            padded = abi.encodePacked(padded, high, low);
        }
    }

    /// @dev Memory for an equation. Nothing is cleared: every word is written before it is read.
    function _blank() private pure returns (Equation equation) {
        assembly ("memory-safe") {
            equation := mload(0x40)
            mstore(0x40, add(equation, 0x400))
        }
    }

    /// @dev RFC 9380, BLS12381G1_XMD:SHA-256_SSWU_RO_, of a message of 32 bytes.
    function _hashTo(Equation equation, bytes32 tag, bytes32 digest) private view returns (bool) {
        uint256 numbers = Equation.unwrap(equation) + 0x200;
        bool expanded = _expandTo(numbers, tag, digest);
        reduceAt(numbers);
        reduceAt(numbers + 0x40);
        return _mapTo(equation, numbers) && expanded;
    }

    /// @dev expand_message_xmd to 128 bytes, which are two numbers.
    function _expandTo(uint256 numbers, bytes32 tag, bytes32 digest) private view returns (bool done) {
        assembly ("memory-safe") {
            // First block: 64 zeros, digest, 128 in two bytes, a zero byte, tag.
            let input := mload(0x40)
            mstore(input, 0)
            mstore(add(input, 0x20), 0)
            mstore(add(input, 0x40), digest)
            mstore(add(input, 0x60), shl(240, 128))
            mstore(add(input, 0x63), tag)
            mstore(add(input, 0x83), TAG_END)
            done := staticcall(gas(), 0x02, input, 143, 0x00, 0x20)
            let first := mload(0x00)
            // The others: first block xor the one before, number of the block, tag, which stands where it is wanted.
            input := add(input, 0x42)
            let output := numbers
            let previous := 0
            for { let i := 1 } lt(i, 5) { i := add(i, 1) } {
                mstore(input, xor(first, previous))
                mstore8(add(input, 0x20), i)
                let hashed := staticcall(gas(), 0x02, input, 77, output, 0x20)
                done := and(done, hashed)
                previous := mload(output)
                output := add(output, 0x20)
            }
        }
    }

    /// @notice Reduces the number in the two words at `place` modulo p (Barrett).
    /// @dev The quotient is the true one or one less: it loses less than one by rounding, and of `INVERSE`, whose
    ///      relative error is below 2^-255, nothing that counts.
    function reduceAt(uint256 place) internal pure {
        assembly ("memory-safe") {
            let high := mload(place)
            let low := mload(add(place, 0x20))
            let product := mul(high, INVERSE)
            let quotient := mulmod(high, INVERSE, not(0))
            quotient := shr(124, sub(sub(quotient, product), lt(quotient, product)))
            product := mul(quotient, P_LOW)
            let carried := mulmod(quotient, P_LOW, not(0))
            carried := sub(sub(carried, product), lt(carried, product))
            high := sub(sub(high, add(mul(quotient, P_HIGH), carried)), lt(low, product))
            low := sub(low, product)
            if or(gt(high, P_HIGH), and(eq(high, P_HIGH), iszero(lt(low, P_LOW)))) {
                high := sub(sub(high, P_HIGH), lt(low, P_LOW))
                low := sub(low, P_LOW)
            }
            mstore(place, high)
            mstore(add(place, 0x20), low)
        }
    }

    /// @dev A point from each of two numbers, and their sum. The map clears the cofactor.
    function _mapTo(Equation equation, uint256 numbers) private view returns (bool done) {
        assembly ("memory-safe") {
            let points := add(numbers, 0x80)
            done := staticcall(gas(), 0x10, numbers, 0x40, points, 0x80)
            let mapped := staticcall(gas(), 0x10, add(numbers, 0x40), 0x40, add(points, 0x80), 0x80)
            let added := staticcall(gas(), 0x0b, points, 0x100, add(equation, 0x180), 0x80)
            done := and(done, and(mapped, added))
        }
    }
}
