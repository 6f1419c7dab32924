"""BLS12-381: points as raw bytes, hashing to G1, membership of the subgroups, one product of pairings (SPEC 4.3).

Points are raw: big-endian coordinates of 48 bytes, 96 bytes in G1 (x, y), 192 in G2 (x.c0, x.c1, y.c0, y.c1), as in
`contracts/src/common/Bls12381.sol`. The arithmetic is py_ecc's, which takes long to load: commands import this module
where they need it, and only there.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from hashlib import sha256
from typing import Final, TypeVar

# Only the modules of signatures import these two, and they are loaded late.
from py_ecc.bls.hash_to_curve import hash_to_G1  # noqa: TID253
from py_ecc.optimized_bls12_381 import (  # noqa: TID253
    FQ,
    FQ2,
    FQ12,
    G2,
    Z1,
    Z2,
    add,
    b,
    b2,
    curve_order,
    double,
    eq,
    field_modulus,
    final_exponentiate,
    is_on_curve,
    multiply,
    neg,
    normalize,
    pairing,
)

from bridge.core.bls_refusals import PointFault

Point1 = tuple[FQ, FQ, FQ]
"""A point of G1, projective."""
Point2 = tuple[FQ2, FQ2, FQ2]
"""A point of G2, projective."""
_Point = TypeVar("_Point", Point1, Point2)

COORDINATE_BYTES: Final = 48
G1_BYTES: Final = 2 * COORDINATE_BYTES
G2_BYTES: Final = 4 * COORDINATE_BYTES
ORDER: Final[int] = curve_order
"""Of both groups."""

GENERATOR2: Final[Point2] = G2
NOTHING1: Final[Point1] = Z1
NOTHING2: Final[Point2] = Z2

_SEED: Final = 0xD201000000010000
"""The curve is built on minus this number."""
_ROOT: Final = FQ(2) ** ((field_modulus - 1) // 3)
"""A cube root of one. (x, y) -> (_ROOT x, y) multiplies the points of G1 by minus the square of the seed."""
_TWIST_X: Final = FQ2.one() / FQ2((1, 1)) ** ((field_modulus - 1) // 3)
_TWIST_Y: Final = FQ2.one() / FQ2((1, 1)) ** ((field_modulus - 1) // 2)
"""Untwist, Frobenius, twist: multiplies the points of G2 by minus the seed."""


def point1(raw: bytes) -> Point1 | PointFault:
    """Return the point of G1, or what is wrong with it. A coordinate beyond the modulus is no point of the curve."""
    numbers = _numbers(raw, G1_BYTES)
    if isinstance(numbers, PointFault):
        return numbers
    x, y = map(FQ, numbers)
    point = (x, y, FQ.one())
    if not is_on_curve(point, b):
        return PointFault.NOT_ON_CURVE
    return point if _is_in_subgroup1(point) else PointFault.NOT_IN_SUBGROUP


def point2(raw: bytes) -> Point2 | PointFault:
    """Return the point of G2, or what is wrong with it."""
    numbers = _numbers(raw, G2_BYTES)
    if isinstance(numbers, PointFault):
        return numbers
    point = (FQ2(numbers[:2]), FQ2(numbers[2:]), FQ2.one())
    if not is_on_curve(point, b2):
        return PointFault.NOT_ON_CURVE
    return point if _is_in_subgroup2(point) else PointFault.NOT_IN_SUBGROUP


def raw1(point: Point1) -> bytes:
    """Return a point as 96 bytes, all zeros at infinity."""
    if eq(point, Z1):
        return bytes(G1_BYTES)
    return b"".join(_coordinate(number.n) for number in normalize(point))


def raw2(point: Point2) -> bytes:
    """Return a point as 192 bytes, all zeros at infinity."""
    if eq(point, Z2):
        return bytes(G2_BYTES)
    return b"".join(_coordinate(int(part)) for number in normalize(point) for part in number.coeffs)


def hash1(message: bytes, tag: bytes) -> Point1:
    """Return the point that a message hashes to: BLS12381G1_XMD:SHA-256_SSWU_RO_ of RFC 9380 under a tag."""
    point: Point1 = hash_to_G1(message, tag, sha256)  # type: ignore[arg-type]  # it wants what makes a hash
    return point


def product(point: _Point, scalar: int) -> _Point:
    """Return `scalar` times a point."""
    result: _Point = multiply(point, scalar % ORDER)
    return result


def minus(point: _Point) -> _Point:
    """Return the negative of a point."""
    result: _Point = neg(point)
    return result


def total(points: Iterable[_Point], nothing: _Point) -> _Point:
    """Return the sum of points, `nothing` if there are none."""
    return reduce(add, points, nothing)


def weighted(points: Sequence[_Point], weights: Sequence[int], nothing: _Point) -> _Point:
    """Return the sum of points, each times its weight: all weights bit by bit together, which shares the doublings."""
    result = nothing
    for bit in reversed(range(max(weight.bit_length() for weight in weights))):
        chosen = [point for point, weight in zip(points, weights, strict=True) if weight >> bit & 1]
        result = total(chosen, double(result))
    return result


def is_one(pairs: Iterable[tuple[Point1, Point2]]) -> bool:
    """Tell whether the product of the pairings of all pairs is one: a loop for each, one exponentiation for all."""
    loops = (pairing(second, first, final_exponentiate=False) for first, second in pairs)
    return bool(final_exponentiate(reduce(FQ12.__mul__, loops)) == FQ12.one())


def _numbers(raw: bytes, length: int) -> list[int] | PointFault:
    if len(raw) != length:
        return PointFault.LENGTH
    if not any(raw):
        return PointFault.AT_INFINITY
    numbers = [int.from_bytes(raw[i : i + COORDINATE_BYTES], "big") for i in range(0, length, COORDINATE_BYTES)]
    return PointFault.NOT_ON_CURVE if max(numbers) >= field_modulus else numbers


def _is_in_subgroup1(point: Point1) -> bool:
    """Check on a point of the curve: section 6 of eprint.iacr.org/2021/1130, half the work of the order's multiple."""
    x, y, z = point
    return bool(eq((x * _ROOT, y, z), neg(multiply(multiply(point, _SEED), _SEED))))


def _is_in_subgroup2(point: Point2) -> bool:
    """Check on a point of the twist: section 4 of the same paper, a quarter of the work."""
    x, y, z = (FQ2((number.coeffs[0], -number.coeffs[1])) for number in point)
    return bool(eq((x * _TWIST_X, y * _TWIST_Y, z), neg(multiply(point, _SEED))))


def _coordinate(number: int) -> bytes:
    return number.to_bytes(COORDINATE_BYTES, "big")
