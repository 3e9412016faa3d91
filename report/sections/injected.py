"""What was injected, compared with what was asked for."""

import altair as alt
import duckdb
import polars as pl

from report.blocks import Figure, Section, Table
from report.sections.completeness import labels
from report.style import CATEGORY_COLOURS, HEIGHT, WIDTH, category_colour

# Label: column of the tasks (asked for), column of the injections (made).
PARAMETERS = {
    "Einstein radius (arcsec)": ("theta_e_arcsec", "theta_e_arcsec"),
    "source half-light radius (arcsec)": ("src_reff_arcsec", "src_reff_arcsec"),
    "unlensed source, r (AB mag)": ("src_r_mag", "src_r_mag"),
    "lens ellipticity (1 - q) / (1 + q)": ("lens_e", "lens_e"),
    "external shear": ("shear", "shear"),
    "psfsize in r (arcsec)": ("psfsize_r", "psf_fwhm_used_r"),
}
N_BINS = 30
# A system counts once, however many tasks, stamp sizes and experiments show it.
INJECTED_SYSTEMS = (
    "select count(distinct render_id) from injections where metrics_ok and not is_control"
)
CONTROL_GALAXIES = (
    "select count(distinct render_id) from injections where metrics_ok and is_control"
)
MIN_SYSTEMS = 5  # for quartiles
DODGE_ARCSEC = 0.012  # between populations, so that none hides another
ASKED, MADE = "asked for (tasks)", "made, with metrics"


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Return outcomes, distributions of parameters, and signal to noise."""
    return Section(
        anchor="injected",
        title="Injections",
        lead="Each task is one galaxy, one simulated lens and one stamp. A task that could not be done stays as a row with its reason.",
        blocks=[outcomes(lake), distributions(lake), signal_to_noise(lake)],
    )


def outcomes(lake: duckdb.DuckDBPyConnection) -> Table:
    """Return tasks by experiment and outcome, and the systems they share."""
    rows = lake.sql("""
        select experiment_id, count(*), count(*) filter (where is_control),
            count(distinct render_id) filter (where not is_control),
            count(distinct render_id) filter (where not is_control and metrics_ok),
            count(distinct (brickid, objid)), count(*) filter (where cutout_ok), count(*) filter (where metrics_ok),
            coalesce(string_agg(distinct reason_code, ', ' order by reason_code), '')
        from injections
        group by experiment_id
        order by experiment_id
    """).fetchall()
    headings = [
        *("experiment", "tasks", "of them controls", "injected systems", "injected systems with metrics"),
        *("hosts", "tasks with a stamp", "tasks with metrics", "reasons"),
    ]  # fmt: skip
    names = labels(lake)
    [(n_systems,)] = lake.sql(INJECTED_SYSTEMS).fetchall()
    return Table(
        "Tasks of each experiment whose brick is cached, and what became of them. An injected system is one simulated lens in one galaxy. "
        "Tasks of several selection sets, stamp sizes and sometimes experiments share it. Over all experiments, of the injected systems "
        f"with metrics {n_systems:,} differ.",
        headings,
        [[names[experiment], *row] for experiment, *row in rows],
    )


def distributions(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Draw histograms of the parameters: asked for, and made."""
    rows = histograms(lake)
    charts = [one_parameter(rows.filter(pl.col("parameter") == name), name) for name in PARAMETERS]
    return Figure(
        "parameters",
        alt.concat(*charts, columns=3),
        "What the tasks asked for (outline) and what was made (filled); each injected system counts once. The psfsize "
        "asked for is the mean of the brick, the one used is that of the survey's map at the galaxy.",
    )


