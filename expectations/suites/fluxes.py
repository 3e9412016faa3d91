"""Rules about the light of injected arcs: what is there, what should be."""

from dataclasses import fields

from expectations.independent.raytrace import FUNCTION as RAYTRACE
from expectations.independent.raytrace import System
from expectations.suite import Check, between, no_rows
from store.project import Settings
from udfs.batch.error_budget import FLUX_LIMITS

IS_CONTROL = "ends_with(render_id, '/CONTROL/0')"
MEASURED = f"metrics_ok and not {IS_CONTROL}"
# Metrics with the truth of their render. Controls that stand in for configs are there more than once.
WITH_SYSTEM = "(select * from {batch} inner join systems using (render_id))"
# Sources of any size are magnified; what leaves the rendered field may take this much off.
MAGNIFICATION_MIN, MAGNIFICATION_MAX = 0.995, 1000
# Per system; the renderer's budget is 1.5 % at most for n = 4, the ray shooting's 0.1 %.
RENDER_TOLERANCE = 0.02
FLUX_TOLERANCE = 5e-3  # a PSF kernel is cut off, stamps hold float32


def fluxes(settings: Settings) -> tuple[Check, ...]:
    """Return the rules on the flux of injections with good metrics."""
    detection = settings["detection_band"]
    return (
        between("magnification", MAGNIFICATION_MIN, MAGNIFICATION_MAX, when=MEASURED),
        between(
            "stamp_flux_frac",
            0,
            1 + RENDER_TOLERANCE,
            when=f"{MEASURED} and not flux_error_flag",
            why="No stamp holds more than the whole arc, within the renderer's error.",
        ),
        _agrees_with_ray_tracing("magnification", "magnification", settings),
        _agrees_with_ray_tracing("rendered_flux", "flux_closure * magnification", settings),
        *(_flux_is_within_the_budget(index, *limits) for index, limits in FLUX_LIMITS.items()),
        *(_flux_is_that_of_the_source(band, settings) for band in settings["bands"]),
        no_rows(
            "mean_magnification_follows_the_drawing_law",
            f"""
            select config, avg(magnification) as mean, count(*) as n, any_value(expected)
            from (
                select coalesce(grid, config_id) as config, render_id,
                    any_value(magnification) as magnification,
                    4 / any_value(beta_max_over_theta_e) as expected
                from {WITH_SYSTEM}
                where {MEASURED} and theta_e_arcsec >= 5 * src_reff_arcsec
                group by all
            )
            group by config
            having (abs(avg(magnification) / any_value(expected) - 1)
                <= 0.25 + 5 * stddev_samp(magnification) / sqrt(count(*)) / any_value(expected))
                is not true
            """,
            why="2 theta_E / beta, averaged over a disc uniform in area, is 4 over beta_max in"
            " Einstein radii, whatever theta_E; a quarter is left for finite sources and shear.",
        ),
        no_rows(
            "flux_follows_theta_e_as_the_drawing_law_says",
            f"""
            with halves as (
                select render_id, magnification,
                    theta_e_arcsec > median(theta_e_arcsec) over () as is_wide
                from (
                    select render_id, any_value(magnification) as magnification,
                        any_value(theta_e_arcsec) as theta_e_arcsec
                    from {WITH_SYSTEM} where {MEASURED} group by render_id
                )
            )
            select avg(magnification) filter (where is_wide) as wide,
                avg(magnification) filter (where not is_wide) as narrow
            from halves
            having (wide / narrow between
                0.95 - 5 * stddev_samp(magnification) / avg(magnification) * 2 / sqrt(count(*))
                and 1.6 + 5 * stddev_samp(magnification) / avg(magnification) * 2 / sqrt(count(*)))
                is not true
            """,
            why="Sources drawn in units of theta_E are magnified alike; finite sources gain a"
            f" little with theta_E. ({detection} flux is flux unlensed times magnification.)",
        ),
    )


def _agrees_with_ray_tracing(what: str, value: str, settings: Settings) -> Check:
    """Check lensed over unlensed flux against ray tracing.

    The flux is that of the whole source, or of what was rendered of it.
    """
    parameters = ", ".join(field.name for field in fields(System))
    return no_rows(
        f"{what}_agrees_with_ray_tracing",
        f"""
        select render_id, {value} as value, {RAYTRACE}([{parameters}]::double[]) as raytraced
        from (
            select distinct on (render_id) * from {WITH_SYSTEM} where {MEASURED}
            order by md5(render_id), stamp_size limit {settings["n_raytraced_systems"]}
        )
        where (abs(value / raytraced - 1) <= {RENDER_TOLERANCE}) is not true
        """,
        why=f"Of {settings['n_raytraced_systems']} systems, by plain inverse ray shooting.",
    )


def _flux_is_within_the_budget(index: float, rms: float, largest: float) -> Check:
    """Check the flux error of renders without a flag: largest and rms.

    Flux that falls off the canvas counts as error too.
    """
    return no_rows(
        f"rendered_flux_is_within_the_budget_to_n_{index:g}",
        f"""
        select max(abs(flux_closure - 1)) as largest, sqrt(avg(pow(flux_closure - 1, 2))) as rms
        from (
            select any_value(flux_closure) as flux_closure
            from {WITH_SYSTEM} where {MEASURED} and not flux_error_flag and src_n <= {index}
            group by render_id
        )
        having count(*) > 0 and (largest <= {largest} and rms <= {rms}) is not true
        """,
        why=f"Rendered flux over unlensed flux times ray-traced magnification: off by {largest} at"
        f" most, {rms} rms.",
    )


def _flux_is_that_of_the_source(band: str, settings: Settings) -> Check:
    """Check that injected flux follows from the source and its lensing.

    It is unlensed flux times magnification, times the fraction of it that the stamp holds.
    """
    magnitude = {"g": "src_r_mag + src_gr", "r": "src_r_mag", "z": "src_r_mag - src_rz"}[band]
    extinction = f"{settings['extinction_coefficients'][band]} * ebv"
    dimmed = f"{magnitude} + if(src_mag_frame = 'intrinsic', {extinction}, 0)"
    unlensed = f"pow(10, -0.4e0 * ({dimmed} - {settings['ab_zp_nmgy']}))"
    # The fraction in the stamp is that of the detection band; other bands are seen otherwise.
    slack = FLUX_TOLERANCE if band == settings["detection_band"] else 0.1
    expected = f"{unlensed} * magnification * stamp_flux_frac"
    return no_rows(
        f"flux_is_that_of_the_source_{band}",
        f"select {{key}}, total_injected_flux_{band}_nmgy, {expected} as expected"
        f" from {WITH_SYSTEM} where {MEASURED}"
        f" and (abs(total_injected_flux_{band}_nmgy / ({expected}) - 1) <= {slack}) is not true",
        why="Unlensed flux from magnitude, colour and extinction, times magnification, times what"
        " the stamp holds.",
    )
