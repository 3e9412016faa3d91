"""Whether anything but the arc tells the classes apart.

AUCs with intervals, and the gate.
"""

import altair as alt
import duckdb
import polars as pl

from report.blocks import Block, Figure, Note, Table
from report.style import HEIGHT, WIDTH, category_colour

N_FEATURES = 30


def blocks(lake: duckdb.DuckDBPyConnection) -> list[Block]:
    """Return verdict, features, classifiers, gates, and finders if any."""
    return [
        verdict(lake),
        features(lake),
        feature_table(lake),
        classifiers(lake),
        gates(lake),
        *finders(lake),
    ]


def verdict(lake: duckdb.DuckDBPyConnection) -> Note:
    """Say GO or NO-GO in a sentence."""
    [(verdict_, offenders)] = lake.sql(
        "select verdict, offenders from cutout_gates where gate = 'overall'"
    ).fetchall()
    because = f" because of {', '.join(offenders)}" if offenders else ""
    return Note(f"The verdict on the cutouts is {verdict_}{because}.")


def strongest_features(lake: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return the features that separate the classes best, either way.

    Parameters
    ----------
    lake : duckdb.DuckDBPyConnection

    Returns
    -------
    polars.DataFrame
        At most `N_FEATURES` rows, one per feature, the strongest first; AUCs and their
        intervals have no unit.
    """
    return lake.sql(f"""
        select feature, kind, if(is_expected, 'expected of arcs', 'should tell nothing') as what,
            auc, auc_low, auc_high, auc_folded, verdict
        from shortcut_scores where auc is not null
        order by auc_folded desc, feature limit {N_FEATURES}
    """).pl()


def features(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Draw the AUCs of the strongest features with bootstrap intervals."""
    rows = strongest_features(lake)
    order = rows["feature"].to_list()
    base = alt.Chart(rows).encode(y=alt.Y("feature:N", sort=order, title=None))
    intervals = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("auc_low:Q", title="AUC, lenses against negatives", scale=alt.Scale(zero=False)),
        x2="auc_high:Q",
        color=category_colour("kind:N", "kind"),
    )
    points = base.mark_point(filled=True, size=60).encode(
        x="auc:Q",
        color=category_colour("kind:N", "kind"),
        shape=alt.Shape("what:N", title=None),
        tooltip=["feature:N", "kind:N", "what:N", "auc:Q", "auc_low:Q", "auc_high:Q", "verdict:N"],
    )
    ignorance = alt.Chart(pl.DataFrame({"x": [0.5]})).mark_rule(color="#888").encode(x="x:Q")
    chart = (ignorance + intervals + points).properties(width=WIDTH, height=HEIGHT * 1.8)
    return Figure(
        "shortcut_features",
        chart,
        f"The {len(rows)} features that separate the classes best, each on its own, with 95 % intervals from a bootstrap over bricks. An AUC of 0.5 tells nothing.",
    )


def feature_table(lake: duckdb.DuckDBPyConnection) -> Table:
    """Return the unexpected ones among the strongest features."""
    rows = strongest_features(lake).filter(pl.col("what") == "should tell nothing")
    return Table(
        "The features among them that should tell little or nothing. A lower end of the interval above 0.6 is yellow, above 0.7 red.",
        ["feature", "kind", "AUC", "interval", "verdict"],
        [
            [row["feature"], row["kind"], *_auc(row), row["verdict"]]
            for row in rows.iter_rows(named=True)
        ],
    )


def classifiers(lake: duckdb.DuckDBPyConnection) -> Table:
    """Return the classifiers on groups of features."""
    rows = lake.sql("from shortcut_classifiers order by classifier").pl()
    return Table(
        "Classifiers on groups of features, scored on bricks that they have not seen, and the range that they reach with labels shuffled within bricks.",
        ["classifier", "lenses", "negatives", "AUC", "interval", "shuffled", "leans on"],
        [
            [
                row["classifier"],
                row["n_positives"],
                row["n_negatives"],
                *_auc(row),
                f"{row['null_low']:.3f} to {row['null_high']:.3f}",
                ", ".join(row["top_features"]),
            ]
            for row in rows.iter_rows(named=True)
        ],
    )


def gates(lake: duckdb.DuckDBPyConnection) -> Table:
    """Return every gate with its number and its limit."""
    rows = lake.sql("""
        select gate, is_blocking, verdict, value, comparison, limit_value, offenders from cutout_gates
        order by gate = 'overall', not is_blocking, gate
    """).fetchall()
    return Table(
        "The gates. A blocking gate that fails makes the verdict NO-GO; the others only warn.",
        ["gate", "blocks", "verdict", "value", "limit", "offenders"],
        [
            [
                gate,
                "yes" if is_blocking else "",
                verdict_,
                None if value is None else f"{value:.4g}",
                None if limit is None else f"{comparison} {limit:.4g}",
                ", ".join(offenders or []),
            ]
            for gate, is_blocking, verdict_, value, comparison, limit, offenders in rows
        ],
    )


def finders(lake: duckdb.DuckDBPyConnection) -> list[Block]:
    """Return how well finders do, if the stage `finder` was run."""
    if not lake.sql(
        "select 1 from duckdb_tables() where table_name = 'finder_performance'"
    ).fetchone():
        return []
    rows = lake.sql("""
        select finder, split, n_positives, n_negatives, round(auc, 3),
            round(true_positive_rate_at_fpr_10_percent, 3), round(true_positive_rate_at_fpr_1_percent, 3)
        from finder_performance order by finder, split
    """).fetchall()
    return [
        Table(
            "Finders on the cutouts of bricks that they have not learned from: the share of lenses found when 10 % and 1 % of the negatives are taken for lenses.",
            ["finder", "split", "lenses", "negatives", "AUC", "at 10 %", "at 1 %"],
            [list(row) for row in rows],
        )
    ]


def _auc(row: dict) -> tuple[str, str]:
    """Return an AUC and its interval as texts."""
    return f"{row['auc']:.3f}", f"{row['auc_low']:.3f} to {row['auc_high']:.3f}"
