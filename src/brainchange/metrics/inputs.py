"""What a metric is given: voxels, region signals, the quality of a run, or signals of a task."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.coverage import temporal_snr
from brainchange.imaging.denoise import Projection
from brainchange.imaging.signals import RegionSignals
from brainchange.metrics.task_signals import TaskSignals, TaskValues
from brainchange.study.settings import Frequency

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]

__all__ = [
    "BrainSeries",
    "RegionSignals",
    "RegionVolumes",
    "RunQuality",
    "TaskSignals",
    "TaskValues",
    "VoxelBlock",
]


@dataclass(frozen=True)
class VoxelBlock:
    """Some voxels of a run, with what is shared by the metrics that are computed from them.

    Attributes
    ----------
    volumes : numpy.ndarray
        Analysed volumes, (n_volumes, n_voxels).
    repetition_time : float
        Time between volumes in s.
    nuisance : Projection
        Nuisance regressors of all analysed volumes (uncensored).
    drift : Projection
        Slow drift, for the temporal signal-to-noise ratio.
    frequency : Frequency
        Low-frequency band in Hz.
    twin : VoxelBlock, optional
        The same voxels under another denoising: what does not depend on it is shared.
    """

    volumes: FloatArray
    repetition_time: float
    nuisance: Projection
    drift: Projection
    frequency: Frequency
    twin: VoxelBlock | None = None

    @cached_property
    def tsnr(self) -> FloatArray:
        """Temporal signal-to-noise ratio, (n_voxels,)."""
        return self.twin.tsnr if self.twin else temporal_snr(self.volumes, self.drift)

    @cached_property
    def frequencies(self) -> FloatArray:
        """Frequencies of the spectrum in Hz, above 0 up to Nyquist, (n_frequencies,)."""
        return np.fft.rfftfreq(self.volumes.shape[0], self.repetition_time)[1:].astype(np.float64)

    @cached_property
    def series(self) -> FloatArray:
        """Volumes voxel by voxel, contiguous in time, (n_voxels, n_volumes)."""
        return self.twin.series if self.twin else np.ascontiguousarray(self.volumes.T)

    @cached_property
    def spectrum(self) -> ComplexArray:
        """Spectrum before nuisance regression, constant first, (n_voxels, n_frequencies + 1)."""
        if self.twin:
            return self.twin.spectrum
        with np.errstate(invalid="ignore", over="ignore"):
            return np.fft.rfft(self.series, axis=1)

    @cached_property
    def amplitudes(self) -> FloatArray:
        """Amplitude of each frequency after nuisance regression, (n_frequencies, n_voxels).

        A sine of amplitude a on a frequency of the spectrum has amplitude a. Volumes are not
        censored: a spectrum needs equal steps of time.
        """
        n_volumes = self.volumes.shape[0]
        with np.errstate(invalid="ignore", over="ignore"):
            amplitudes: FloatArray = np.abs(self._denoised_spectrum())
        amplitudes *= 2 / n_volumes
        if n_volumes % 2 == 0:
            amplitudes[-1] /= 2
        return amplitudes

    def _denoised_spectrum(self) -> ComplexArray:
        """Spectrum after nuisance regression, (n_frequencies, n_voxels).

        A twin takes what its regressors explain from the spectrum of all, which is linear, and
        needs no transformation of its own.
        """
        if self.twin is None:
            return np.fft.rfft(self.nuisance.residuals(self.volumes), axis=0)[1:]
        explained = (self.series @ self.nuisance.basis) @ self.nuisance.spectrum.view(np.float64)
        left = explained.view(np.complex128)
        return np.subtract(self.spectrum, left, out=left).T[1:]

    @property
    def in_band(self) -> npt.NDArray[np.bool_]:
        """Which frequencies are in the low-frequency band, edges included, (n_frequencies,).

        Raises
        ------
        ImageError
            The run is too short or too slow to have a frequency in the band.
        """
        edge = 1e-9
        low, high = self.frequency.low - edge, self.frequency.high + edge
        chosen = (self.frequencies >= low) & (self.frequencies <= high)
        if not chosen.any() or self.frequencies[-1] < self.frequency.high:
            raise ImageError(
                f"{self.volumes.shape[0]} volumes of {self.repetition_time:g} s do not cover the "
                f"band of {self.frequency.low:g} to {self.frequency.high:g} Hz",
                cause="the run is too short, or its repetition time too long",
                fix="change frequency in config/config.yaml",
            )
        return chosen


@dataclass(frozen=True)
class BrainSeries:
    """The whole brain of a run, for metrics that compare a voxel with its neighbours.

    Attributes
    ----------
    volumes : numpy.ndarray
        Analysed volumes of the brain mask in the stored type, (n_analysed, n_voxels).
    voxels : numpy.ndarray
        Flat Fortran-order indices of the voxels in the grid, sorted, (n_voxels,).
    shape : tuple of int
        Voxels of the grid along x, y and z.
    valid : numpy.ndarray
        Which voxels hold usable signal, (n_voxels,).
    kept : numpy.ndarray
        Which analysed volumes motion does not censor, (n_analysed,).
    nuisance : Projection
        Nuisance regressors of the kept volumes.
    """

    volumes: npt.NDArray[np.generic]
    voxels: npt.NDArray[np.intp]
    shape: tuple[int, int, int]
    valid: npt.NDArray[np.bool_]
    kept: npt.NDArray[np.bool_]
    nuisance: Projection

    def denoised(self, places: npt.NDArray[np.intp]) -> FloatArray:
        """Residuals of some voxels over the kept volumes, (n_kept, n_places)."""
        return self.nuisance.residuals(self.volumes[:, places][self.kept].astype(np.float64))


@dataclass(frozen=True)
class RunQuality:
    """Motion of a run over the analysed volumes.

    Attributes
    ----------
    framewise_displacement : numpy.ndarray
        In mm, (n_analysed,); NaN for the first volume of the run.
    kept : numpy.ndarray
        Which volumes censoring keeps, (n_analysed,).
    """

    framewise_displacement: FloatArray
    kept: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RegionVolumes:
    """Volumes of regions of one participant.

    Attributes
    ----------
    timepoints : tuple of str
        Those that have a T1w image, the first first.
    volumes : numpy.ndarray
        In mm3, (n_timepoints, n_regions); NaN where a region has none.
    intracranial : numpy.ndarray, optional
        Estimated total intracranial volume in mm3, (n_timepoints,); None where it is not measured.
    """

    timepoints: tuple[str, ...]
    volumes: FloatArray
    intracranial: FloatArray | None = None
