"""Digests of voxels: the same scan is found whatever its compression, header or name.

A checksum tells the same file. A scan that was compressed anew, or whose header was edited, is
another file with the same voxels.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

import nibabel as nib
import numpy as np
from isal import igzip

from brainchange.files import inside
from brainchange.sources.lock import LockRow
from brainchange.sources.overlap import VOXELS, Image, is_scanner_image

DIGITS = 40
"""Hexadecimal digits of a digest that are kept: 160 bits."""
MOST_BYTES = 1_000_000_000
"""A volume that is larger is none; its header is wrong."""


def voxel_digest(path: Path) -> str:
    """Digest of the first volume of a NIfTI image.

    Parameters
    ----------
    path : Path
        ``.nii`` or ``.nii.gz``.

    Returns
    -------
    str
        ``voxels:`` and the SHA-256 of shape, type and stored values of the first volume (in order
        of the file, low byte first), shortened. Scaling, orientation, text of the header and later
        volumes do not count: two scans never have the same noise.

    Raises
    ------
    ValueError
        It is no image, is broken off within the first volume, or its volume is unreasonably large.
    """
    try:
        stored_as = nib.load(path).dataobj
        kind = np.dtype(stored_as.dtype)
        shape = tuple(int(size) for size in stored_as.shape[:3])
        size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
        if not 0 < size <= MOST_BYTES:
            raise ValueError(f"a volume of {size} bytes")
        with _opened(path) as stream:
            stream.seek(int(stored_as.offset))
            stored = stream.read(size)
    except (OSError, EOFError, zlib.error, nib.filebasedimages.ImageFileError) as error:
        raise ValueError(str(error)) from error
    if len(stored) < size:
        raise ValueError(f"{len(stored)} of {size} bytes of the first volume")
    plain = kind.newbyteorder("=")
    values = np.frombuffer(stored, dtype=kind).astype(plain.newbyteorder("<"), copy=False)
    digest = hashlib.sha256(f"{shape} {plain.name}\n".encode())
    digest.update(values.tobytes())
    return f"{VOXELS}{digest.hexdigest()[:DIGITS]}"


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast("BinaryIO", igzip.open(path, "rb"))
    return path.open("rb")


def voxel_images(
    rows: Iterable[LockRow], folder: Path
) -> tuple[tuple[Image, ...], tuple[str, ...]]:
    """Take the digests of the images of a study that are fetched.

    Parameters
    ----------
    rows : iterable of LockRow
        Its lock.
    folder : Path
        Its folder (``data/studies/<id>``).

    Returns
    -------
    images : tuple of Image
        Those that are here, with the digest of their voxels for a checksum.
    unreadable : tuple of str
        Paths of those that are here and cannot be read.
    """
    images, unreadable = [], []
    for row in rows:
        if not row.participant or not is_scanner_image(row.path):
            continue
        path = inside(folder, row.path)
        if not path.is_file():
            continue
        try:
            images.append(Image(row.participant, voxel_digest(path)))
        except ValueError:
            unreadable.append(row.path)
    return tuple(images), tuple(unreadable)
