"""Pictures of images on disk: a PNG to look at, and a small WebP that fits into a page."""

from __future__ import annotations

import io
from pathlib import Path

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
    drawn = io.BytesIO()
    with theme.applied():
        if simulated:
            theme.stamp(figure)
        figure.savefig(drawn, format="png", dpi=PICTURE_DPI, metadata={"Software": None})
    with complete_or_absent(paths[0]) as temporary:
        temporary.write_bytes(drawn.getvalue())
    with complete_or_absent(paths[1]) as temporary:
        temporary.write_bytes(page_image(drawn.getvalue()))
    return paths


def page_image(png: bytes) -> bytes:
    """Make the WebP of a PNG, no wider than a page."""
    picture = Pillow.open(io.BytesIO(png)).convert("RGB")
    if picture.width > PAGE_WIDTH:
        height = round(picture.height * PAGE_WIDTH / picture.width)
        picture = picture.resize((PAGE_WIDTH, height), Pillow.Resampling.LANCZOS)
    small = io.BytesIO()
    picture.save(small, format="WEBP", quality=PAGE_QUALITY, method=4)
    return small.getvalue()