def histograms(lake: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Count the systems by parameter and bin, asked for and made.

    Parameters
    ----------
    lake : duckdb.DuckDBPyConnection

    Returns
    -------
    polars.DataFrame
        One row per parameter, stage and bin that is not empty: ``low`` and ``high``, in the
        unit that the parameter's label states, and ``n_systems``.
    """
    parts = [
        f"select '{label}' as parameter, '{stage}' as stage, render_id, min({column})::double as value"
        f" from {table} where not is_control and {condition} group by render_id"
        for label, (asked, made) in PARAMETERS.items()
        for stage, table, column, condition in (
            (ASKED, "injection_tasks", asked, "true"),
            (MADE, "injections", made, "metrics_ok"),
        )
    ]
    return lake.sql(f"""
        with drawn as ({" union all ".join(parts)}),
        ranges as (
            select parameter, min(value) as lowest, greatest(max(value) - min(value), 1e-9) / {N_BINS} as width
            from drawn group by parameter
        )
        select parameter, stage, lowest + least(floor((value - lowest) / width), {N_BINS} - 1) * width as low, low + width as high,
            count(*) as n_systems
        from drawn inner join ranges using (parameter)
        where value is not null
        group by all
        order by all
    """).pl()


def one_parameter(rows: pl.DataFrame, title: str) -> alt.LayerChart:
    """Draw one panel: outline for what was asked for, bars for what was made.

    Parameters
    ----------
    rows : polars.DataFrame
        One row per stage and bin of one parameter, as `histograms` returns them.
    title : str
        The parameter's label, with its unit.

    Returns
    -------
    altair.LayerChart
    """
    colours = alt.Scale(domain=[ASKED, MADE], range=["#000000", CATEGORY_COLOURS[0]])
    base = alt.Chart(rows).encode(
        x=alt.X(
            "low:Q",
            title=title,
            scale=alt.Scale(zero=False, nice=False),
            axis=alt.Axis(tickCount=5),
        ),
        x2="high:Q",
        y=alt.Y("n_systems:Q", title="systems"),
        tooltip=[
            alt.Tooltip("stage:N", title="count of"),
            alt.Tooltip("low:Q", title=f"{title} from", format=".3g"),
            alt.Tooltip("high:Q", title="to", format=".3g"),
            alt.Tooltip("n_systems:Q", title="systems", format=","),
        ],
    )
    made = base.transform_filter(alt.datum.stage == MADE).mark_bar().encode(
        fill=alt.Fill("stage:N", scale=colours, legend=None), y2=alt.datum(0)
    )  # fmt: skip
    asked = base.transform_filter(alt.datum.stage == ASKED).mark_bar(fillOpacity=0, strokeWidth=0.8).encode(
        stroke=alt.Stroke("stage:N", scale=colours, title=None), y2=alt.datum(0)
    )  # fmt: skip
    return (made + asked).properties(width=WIDTH * 0.6, height=HEIGHT * 0.55)


def signal_to_noise(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Draw quartiles of the matched S/N at each Einstein radius."""
    rows = set_apart(signal_to_noise_quartiles(lake))
    base = alt.Chart(rows).encode(
        x=alt.X("place:Q", title="Einstein radius (arcsec)"),
        color=category_colour("population:N", "tier, grid or prior"),
        tooltip=[
            alt.Tooltip("population:N", title="tier, grid or prior"),
            alt.Tooltip("theta_e_arcsec:Q", title="Einstein radius (arcsec)", format=".1f"),
            alt.Tooltip("low:Q", title="S/N, lower quartile", format=".1f"),
            alt.Tooltip("middle:Q", title="S/N, median", format=".1f"),
            alt.Tooltip("high:Q", title="S/N, upper quartile", format=".1f"),
            alt.Tooltip("n_systems:Q", title="injected systems", format=","),
        ],
    )
    snr = alt.Scale(type="log")
    chart = base.mark_rule(opacity=0.5).encode(
        y=alt.Y("low:Q", scale=snr, title="matched S/N of the arc, all bands"), y2="high:Q"
    ) + base.mark_circle(size=45).encode(y=alt.Y("middle:Q", scale=snr))
    return Figure(
        "signal_to_noise",
        chart.properties(width=WIDTH, height=HEIGHT),
        "Median and quartiles of the matched signal-to-noise ratio of the injected light, in the smallest stamps. Each injected system counts "
        "once. The ratio is computed from the injected truth: it says how detectable an arc is.",
    )


def set_apart(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with a place: populations of one radius side by side.

    Parameters
    ----------
    rows : polars.DataFrame
        One row per population and Einstein radius.

    Returns
    -------
    polars.DataFrame
        The same rows with ``place``, arcsec.
    """
    number = pl.col("population").rank("dense") - (rows["population"].n_unique() + 1) / 2
    return rows.with_columns(place=pl.col("theta_e_arcsec") + DODGE_ARCSEC * number)


def signal_to_noise_quartiles(lake: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Compute the quartiles of the matched S/N at each Einstein radius.

    A system counts once, however many tasks show it.

    Parameters
    ----------
    lake : duckdb.DuckDBPyConnection

    Returns
    -------
    polars.DataFrame
        One row per tier, grid and step of 0.1 arcsec that has at least `MIN_SYSTEMS` systems:
        ``theta_e_arcsec``, and the quartiles ``low``, ``middle`` and ``high``, which have no unit.
    """
    return lake.sql(f"""
        with systems as (
            select distinct on (tier, grid, render_id) injections.tier, grid, render_id, theta_e_arcsec, arc_snr_matched
            from injections inner join stage_config using (experiment_id)
            where not is_control and metrics_ok
            order by tier, grid, render_id, stage_config.stamp_size, stage_config.bandset, task_id
        )
        select round(theta_e_arcsec / 0.1) * 0.1 as theta_e_arcsec, tier || ', ' || replace(grid, '_', ' ') as population,
            quantile_cont(arc_snr_matched, 0.25) as low, median(arc_snr_matched) as middle,
            quantile_cont(arc_snr_matched, 0.75) as high, count(*) as n_systems
        from systems
        group by round(theta_e_arcsec / 0.1), tier, grid
        having count(*) >= {MIN_SYSTEMS}
        order by population, theta_e_arcsec
    """).pl()
