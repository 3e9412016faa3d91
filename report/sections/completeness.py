"""How much of what was injected is recovered.

By rule, by one axis, and by pairs of axes.
"""

import altair as alt
import duckdb

from report.bins import interval_level
from report.blocks import Figure, Section, Table
from report.cells import experiment_label
from report.sections import completeness_axes, completeness_maps
from report.sections.completeness_axes import tooltips
from report.style import WIDTH, category_colour


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Return completeness by rule, and by axis for the widest experiment."""
    experiment = widest_experiment(lake)
    rule = shown_rule(lake, experiment)
    return Section(
        anchor="completeness",
        title="Completeness",
        lead=(
            "Completeness is the share of usable injections that a rule recovers. Rules of the kind 'detectability' look at the injected "
            "truth: they say how detectable an arc is, not that anything found it. 'blind' rules look at the pixels alone, with a threshold "
            "set on galaxies without an arc; 'finder' rules use the score of a finder. Intervals are "
            f"{interval_level(lake)} Wilson intervals on an effective number of injections, which allows for injections that share a host. Axes and maps show "
            f"{labels(lake)[experiment]}; the maps show the rule {rule}."
        ),
        blocks=[
            comparison(lake),
            rules(lake, experiment),
            completeness_axes.figure(lake, experiment),
            *completeness_maps.figures(lake, experiment, rule),
        ],
    )


def labels(lake: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return each experiment in a few words."""
    rows = lake.sql("select experiment_id, tier, grid, stamp_size from stage_config").fetchall()
    return {experiment: experiment_label(*names) for experiment, *names in rows}


def widest_experiment(lake: duckdb.DuckDBPyConnection) -> str:
    """Choose the experiment with the widest range of Einstein radii.

    Of equals, the one with the most hosts.
    """
    [(experiment,)] = lake.execute("""
        select experiment_id from injections where not is_control group by 1
        order by max(theta_e_arcsec) - min(theta_e_arcsec) desc, count(distinct (brickid, objid)) desc, min(stamp_size), 1 limit 1
    """).fetchall()
    return str(experiment)


def shown_rule(lake: duckdb.DuckDBPyConnection, experiment: str) -> str:
    """Choose the rule that the report shows for an experiment.

    A finder's rule if it recovers anything, else a blind one that does, else the original's; of
    each kind the one with the lowest rate of false positives.
    """
    [(rule,)] = lake.execute(
        """
        select rule from completeness_cells inner join recovery_thresholds using (experiment_id, rule)
        where experiment_id = ? and cube = 'overall' and quality = 'all'
        order by
            (recovery_thresholds.rule_kind = 'finder' and n_recovered > 0) desc,
            (recovery_thresholds.rule_kind = 'blind' and n_recovered > 0) desc,
            rule = 'original' desc,
            false_positive_rate, rule
        limit 1
        """,
        [experiment],
    ).fetchall()
    return str(rule)


def comparison(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Return every rule in every experiment with the smallest stamps."""
    rows = lake.sql("""
        select cells.experiment_id, cells.rule, cells.rule_kind, rule_number, n_attempt, n_valid, n_recovered, n_hosts,
            completeness_valid as completeness, wilson_low, wilson_high
        from completeness_cells as cells
        inner join recovery_thresholds using (experiment_id, rule)
        inner join stage_config using (experiment_id)
        where cube = 'overall' and quality = 'all' and n_valid > 0 and stamp_size = (select min(stamp_size) from stage_config)
        order by cells.experiment_id, rule_number
    """).pl()
    names = labels(lake)
    rows = rows.with_columns(experiment=rows["experiment_id"].replace(names))
    order = rows.sort("rule_number")["rule"].unique(maintain_order=True).to_list()
    base = alt.Chart(rows).encode(
        y=alt.Y("rule:N", sort=order, title=None),
        color=category_colour("rule_kind:N", "judges"),
        tooltip=tooltips(experiment="experiment", rule="rule", rule_kind="judges"),
    )
    share = alt.Scale(domain=[0, 1])
    bars = base.mark_rule(strokeWidth=2).encode(
        x=alt.X(
            "wilson_low:Q",
            scale=share,
            axis=alt.Axis(tickCount=5),
            title="completeness with its interval",
        ),
        x2="wilson_high:Q",
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x="completeness:Q", shape=alt.Shape("rule_kind:N", legend=None)
    )
    chart = (
        (bars + points)
        .properties(width=WIDTH * 0.8, height=22 * len(order))
        .facet(facet=alt.Facet("experiment:N", title=None), columns=2)
    )
    return Figure(
        "recovery_rules",
        chart,
        "Recovery rules over whole experiments. A blind rule is missing if there are too few galaxies without an arc to set its "
        "threshold; the table below says how many it needs. A wide interval means few hosts.",
    )


def rules(lake: duckdb.DuckDBPyConnection, experiment: str) -> Table:
    """Return each rule with its threshold and its false positives."""
    rows = lake.execute(
        """
        with cells as (
            select * from completeness_cells_wide where cube = 'overall'
        )
        select cells.rule, cells.rule_kind, threshold, false_positive_rate,
            if(n_false_positives is null, null, printf('%d of %d (%.3f\u2013%.3f)', n_false_positives, n_controls + n_negatives,
                false_positive_rate_wilson_low, false_positive_rate_wilson_high)) as measured,
            n_attempt, printf('%d of %d', n_recovered_all, n_valid_all) as recovered, n_hosts_all,
            if(n_valid_all = 0, if(threshold is null, printf('no threshold: %d galaxies without an arc, %d needed',
                n_controls + n_negatives, n_without_arc_needed), 'no usable injection'),
                printf('%.3f (%.3f\u2013%.3f)', completeness_valid_all, wilson_low_all, wilson_high_all)) as completeness,
            if(chance_corrected_all is null, null, printf('%.3f (%.3f\u2013%.3f)', chance_corrected_all,
                chance_corrected_low_all, chance_corrected_high_all)) as beyond_chance,
            if(n_valid_clean = 0, null,
                printf('%.3f (%.3f\u2013%.3f)', completeness_valid_clean, wilson_low_clean, wilson_high_clean)) as clean
        from cells inner join recovery_thresholds using (experiment_id, rule)
        where experiment_id = ?
        order by rule_number
        """,
        [experiment],
    ).fetchall()
    headings = [
        "rule",
        "judges",
        "threshold",
        "false positives asked for",
        "measured (interval)",
        "injections",
    ]
    headings += ["recovered of usable", "hosts", "completeness (interval)", "beyond chance (interval)", "clean (interval)"]  # fmt: skip
    return Table(
        f"Rules in {labels(lake)[experiment]}, over everything that was injected. False positives are galaxies without an arc above the threshold. Beyond chance: (completeness - share of controls) / (1 - share of controls), where the share is that of controls taken for lenses.",
        headings,
        [list(row) for row in rows],
    )
