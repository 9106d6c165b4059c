"""HDF5 files without the time at which they were written.

ITK keeps composite transforms in HDF5, whose object headers hold four times each, so that the same
transform has other bytes every second. Written by hand because no library of this program opens
HDF5; only version 2 of the header is known (HDF5 File Format Specification 3.0, IV.A.1.b), which
is what ITK writes.
"""

from __future__ import annotations

_SIGNATURE = b"OHDR"
_VERSION = 2
_HAS_TIMES, _HAS_PHASES, _SIZE_BITS = 0x20, 0x10, 0x03
_FIXED_BYTES, _TIMES_BYTES, _PHASES_BYTES = 6, 16, 4
_WORD = 0xFFFFFFFF
_ROUND = (
    ("a", "c", "b", 4), ("b", "a", "c", 6), ("c", "b", "a", 8),
    ("a", "c", "b", 16), ("b", "a", "c", 19), ("c", "b", "a", 4),
)  # fmt: skip
_LAST = (
    ("c", "b", 14), ("a", "c", 11), ("b", "a", 25), ("c", "b", 16),
    ("a", "c", 4), ("b", "a", 14), ("c", "b", 24),
)  # fmt: skip


def without_times(content: bytes) -> bytes:
    """Set the times in all object headers to 0; a header with a wrong checksum is left as it is."""
    changed = bytearray(content)
    at = changed.find(_SIGNATURE)
    while at >= 0:
        end = _end_of_header(changed, at)
        if end and changed[at + 5] & _HAS_TIMES:
            changed[at + _FIXED_BYTES : at + _FIXED_BYTES + _TIMES_BYTES] = bytes(_TIMES_BYTES)
            changed[end : end + 4] = lookup3(bytes(changed[at:end])).to_bytes(4, "little")
        at = changed.find(_SIGNATURE, at + 4)
    return bytes(changed)


def _end_of_header(content: bytearray, at: int) -> int | None:
    """Where the checksum of a header stands; None where this is no header."""
    if at + _FIXED_BYTES > len(content) or content[at + 4] != _VERSION:
        return None
    flags = content[at + 5]
    place = at + _FIXED_BYTES
    place += _TIMES_BYTES if flags & _HAS_TIMES else 0
    place += _PHASES_BYTES if flags & _HAS_PHASES else 0
    width = 1 << (flags & _SIZE_BITS)
    end = place + width + int.from_bytes(content[place : place + width], "little")
    stored = int.from_bytes(content[end : end + 4], "little")
    whole = end + 4 <= len(content) and stored == lookup3(bytes(content[at:end]))
    return end if whole else None


def lookup3(data: bytes) -> int:
    """Checksum of HDF5's metadata (Jenkins 2006, lookup3 ``hashlittle`` with initial value 0)."""
    start = (0xDEADBEEF + len(data)) & _WORD
    state = {"a": start, "b": start, "c": start}
    place = 0
    while len(data) - place > 12:
        _add(state, data[place : place + 12])
        for one, other, third, bits in _ROUND:
            # The registers take turns: one −= other, one ^= rotated other, other += third.
            state[one] = (state[one] - state[other]) & _WORD
            state[one] ^= _rotated(state[other], bits)
            state[other] = (state[other] + state[third]) & _WORD
        place += 12
    if place == len(data):
        return state["c"]
    _add(state, data[place:].ljust(12, b"\0"))
    for one, other, bits in _LAST:
        state[one] = ((state[one] ^ state[other]) - _rotated(state[other], bits)) & _WORD
    return state["c"]


def _add(state: dict[str, int], block: bytes) -> None:
    for place, name in enumerate("abc"):
        word = int.from_bytes(block[4 * place : 4 * place + 4], "little")
        state[name] = (state[name] + word) & _WORD


def _rotated(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (32 - bits))) & _WORD
