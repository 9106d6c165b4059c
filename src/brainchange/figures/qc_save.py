"""Pictures of images on disk: a PNG to look at, and a small WebP that fits into a page."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image as Pillow

from brainchange.figures import theme
from brainchange.figures.qc_images import PICTURE_DPI
from brainchange.files import complete_or_absent

PAGE_WIDTH = 1000
"""Of a picture in a page, in pixels."""
PAGE_QUALITY = 50


def save_picture(figure: Figure, stem: Path, *, simulated: bool) -> tuple[Path, Path]:
    """Write a picture as PNG and as WebP; the same picture gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The picture.
    stem : Path
        Path without suffix.
    simulated : bool
        Whether to stamp SIMULATED DATA on it.

    Returns
    -------
    tuple of Path
        The PNG and the WebP.
    """
    paths = (stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.webp"))
    picture = _drawn(figure, simulated=simulated)
    png = io.BytesIO()
    picture.save(png, format="PNG", compress_level=theme.PNG_COMPRESSION)
    for path, content in zip(paths, (png.getvalue(), page_image(picture)), strict=True):
        with complete_or_absent(path) as temporary:
            temporary.write_bytes(content)
    return paths


def _drawn(figure: Figure, *, simulated: bool) -> Pillow.Image:
    """Draw a figure once, for both files."""
    with theme.applied():
        if simulated:
            theme.stamp(figure)
        figure.set_dpi(PICTURE_DPI)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
    return Pillow.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])


def page_image(picture: Pillow.Image) -> bytes:
    """Make the WebP of a picture, no wider than a page."""
    if picture.width > PAGE_WIDTH:
        height = round(picture.height * PAGE_WIDTH / picture.width)
        picture = picture.resize((PAGE_WIDTH, height), Pillow.Resampling.LANCZOS)
    small = io.BytesIO()
    picture.save(small, format="WEBP", quality=PAGE_QUALITY, method=2)
    return small.getvalue()
