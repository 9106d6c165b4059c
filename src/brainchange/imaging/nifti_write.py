"""NIfTI files with the same bytes every time.

Written by hand around nibabel's header, because the gzip header of `nibabel.save` holds the time
and its compression takes most of the time of a simulation. Not with ISA-L, which is fast but may
give other bytes for the same image on the same machine, so that checksums would differ.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from brainchange.files import complete_or_absent

GZIP = 16 + zlib.MAX_WBITS
"""Largest window, with a gzip header that names neither file nor time."""


def write_image(
    path: Path,
    data: NDArray[np.generic],
    affine: NDArray[np.float64],
    repetition_time: float | None = None,
    slope: float = 1.0,
) -> None:
    """Write a compressed NIfTI image, complete or not at all.

    Parameters
    ----------
    path : Path
        Ends in ``.nii.gz``.
    data : numpy.ndarray
        In the order of the file: (z, y, x) or (n_volumes, z, y, x), little-endian.
    affine : numpy.ndarray
        Voxel indices to mm, (4, 4).
    repetition_time : float, optional
        Time between volumes in s, for an image with volumes.
    slope : float
        What a stored number is multiplied with to give the value.
    """
    header = nib.Nifti1Header()
    header.set_data_dtype(data.dtype)
    header.set_data_shape(data.shape[::-1])
    sizes = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    header.set_zooms([*sizes, *([] if repetition_time is None else [repetition_time])])
    header.set_xyzt_units("mm", "sec")
    header.set_qform(affine, code="scanner")
    header.set_sform(affine, code="scanner")
    header["vox_offset"] = 352
    header["scl_slope"], header["scl_inter"] = slope, 0
    # A run is mostly noise, where a search for repetitions takes long and finds none.
    strategy = zlib.Z_DEFAULT_STRATEGY if repetition_time is None else zlib.Z_HUFFMAN_ONLY
    packer = zlib.compressobj(wbits=GZIP, strategy=strategy)
    packed = packer.compress(header.binaryblock + bytes(4))
    packed += packer.compress(np.ascontiguousarray(data).tobytes()) + packer.flush()
    with complete_or_absent(path) as temporary:
        temporary.write_bytes(packed)
