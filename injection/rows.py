"""Metric rows: what the kernels measured, and where and how.

A row that lacks something states one reason.
"""

import polars as pl

from injection.settings import StageSettings
from pixels.cards import FitsError
from udfs.batch.inject import metrics_schema

KEY = ("render_id", "bandset", "stamp_size")


def metric_columns(settings: StageSettings) -> dict[str, pl.DataType]:
    """Return the columns of a metric row and their types, for all bands."""
    bands = settings.kernel.bands
    measured = pl.DataFrame(metrics_schema(settings.kernel).empty_table())
    kernel = {
        name: kind for name, kind in measured.schema.items() if name not in (*KEY, "reason_code")
    }
    columns: dict[str, pl.DataType] = {
        "render_id": pl.String(),
        "bandset": pl.String(),
        "stamp_size": pl.Int32(),
        "cutout_ok": pl.Boolean(),
        "metrics_ok": pl.Boolean(),
        "reason_code": pl.String(),
        "reason_detail": pl.String(),
    }
    columns |= kernel
    columns |= dict.fromkeys(("blind_snr", "blind_tangential_extent_rad"), pl.Float64())
    columns |= dict.fromkeys(("x_pix", "y_pix"), pl.Float64())
    columns |= dict.fromkeys(("stamp_x0_pix", "stamp_y0_pix"), pl.Int32())
    columns |= {"lens_pa_deg": pl.Float64(), "has_maskbits": pl.Boolean()}
    columns |= {f"covered_frac_{band}": pl.Float64() for band in bands}
    columns |= {f"psf_fwhm_used_{band}": pl.Float64() for band in bands}
    columns |= {f"psf_source_{band}": pl.String() for band in bands}
    columns |= {f"gain_used_{band}_e_per_nmgy": pl.Float64() for band in bands}
    return columns | {"metrics_only": pl.Boolean()}


def brick_failed_rows(
    renders: pl.DataFrame, error: FitsError, settings: StageSettings
) -> pl.DataFrame:
    """Return the rows of renders whose brick cannot be read.

    Parameters
    ----------
    renders : polars.DataFrame
        n rows, each render once.
    error : FitsError
        Why the brick cannot be read.
    settings : StageSettings

    Returns
    -------
    polars.DataFrame
        The columns of `metric_columns`, one row per render and stamp size; measurements are null.
    """
    sizes = pl.DataFrame(
        {"stamp_size": settings.kernel.stamp_sizes}, schema={"stamp_size": pl.Int32}
    )
    rows = renders.select("render_id", "bandset").join(
        sizes, how="cross", maintain_order="left_right"
    )
    return _complete(
        rows.with_columns(
            cutout_ok=False,
            metrics_ok=False,
            reason_code=pl.lit(error.reason_code),
            reason_detail=pl.lit(str(error)),
        ),
        settings,
    )


def metric_rows(
    renders: pl.DataFrame, facts: pl.DataFrame, measured: pl.DataFrame, settings: StageSettings
) -> pl.DataFrame:
    """Return the rows of renders that were given to the kernels.

    Parameters
    ----------
    renders : polars.DataFrame
        n rows, each render once.
    facts : polars.DataFrame
        n rows, in the same order: places, coverage, PSF.
    measured : polars.DataFrame
        What the kernels returned, one row per render and stamp size; none for what was not tried.
    settings : StageSettings

    Returns
    -------
    polars.DataFrame
        The columns of `metric_columns`, one row per render and stamp size. A stamp that is not
        whole, not covered in a band or that the kernels refused has no measurement, but a reason.
    """
    known = pl.concat([renders.select("render_id", "bandset"), facts], how="horizontal")
    known = known.with_row_index("render")
    by_size = [_facts_of_size(known, size, settings) for size in settings.kernel.stamp_sizes]
    rows = (
        pl.concat(by_size)
        .sort("render", "stamp_size")
        .join(
            measured.rename({"reason_code": "kernel_reason"}),
            on=["render_id", "stamp_size"],
            how="left",
            maintain_order="left",
        )
    )
    return _complete(_judged(rows, settings, measured.columns), settings)


def _facts_of_size(known: pl.DataFrame, size: int, settings: StageSettings) -> pl.DataFrame:
    """Return the facts of one stamp size, under names without the size."""
    sized = [f"covered_frac_{band}" for band in settings.kernel.bands]
    rename = {f"{name}_{size}": name for name in (*sized, "is_inside")}
    rename |= {f"stamp_{axis}0_{size}": f"stamp_{axis}0_pix" for axis in "xy"}
    others = [
        column
        for other in settings.kernel.stamp_sizes
        if other != size
        for column in known.columns
        if column.endswith(f"_{other}")
    ]
    plain = known.drop(others).rename(rename)
    return plain.with_columns(stamp_size=pl.lit(size, dtype=pl.Int32))


def _judged(rows: pl.DataFrame, settings: StageSettings, measured: list[str]) -> pl.DataFrame:
    """Decide on each row: its reason, and whether its data are good.

    Measurements remain only where the stamp is good.
    """
    bands = settings.kernel.bands
    uncovered = [pl.col(f"covered_frac_{band}").le(0) for band in bands]
    uncovered_band = pl.coalesce(
        pl.when(is_empty).then(pl.lit(f"no pixel of the stamp has data in {band}"))
        for band, is_empty in zip(bands, uncovered, strict=True)
    )
    spoiled = (
        pl.when(~pl.col("is_inside"))
        .then(pl.lit("off_brick"))
        .otherwise(
            pl.coalesce(
                "failure_code",
                pl.when(pl.any_horizontal(uncovered)).then(pl.lit("no_coverage")),
                "kernel_reason",
            )
        )
    )
    maskless = pl.when(~pl.col("has_maskbits")).then(pl.lit("no_maskbits"))
    blind = pl.when(pl.col("bad_pixel_frac") >= 1).then(pl.lit("no_good_pixel"))
    floats = [name for name in rows.columns if rows.schema[name] == pl.Float64]
    judged = rows.with_columns(spoiled=spoiled).with_columns(
        cutout_ok=pl.col("spoiled").is_null(),
        reason_code=pl.coalesce("spoiled", maskless, blind),
        reason_detail=pl.when(pl.col("spoiled") == "no_coverage")
        .then(uncovered_band)
        .otherwise(pl.col("failure_detail")),
    )
    kept = [name for name in measured if name not in (*KEY, "reason_code")]
    measured_if_ok = [pl.when("cutout_ok").then(pl.col(name)).alias(name) for name in kept]
    return judged.with_columns(
        *measured_if_ok, metrics_ok=pl.col("reason_code").is_null()
    ).with_columns(pl.col(floats).fill_nan(None))


def _complete(rows: pl.DataFrame, settings: StageSettings) -> pl.DataFrame:
    """Return rows with all columns of `metric_columns`.

    They have that order and those types; columns that were absent are null.
    """
    columns = metric_columns(settings)
    rows = rows.with_columns(metrics_only=pl.lit(settings.metrics_only))
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in columns.items()
    )
