"""What nilearn makes of a prepared run: region means, connectivity, activation.

Written apart from the code it is held against: voxels by label, censoring and confounds from the
files alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

N_DUMMIES, MOST_MOTION, MOST_DVARS, SHORTEST = 4, 0.5, 1.5, 5
MOTION = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]


@dataclass(frozen=True)
class PreparedByFiles:
    """A prepared run.

    Attributes
    ----------
    bold, mask, parcellation, confounds, events : Path
        Its files.
    labels : mapping of str to tuple of int
        Labels of each region.
    repetition_time : float
        In s.
    """

    bold: Path
    mask: Path
    parcellation: Path
    confounds: Path
    events: Path
    labels: Mapping[str, tuple[int, ...]]
    repetition_time: float

    @cached_property
    def analysed(self) -> pd.DataFrame:
        """Confounds after the dummy volumes."""
        table = pd.read_csv(self.confounds, sep="\t", na_values="n/a")
        return table.iloc[N_DUMMIES:].reset_index(drop=True)

    @cached_property
    def kept(self) -> np.ndarray:
        """Which analysed volumes are kept: little motion, and enough of them in a row."""
        table = self.analysed
        still = ~(
            (table["framewise_displacement"] > MOST_MOTION) | (table["std_dvars"] > MOST_DVARS)
        )
        stretch = (still != still.shift()).cumsum()
        return (still & (still.groupby(stretch).transform("size") >= SHORTEST)).to_numpy()

    @cached_property
    def nuisance(self) -> pd.DataFrame:
        """Motion with derivatives, white matter, fluid, cosines down to 128 s."""
        from nilearn.glm.first_level.design_matrix import create_cosine_drift

        frames = np.arange(len(self.analysed)) * self.repetition_time
        cosines = create_cosine_drift(1 / 128, frames)[:, :-1]
        names = [*MOTION, *(f"{name}_derivative1" for name in MOTION), "white_matter", "csf"]
        table = self.analysed[names]
        return pd.concat([table, pd.DataFrame(cosines).add_prefix("cosine")], axis=1)

    @cached_property
    def regions(self) -> nib.Nifti1Image:
        """Number of the region of each voxel, from 1, 0 outside the brain mask."""
        image = nib.load(self.parcellation)
        inside = np.asarray(nib.load(self.mask).dataobj) > 0
        given, found = np.asarray(image.dataobj), np.zeros(image.shape, dtype=np.int32)
        for number, labels in enumerate(self.labels.values(), start=1):
            found[np.isin(given, labels) & inside] = number
        return nib.Nifti1Image(found, image.affine)

    @cached_property
    def means(self) -> pd.DataFrame:
        """Mean signal of each region, all volumes, (n_volumes, n_regions)."""
        from nilearn.maskers import NiftiLabelsMasker

        masker = NiftiLabelsMasker(self.regions, standardize=None, resampling_target=None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = masker.fit_transform(nib.load(self.bold))
        return pd.DataFrame(values, columns=list(self.labels))

    @cached_property
    def connectivity(self) -> pd.DataFrame:
        """Fisher's z of the correlation of the means after regression, over the kept volumes."""
        from nilearn.connectome import ConnectivityMeasure
        from nilearn.signal import clean
        from sklearn.covariance import EmpiricalCovariance

        values = clean(
            self.means.to_numpy()[N_DUMMIES:],
            confounds=self.nuisance,
            sample_mask=np.flatnonzero(self.kept),
            detrend=False,
            standardize=None,
            standardize_confounds=True,
        )
        measure = ConnectivityMeasure(EmpiricalCovariance(), kind="correlation", standardize=False)
        r = measure.fit_transform([values])[0]
        np.fill_diagonal(r, np.nan)
        return pd.DataFrame(np.arctanh(r), index=list(self.labels), columns=list(self.labels))

    def activation(self, formula: str) -> pd.Series:
        """Contrast in every voxel (AR(1)), averaged over each region, in percent of its mean."""
        from nilearn.glm.first_level import FirstLevelModel

        model = FirstLevelModel(
            t_r=self.repetition_time,
            slice_time_ref=0.5,
            hrf_model="spm + derivative",
            drift_model=None,
            noise_model="ar1",
            signal_scaling=False,
            mask_img=nib.Nifti1Image(
                (self.regions.get_fdata() > 0).astype("u1"), self.regions.affine
            ),
        )
        events = pd.read_csv(self.events, sep="\t")[["onset", "duration", "trial_type"]]
        events["onset"] -= N_DUMMIES * self.repetition_time
        image = nib.load(self.bold).slicer[..., N_DUMMIES:]
        spikes = pd.DataFrame(np.eye(len(self.kept))[:, ~self.kept]).add_prefix("spike")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(image, events=events, confounds=pd.concat([self.nuisance, spikes], axis=1))
            effect = model.compute_contrast(formula, output_type="effect_size").get_fdata()
        mean = image.get_fdata()[..., self.kept].mean(axis=3)
        number = np.asarray(self.regions.dataobj)
        return pd.Series(
            {
                region: 100 * effect[number == place].mean() / mean[number == place].mean()
                for place, region in enumerate(self.labels, start=1)
            }
        )
