"""What was injected, against what was asked."""

import altair as alt
import duckdb

from report.blocks import Figure, Section, Table
from report.style import HEIGHT, WIDTH, category_colour

PARAMETERS = {
    "theta_e_arcsec": "Einstein radius (arcsec)",
    "src_reff_arcsec": "source half-light radius (arcsec)",
    "src_r_mag": "source r magnitude (AB)",
    "lens_e": "lens ellipticity (1-q)/(1+q)",
    "shear": "external shear",
    "psf_fwhm_used_r": "PSF FWHM used in r (arcsec)",
}
N_BINS = 30


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Outcomes by experiment, distributions of the parameters, and what the arcs look like in numbers."""
    return Section(
        anchor="injected",
        title="Injections",
        lead="Each task is one galaxy, one simulated lens and one stamp. What could not be injected stays as a row with its reason.",
        blocks=[outcomes(lake), distributions(lake), signal_to_noise(lake)],
    )


def outcomes(lake: duckdb.DuckDBPyConnection) -> Table:
    """Tasks by experiment and outcome."""
    rows = lake.sql("""
        select experiment_id, count(*), count(*) filter (where is_control), count(distinct render_id),
            count(distinct (brickid, objid)), count(*) filter (where cutout_ok), count(*) filter (where metrics_ok),
            coalesce(string_agg(distinct reason_code, ', ' order by reason_code), '')
        from injections
        group by experiment_id
        order by experiment_id
    """).fetchall()
    headings = [
        "experiment",
        "tasks",
        "controls",
        "systems",
        "hosts",
        "cutout ok",
        "metrics ok",
        "reasons",
    ]
    return Table(
        "Tasks of each experiment and what became of them.", headings, [list(row) for row in rows]
    )


def distributions(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Histograms of the drawn parameters, one count per system."""
    parts = [
        f"select distinct on (render_id) '{label}' as parameter, {name}::double as value, tier from injections where not is_control"
        for name, label in PARAMETERS.items()
    ]
    rows = lake.sql(f"""
        with drawn as ({" union all ".join(parts)}),
        ranges as (select parameter, min(value) as low, greatest(max(value) - min(value), 1e-9) as width from drawn group by parameter)
        select parameter, tier, low + (floor(least((value - low) / width * {N_BINS}, {N_BINS} - 1)) + 0.5) * width / {N_BINS} as middle,
            count(*) as n_systems
        from drawn inner join ranges using (parameter)
        where value is not null
        group by all
        order by all
    """).pl()
    chart = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("middle:Q", title=None, scale=alt.Scale(zero=False)),
            y=alt.Y("n_systems:Q", title="systems", stack=True),
            color=category_colour("tier:N", "tier"),
            tooltip=["tier:N", alt.Tooltip("middle:Q", format=".3g"), "n_systems:Q"],
        )
        .properties(width=WIDTH * 0.62, height=HEIGHT * 0.55)
        .facet(facet=alt.Facet("parameter:N", title=None), columns=3)
        .resolve_scale(x="independent", y="independent")
    )
    return Figure("parameters", chart, "What was drawn, one count for each simulated system.")


def signal_to_noise(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Quartiles of the matched signal-to-noise ratio at each Einstein radius."""
    rows = lake.sql("""
        select round(theta_e_arcsec / 0.1) * 0.1 as theta_e_arcsec, tier,
            quantile_cont(arc_snr_matched, 0.25) as low, median(arc_snr_matched) as middle,
            quantile_cont(arc_snr_matched, 0.75) as high, count(*) as n_tasks
        from injections
        where not is_control and metrics_ok
        group by all
        having count(*) >= 5
        order by all
    """).pl()
    base = alt.Chart(rows).encode(
        x=alt.X("theta_e_arcsec:Q", title="Einstein radius (arcsec)"),
        color=category_colour("tier:N", "tier"),
        tooltip=["tier:N", "theta_e_arcsec:Q", "low:Q", "middle:Q", "high:Q", "n_tasks:Q"],
    )
    snr = alt.Scale(type="log")
    chart = base.mark_rule(opacity=0.5).encode(
        y=alt.Y("low:Q", scale=snr, title="matched S/N of the arc, all bands"), y2="high:Q"
    ) + base.mark_circle(size=45).encode(y=alt.Y("middle:Q", scale=snr))
    return Figure(
        "signal_to_noise",
        chart.properties(width=WIDTH, height=HEIGHT),
        "Median and quartiles of the matched signal-to-noise ratio of the injected light. It is computed from the truth: it says how detectable an arc is.",
    )
