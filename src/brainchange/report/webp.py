"""Small pictures (WebP) as a page holds them."""

from __future__ import annotations

import base64

from brainchange.errors import BrainchangeError


def data_address(picture: bytes) -> str:
    """Write a WebP as a data address."""
    return f"data:image/webp;base64,{base64.b64encode(picture).decode('ascii')}"


def webp_size(picture: bytes) -> tuple[int, int]:
    """Width and height in pixels of a WebP of the lossy kind (RFC 9649, section 2.5).

    Raises
    ------
    BrainchangeError
        It is no such picture.
    """
    start, marks = picture[:16], picture[23:26]
    if start[:4] != b"RIFF" or start[8:] != b"WEBPVP8 " or marks != b"\x9d\x01\x2a":
        raise BrainchangeError("this is no WebP picture of the kind that is written here")
    width, height = (int.from_bytes(picture[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    return width, height
