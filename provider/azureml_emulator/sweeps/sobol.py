"""Sobol's sequence: points that fill a unit cube more evenly than random ones.

Source of the direction numbers: S. Joe and F. Y. Kuo, *Constructing Sobol sequences with better two-dimensional
projections*, SIAM J. Sci. Comput. 30 (2008), 2635-2654; their table ``new-joe-kuo-6``.
"""

from __future__ import annotations

from collections.abc import Iterator

BITS = 32

DIRECTIONS = (
    (1, 0, (1,)),
    (2, 1, (1, 3)),
    (3, 1, (1, 3, 1)),
    (3, 2, (1, 1, 1)),
    (4, 1, (1, 1, 3, 3)),
    (4, 4, (1, 3, 5, 13)),
    (5, 2, (1, 1, 5, 5, 17)),
    (5, 4, (1, 1, 5, 5, 5)),
    (5, 7, (1, 1, 7, 11, 19)),
    (5, 11, (1, 1, 5, 1, 1)),
    (5, 13, (1, 1, 1, 3, 11)),
    (5, 14, (1, 3, 5, 5, 31)),
    (6, 1, (1, 3, 3, 9, 7, 49)),
    (6, 13, (1, 1, 1, 15, 21, 21)),
    (6, 16, (1, 3, 1, 13, 27, 49)),
    (6, 19, (1, 1, 1, 15, 7, 5)),
    (6, 22, (1, 3, 1, 15, 13, 25)),
    (6, 25, (1, 1, 5, 5, 19, 61)),
    (7, 1, (1, 3, 7, 11, 23, 15, 103)),
    (7, 4, (1, 3, 7, 13, 13, 15, 69)),
)
"""For each coordinate after the first: degree and coefficients of its polynomial, and its first numbers."""

MOST = len(DIRECTIONS) + 1
"""How many coordinates a point can have."""


def points(coordinates: int, shift: tuple[int, ...]) -> Iterator[tuple[float, ...]]:
    """The points of the sequence, each with ``coordinates`` numbers from 0 up to, but without, 1.

    :param coordinates: at most ``MOST``.
    :param shift: for each coordinate, bits that are turned over in all points: the same evenness at other places.
    """
    steps = [directions(number) for number in range(coordinates)]
    state = [0] * coordinates
    for index in range(2**BITS):
        yield tuple((each ^ moved) / 2**BITS for each, moved in zip(state, shift, strict=True))
        lowest_zero = (~index & (index + 1)).bit_length() - 1
        if lowest_zero < BITS:
            state = [each ^ step[lowest_zero] for each, step in zip(state, steps, strict=True)]


def directions(coordinate: int) -> list[int]:
    """What is added to a coordinate, bit by bit of the point's number."""
    if coordinate == 0:
        return [1 << (BITS - 1 - bit) for bit in range(BITS)]
    degree, coefficients, first = DIRECTIONS[coordinate - 1]
    numbers = [number << (BITS - 1 - bit) for bit, number in enumerate(first)]
    for bit in range(degree, BITS):
        number = numbers[bit - degree] ^ (numbers[bit - degree] >> degree)
        for back in range(1, degree):
            if coefficients >> (degree - 1 - back) & 1:
                number ^= numbers[bit - back]
        numbers.append(number)
    return numbers
