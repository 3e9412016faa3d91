"""Suites of the stage `staging`: rows of the survey's files, with keys."""

from expectations.independent.sky import near_pairs
from expectations.seeds import reason_codes
from expectations.suite import Check, Suite, always, among, equal, no_rows, present
from expectations.suites.rules import SOURCE_TYPES, brick_name, reasoned, sky_position
from store.project import Settings

MAGNITUDES = {"gmag": "flux_g", "rmag": "flux_r", "zmag": "flux_z", "w1mag": "flux_w1"}
MAGNITUDE_TOLERANCE = 1e-9  # rounding of one logarithm in double precision


def suites(settings: Settings) -> tuple[Suite, ...]:
    """Return one suite per table of the stage."""
    return (_sources(settings), _bricks(), _known_lenses(settings), _outcomes())


def _sources(settings: Settings) -> Suite:
    return Suite(
        table="stg_sources",
        grain="One row per catalogue source.",
        key=("brickid", "objid"),
        columns=("release", "brickname", "type", "ra", "dec", "maskbits", *MAGNITUDES),
        checks=(
            *present("release", "maskbits", "sweep_file", "row_index", "n_duplicates"),
            *sky_position(),
            brick_name(),
            among("type", SOURCE_TYPES),
            no_rows(
                "row_of_file_stands_once",
                "select sweep_file, row_index from {batch} group by all having count(*) > 1",
            ),
            equal(
                "every_row_read_is_accounted_for",
                "select sum(1 + n_duplicates)::bigint from {batch}",
                "select count(*) from raw_sources",
                why="Sources and the repetitions that they count are the rows that were read.",
            ),
            *(
                _magnitude_follows_flux(name, flux, settings["ab_zp_nmgy"])
                for name, flux in MAGNITUDES.items()
            ),
        ),
    )


def _magnitude_follows_flux(name: str, flux: str, zeropoint: float) -> Check:
    has_magnitude = f"coalesce(isfinite({flux}) and {flux} > 0, false)"
    value = f"abs({name} - ({zeropoint} - 2.5e0 * log10({flux}::double)))"
    return always(
        f"{name}_follows_flux",
        f"case when {has_magnitude} then {value} < {MAGNITUDE_TOLERANCE} else {name} is null end",
        why=f"AB magnitude of {flux}, null where the flux has no logarithm.",
    )


def _bricks() -> Suite:
    return Suite(
        table="stg_bricks",
        grain="One row per brick.",
        key=("brickid",),
        columns=("brickname", "ebv", "psfsize_r", "psfdepth_r", "area_deg2"),
        checks=(
            *sky_position(),
            brick_name(),
            no_rows(
                "brickname_is_unique",
                "select brickname from {batch} group by all having count(*) > 1",
            ),
            always("centre_lies_inside", "ra between ra1 and ra2 and dec between dec1 and dec2"),
            always(
                "area_follows_corners",
                "abs(area_deg2 - (ra2 - ra1) * degrees(sin(radians(dec2)) - sin(radians(dec1))))"
                " < 1e-9 and area_deg2 > 0",
            ),
            equal(
                "every_brick_read_is_there",
                "select count(*) from {batch}",
                "select count(*) from raw_bricks",
            ),
        ),
    )


def _known_lenses(settings: Settings) -> Suite:
    radius = settings["known_lens_dedup_arcsec"]
    return Suite(
        table="stg_known_lenses",
        grain="One row per known lens, its entries in several lists put together.",
        key=("known_lens_id",),
        columns=("name", "names", "n_entries", "is_cluster", "is_cluster_list"),
        checks=(
            *sky_position(),
            *present("name", "is_cluster", "is_cluster_list"),
            equal(
                "every_entry_with_a_position_is_accounted_for",
                "select sum(n_entries)::bigint from {batch}",
                "select count(*) from raw_known_lenses"
                " where ra between 0 and 360 and dec between -90 and 90",
            ),
            no_rows(
                "lens_stands_once",
                near_pairs(
                    "select known_lens_id, ra, dec from {batch}",
                    "select known_lens_id, ra, dec from {batch}",
                    radius,
                    "left_spread.known_lens_id < right_objects.known_lens_id",
                ),
                why=f"No two lenses are within {radius} arcsec.",
            ),
        ),
    )


def _outcomes() -> Suite:
    return Suite(
        table="stg_ingest_outcomes",
        grain="One row per file attempted.",
        key=("product", "file_name"),
        columns=("is_ok", "reason_code"),
        checks=(
            *present("is_ok", "finished_at"),
            *reasoned("is_ok", reason_codes()),
            equal(
                "every_file_attempted_is_there",
                "select count(*) from {batch}",
                "select count(*) from raw_outcomes",
            ),
        ),
    )
