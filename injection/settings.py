"""What the injection stage is told.

The choices of the project (dbt vars), and where the files are.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from udfs.batch.records import Settings

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class StageSettings:
    """Choices of a run of the stage.

    Parameters
    ----------
    kernel : Settings
        What the kernels are told, for all bands.
    use_psfsize_maps : bool
        Take the PSF width from the brick's psfsize maps, else from the task.
    gain_single_visit_e_per_nmgy : mapping of band to float, electron / nanomaggy
    n_exposures : mapping of band to float
        Of a coadd whose task does not state ``nexp_<band>``.
    metrics_only : bool
        Write no stamps.
    part_bytes : int
        Size of the pixels that a part aims at.
    coadds : str
        Root of the coadd cache, ``<AAA>/<brick>/`` below it.
    """

    kernel: Settings
    use_psfsize_maps: bool
    gain_single_visit_e_per_nmgy: Mapping[str, float]
    n_exposures: Mapping[str, float]
    metrics_only: bool
    part_bytes: int
    coadds: str

    def for_bandset(self, bandset: str) -> "StageSettings":
        """Return the same settings for some of the bands.

        A bandset such as ``grz`` or ``r`` names them.

        Raises
        ------
        ValueError
            For a band that the run does not have.
        """
        bands = tuple(bandset)
        if unknown := [band for band in bands if band not in self.kernel.bands]:
            raise ValueError(f"bandset {bandset!r} asks for {unknown[0]!r} of {self.kernel.bands}")
        return replace(self, kernel=replace(self.kernel, bands=bands))

    def fingerprint(self) -> str:
        """Return a hash of every choice that a result depends on.

        Where the files are and how large a part is do not count.
        """
        choices = asdict(self)
        for place in ("coadds", "part_bytes"):
            del choices[place]
        return hashlib.sha256(json.dumps(choices, sort_keys=True).encode()).hexdigest()


def settings_from_vars(choices: Mapping[str, Any], coadds: str) -> StageSettings:
    """Make the settings of a run from the project's vars.

    Parameters
    ----------
    choices : mapping
        The vars of ``dbt_project.yml`` that this stage uses, by name.
    coadds : str
        Root of the coadd cache.

    Raises
    ------
    ValueError
        For a value that makes no sense, with the name of the var.
    """
    bands = tuple(choices["bands"])
    kernel = Settings(
        bands=bands,
        detection_band=choices["detection_band"],
        stamp_sizes=tuple(sorted(int(size) for size in choices["stamp_sizes"])),
        extinction=_by_band(choices, "extinction_coefficients", bands),
        pixel_scale_arcsec=float(choices["pixel_scale_arcsec"]),
        psf_profile=choices["psf_profile"],
        moffat_beta=float(choices["psf_moffat_beta"]),
        bad_mask_bits=tuple(choices["bad_mask_bits"]),
        wise_mask_bits=tuple(choices["wise_mask_bits"]),
        is_poisson=bool(choices["poisson_noise"]),
        seed=int(choices["seed"]),
        returns_invvar=False,
    )
    megabytes = float(choices["stamp_part_megabytes"])
    if not megabytes > 0:
        raise ValueError(f"var stamp_part_megabytes must be above 0, got {megabytes}")
    return StageSettings(
        kernel=kernel,
        use_psfsize_maps=bool(choices["use_psfsize_maps"]),
        gain_single_visit_e_per_nmgy=_by_band(choices, "gain_single_visit_e_per_nmgy", bands),
        n_exposures=_by_band(choices, "n_exposures_default", bands),
        metrics_only=bool(choices["metrics_only"]),
        part_bytes=int(megabytes * MEGABYTE),
        coadds=coadds,
    )


def _by_band(choices: Mapping[str, Any], name: str, bands: tuple[str, ...]) -> dict[str, float]:
    """Return the values of a var that has one per band."""
    values = choices[name]
    if missing := [band for band in bands if band not in values]:
        raise ValueError(f"var {name} has no value for band {missing[0]!r}")
    return {band: float(values[band]) for band in bands}
