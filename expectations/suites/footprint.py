"""Suites of what completeness is averaged over: bricks and known lenses."""

from expectations.suite import Check, Suite, always, equal, holds, no_rows, present
from store.project import Settings

CONDITIONS = {"psf_fwhm_arcsec": "psfsize_r", "psfdepth_r_mag": "psfdepth_r"}  # axis: of a brick
AREA_ROUNDING_DEG2 = 1e-6  # of the sum over some 200,000 bricks, added up in another order
ROUNDING_ARCSEC = 1e-4  # haversine against chord, in double precision, at 20 arcsec
# A lens of the sky that was searched, galaxy-scale, with the brick that it lies in.
SEARCHED_LENSES = """
    select known_lens_id, brickname
    from stg_known_lenses as lens inner join bricks_with_region as brick
        on lens.ra >= brick.ra1 and lens.ra < brick.ra2
        and lens.dec >= brick.dec1 and lens.dec < brick.dec2
    where not is_cluster and not is_cluster_list
    and region_id in (select region_id from region_selections)
"""


def suites(settings: Settings) -> tuple[Suite, ...]:
    """Return one suite per table."""
    return _completeness_footprint(), _known_lens_parents(settings)


def _completeness_footprint() -> Suite:
    return Suite(
        table="completeness_footprint",
        grain="One row per bin of PSF and depth that a usable brick lies in.",
        key=("psf_fwhm_arcsec_low", "psfdepth_r_mag_low"),
        nullable_key=("psf_fwhm_arcsec_low", "psfdepth_r_mag_low"),
        columns=(
            *("psf_fwhm_arcsec_high", "psfdepth_r_mag_high"),
            *("n_bricks", "n_parents", "area_deg2"),
        ),
        checks=(
            *(_bin_has_a_width(axis) for axis in CONDITIONS),
            always("a_row_has_bricks", "n_bricks >= 1 and n_parents >= 0 and area_deg2 > 0"),
            equal(
                "every_usable_brick_is_counted",
                "select sum(n_bricks)::bigint from {batch}",
                "select count(*) from bricks_with_region",
            ),
            equal(
                "every_parent_is_counted",
                "select sum(n_parents)::bigint from {batch}",
                "select count(*) from parent_galaxies",
            ),
            holds(
                "area_is_that_of_the_bricks",
                "abs((select sum(area_deg2) from {batch})"
                f" - (select sum(area_deg2) from bricks_with_region)) <= {AREA_ROUNDING_DEG2}",
            ),
            _bricks_lie_in_their_bins(),
            *(_outside_is_outside(axis, column) for axis, column in CONDITIONS.items()),
        ),
    )


def _bin_has_a_width(axis: str) -> Check:
    return always(
        f"bin_has_a_width_{axis}",
        f"{axis}_low < {axis}_high and ({axis}_low is null) = ({axis}_high is null)",
        when=f"{axis}_low is not null or {axis}_high is not null",
        why="Both edges are null for bricks outside all bins.",
    )


def _bricks_lie_in_their_bins() -> Check:
    inside = " and ".join(
        f"(brick.{column} >= {axis}_low and (brick.{column} < {axis}_high"
        f" or brick.{column} = {axis}_high and isinf({axis}_high)))"
        for axis, column in CONDITIONS.items()
    )
    in_bins = " and ".join(f"{axis}_low is not null" for axis in CONDITIONS)
    return no_rows(
        "bricks_lie_in_their_bins",
        f"""
        select {{key}}, n_bricks, count(brick.brickid) as n_inside
        from {{batch}} left join bricks_with_region as brick on {inside}
        where {in_bins}
        group by {{key}}, n_bricks
        having count(brick.brickid) <> n_bricks
        """,
    )


def _outside_is_outside(axis: str, column: str) -> Check:
    """Check that bricks without a bin have no value between the edges."""
    edges = f"(select {{}}(edge) from completeness_edges where axis = '{axis}')"
    low, high = edges.format("min"), edges.format("max")
    return equal(
        f"bricks_without_a_bin_are_outside_all_{axis}",
        f"select coalesce(sum(n_bricks), 0)::bigint from {{batch}} where {axis}_low is null",
        "select count(*) from bricks_with_region"
        f" where ({column} >= {low} and ({column} < {high} or isinf({high}))) is not true",
    )


def _known_lens_parents(settings: Settings) -> Suite:
    radius = settings["pool_match_radius_arcsec"]
    reach = settings["known_lens_radius_arcsec"]
    return Suite(
        table="known_lens_parents",
        grain="One row per known galaxy-scale lens in a brick of a selected region.",
        key=("known_lens_id",),
        columns=("brickname", "grading", "separation_arcsec", "is_parent"),
        empty_unless=SEARCHED_LENSES,
        checks=(
            *present("brickname", "is_parent"),
            always(
                "a_parent_is_near",
                f"is_parent = coalesce(separation_arcsec <= {radius}, false)",
                why=f"A galaxy of the parent sample within {radius} arcsec.",
            ),
            no_rows(
                "lenses_are_those_of_the_searched_bricks",
                f"select known_lens_id from {{batch}} full join ({SEARCHED_LENSES}) as searched"
                " using (known_lens_id)"
                " where {batch}.brickname is distinct from searched.brickname",
                why="Galaxy-scale lenses, each in the brick that it lies in.",
            ),
            _separation_is_to_the_nearest_parent(reach),
        ),
    )


def _separation_is_to_the_nearest_parent(reach_arcsec: float) -> Check:
    """Compute the separation again, by the chord between unit vectors."""
    chord = (
        "sqrt(pow(cos(radians(lens.dec)) * cos(radians(lens.ra))"
        " - cos(radians(galaxy.dec)) * cos(radians(galaxy.ra)), 2)"
        " + pow(cos(radians(lens.dec)) * sin(radians(lens.ra))"
        " - cos(radians(galaxy.dec)) * sin(radians(galaxy.ra)), 2)"
        " + pow(sin(radians(lens.dec)) - sin(radians(galaxy.dec)), 2))"
    )
    return no_rows(
        "separation_is_to_the_nearest_parent",
        f"""
        with other as (
            select known_lens_id, min(3600 * degrees(2 * asin({chord} / 2))) as other_arcsec
            from stg_known_lenses as lens inner join parent_galaxies as galaxy
                on galaxy.dec between lens.dec - {reach_arcsec} / 3600e0
                and lens.dec + {reach_arcsec} / 3600e0
            group by known_lens_id
        )
        select {{key}}, separation_arcsec, other_arcsec
        from {{batch}} left join other using (known_lens_id)
        where if(other_arcsec <= {reach_arcsec}, abs(separation_arcsec - other_arcsec)
            <= {ROUNDING_ARCSEC}, separation_arcsec is null) is not true
        """,
        why=f"Null where none lies within {reach_arcsec} arcsec.",
    )
