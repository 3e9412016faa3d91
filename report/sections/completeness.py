"""What is recovered of what was injected, against each axis and pair of axes."""

import altair as alt
import duckdb

from report.blocks import Figure, Note, Section, Table
from report.style import HEIGHT, WIDTH, category_colour, fraction_colour

# Cubes of two binned axes, drawn as heat maps: cube, axis across, axis up.
HEAT_MAPS = (
    ("theta_e_psf", "theta_e_arcsec", "psf_fwhm_arcsec"),
    ("theta_e_depth", "theta_e_arcsec", "psfdepth_r_mag"),
    ("theta_e_source", "theta_e_arcsec", "src_r_mag"),
    ("resolution_snr", "theta_over_psf", "arc_snr_matched"),
)
AXIS_TITLES = {
    "theta_e_arcsec": "Einstein radius (arcsec)",
    "theta_over_psf": "Einstein radius / PSF FWHM",
    "src_r_mag": "unlensed source, r (AB mag)",
    "arc_snr_matched": "matched S/N of the arc",
    "psf_fwhm_arcsec": "PSF FWHM in r (arcsec)",
    "psfdepth_r_mag": "5-sigma depth in r (AB mag)",
    "lens_z_mag": "lens galaxy, z (AB mag)",
}


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Completeness by rule, axis and pair of axes, for the experiment that reaches furthest."""
    experiment = widest_experiment(lake)
    rule = heat_map_rule(lake, experiment)
    blocks = [rules(lake), marginals(lake, experiment)]
    blocks += [heat_map(lake, experiment, rule, cube) for cube in HEAT_MAPS]
    return Section(
        anchor="completeness",
        title="Completeness",
        lead=(
            "Recovered over usable injections. Rules of the kind 'detectability' look at the injected truth and say how detectable "
            "an arc is; 'blind' looks at the pixels alone. Intervals are 95 % Wilson on an effective number that knows that "
            f"injections share hosts. Axes are shown for {experiment}."
        ),
        blocks=[
            *blocks,
            Note(
                "A cell without a number held no usable injection; it is a row of completeness_cells with n = 0."
            ),
        ],
    )


def widest_experiment(lake: duckdb.DuckDBPyConnection) -> str:
    """The experiment with the widest range of Einstein radii, then the most hosts."""
    (experiment,) = lake.execute("""
        select experiment_id from injections where not is_control group by 1
        order by max(theta_e_arcsec) - min(theta_e_arcsec) desc, count(distinct (brickid, objid)) desc, min(stamp_size), 1 limit 1
    """).fetchone()
    return experiment


def heat_map_rule(lake: duckdb.DuckDBPyConnection, experiment: str) -> str:
    """The blind rule if there is one with a threshold, else the matched-filter detectability."""
    (rule,) = lake.execute(
        """
        select rule from completeness_cells where experiment_id = ? and cube = 'overall'
        order by rule_kind = 'blind' and n_recovered_all > 0 desc, rule = 'matched_snr' desc, rule limit 1
    """,
        [experiment],
    ).fetchone()
    return rule


def rules(lake: duckdb.DuckDBPyConnection) -> Table:
    """One row per experiment and rule."""
    rows = lake.sql("""
        select experiment_id, rule, rule_kind, n_attempt, n_valid_all, n_recovered_all, n_hosts_all,
            printf('%.3f', completeness_valid_all),
            if(n_valid_all > 0, printf('%.3f to %.3f', wilson_low_all, wilson_high_all), 'no data'),
            printf('%.3f', chance_fraction_all), printf('%.3f', completeness_valid_clean)
        from completeness_cells
        where cube = 'overall' and experiment_id not like '%stamp96%'
        order by experiment_id, rule_kind, rule
    """).fetchall()
    headings = [
        "experiment",
        "rule",
        "kind",
        "attempts",
        "usable",
        "recovered",
        "hosts",
        "completeness",
        "95 %",
        "of controls",
        "clean",
    ]
    return Table(
        "Every rule over whole experiments (64-pixel stamps).",
        headings,
        [list(row) for row in rows],
    )


def marginals(lake: duckdb.DuckDBPyConnection, experiment: str) -> Figure:
    """Completeness along each binned axis with its interval."""
    rows = lake.execute(
        """
        select axis, rule, low, least(high, low * 1.3) as high,
            if(isinf(high), low, (low + high) / 2) as middle, n_valid_all, n_recovered_all, n_hosts_all,
            completeness_valid_all as completeness, wilson_low_all as wilson_low, wilson_high_all as wilson_high
        from completeness_marginals
        where experiment_id = ? and value is null and n_valid_all > 0 and not isinf(low)
        order by axis, rule, low
    """,
        [experiment],
    ).pl()
    rows = rows.with_columns(axis=rows["axis"].replace(AXIS_TITLES))
    base = alt.Chart(rows).encode(
        x=alt.X("middle:Q", title=None, scale=alt.Scale(zero=False)),
        color=category_colour("rule:N", "rule"),
        tooltip=[
            "rule:N",
            "low:Q",
            "high:Q",
            "n_valid_all:Q",
            "n_recovered_all:Q",
            "n_hosts_all:Q",
            alt.Tooltip("completeness:Q", format=".3f"),
            alt.Tooltip("wilson_low:Q", format=".3f"),
            alt.Tooltip("wilson_high:Q", format=".3f"),
        ],
    )
    y = alt.Y("completeness:Q", title="completeness", scale=alt.Scale(domain=[0, 1]))
    drawn = base.mark_line(point=True).encode(y=y) + base.mark_rule(opacity=0.5).encode(
        y="wilson_low:Q", y2="wilson_high:Q"
    )
    chart = (
        drawn.properties(width=WIDTH * 0.9, height=HEIGHT * 0.8)
        .facet(facet=alt.Facet("axis:N", title=None), columns=2)
        .resolve_scale(x="independent")
    )
    return Figure(
        "completeness_axes",
        chart,
        "Completeness against one axis at a time, averaged over the others as they were injected; bars are 95 % Wilson intervals. Hover for counts.",
    )


def heat_map(
    lake: duckdb.DuckDBPyConnection, experiment: str, rule: str, axes: tuple[str, str, str]
) -> Figure:
    """Completeness over two axes; cells without injections stay empty."""
    cube, across, up = axes
    rows = lake.execute(
        f"""
        select {across}_low as x_low, {across}_high as x_high, {up}_low as y_low, {up}_high as y_high,
            n_attempt, n_valid_all, n_recovered_all, n_hosts_all, completeness_valid_all as completeness,
            wilson_low_all as wilson_low, wilson_high_all as wilson_high
        from completeness_cells where cube = ? and experiment_id = ? and rule = ?
        order by all
    """,
        [cube, experiment, rule],
    ).pl()
    label = "isFinite(datum.{0}_high) ? datum.{0}_low + ' to ' + datum.{0}_high : 'from ' + datum.{0}_low"
    base = (
        alt.Chart(rows)
        .transform_calculate(x_bin=label.format("x"), y_bin=label.format("y"))
        .encode(
            x=alt.X("x_bin:O", sort=alt.SortField("x_low"), title=AXIS_TITLES[across]),
            y=alt.Y(
                "y_bin:O", sort=alt.SortField("y_low", order="descending"), title=AXIS_TITLES[up]
            ),
            tooltip=[
                "x_bin:O",
                "y_bin:O",
                "n_attempt:Q",
                "n_valid_all:Q",
                "n_recovered_all:Q",
                "n_hosts_all:Q",
                alt.Tooltip("completeness:Q", format=".3f"),
                alt.Tooltip("wilson_low:Q", format=".3f"),
                alt.Tooltip("wilson_high:Q", format=".3f"),
            ],
        )
    )
    empty = base.transform_filter("datum.n_valid_all == 0").mark_rect(
        fill="#ffffff", stroke="#cccccc", strokeDash=[3, 3]
    )
    filled = (
        base.transform_filter("datum.n_valid_all > 0")
        .mark_rect()
        .encode(color=fraction_colour("completeness:Q", "completeness"))
    )
    numbers = (
        base.transform_filter("datum.n_valid_all > 0")
        .mark_text(fontSize=10)
        .encode(
            text=alt.Text("completeness:Q", format=".2f"),
            color=alt.condition("datum.completeness > 0.6", alt.value("black"), alt.value("white")),
        )
    )
    return Figure(
        f"completeness_{cube}",
        (empty + filled + numbers).properties(width=WIDTH * 1.3, height=HEIGHT),
        f"Completeness of rule {rule}. Dashed cells hold no usable injection. Hover for counts and the 95 % interval.",
    )
