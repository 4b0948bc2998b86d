"""Damage to a file, of the kinds that break parsers: lengths, counts, order, repetition, an end."""

from __future__ import annotations

import random
from collections.abc import Callable

# Numbers at the borders of the types in which files keep lengths and counts.
_BORDERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutate(data: bytes, chance: random.Random) -> bytes:
    """The data with one to five changes."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        if changed:
            chance.choice(_CHANGES)(changed, chance)
    return bytes(changed)


def _place(data: bytearray, chance: random.Random) -> int:
    """Any place; half of them near the beginning, where the lengths and kinds are."""
    return chance.randrange(min(len(data), chance.choice((256, 2**40))))


def _flip(data: bytearray, chance: random.Random) -> None:
    data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _noise(data: bytearray, chance: random.Random) -> None:
    begin = _place(data, chance)
    for place in range(begin, min(len(data), begin + chance.randint(1, 16))):
        data[place] = chance.randrange(256)


def _number(data: bytearray, chance: random.Random) -> None:
    size, order = chance.choice((1, 2, 4, 8)), chance.choice(("big", "little"))
    value = chance.choice(_BORDERS) % 256**size
    begin = _place(data, chance)
    data[begin : begin + size] = value.to_bytes(size, order)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[_place(data, chance) :]


def _leave_out(data: bytearray, chance: random.Random) -> None:
    begin = _place(data, chance)
    del data[begin : begin + chance.randint(1, 64)]


def _repeat(data: bytearray, chance: random.Random) -> None:
    begin = _place(data, chance)
    part = bytes(data[begin : begin + chance.randint(1, 64)])
    data[begin:begin] = part * chance.choice((1, 2, 50, 1000))


def _zeros(data: bytearray, chance: random.Random) -> None:
    begin = _place(data, chance)
    size = min(chance.choice((4, 64, 1024)), len(data) - begin)
    data[begin : begin + size] = bytes(size)


def _exchange(data: bytearray, chance: random.Random) -> None:
    size = chance.choice((1, 4, 16, 64))
    a, b = sorted((_place(data, chance), _place(data, chance)))
    first, second = bytes(data[a : a + size]), bytes(data[b : b + size])
    if b - a >= size and len(second) == size:
        data[a : a + size], data[b : b + size] = second, first


_CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_flip, _noise, _number, _number, _cut, _leave_out, _repeat, _zeros, _exchange),
)
