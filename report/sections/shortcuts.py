"""Can the classes be told apart by anything but the arc: AUCs with intervals, and the gate."""

import altair as alt
import duckdb
import polars as pl

from report.blocks import Block, Figure, Note, Table
from report.style import HEIGHT, WIDTH, category_colour

N_FEATURES = 30


def blocks(lake: duckdb.DuckDBPyConnection) -> list[Block]:
    """The verdict, features, classifiers, gates, and the finders' scores where there are any."""
    return [
        verdict(lake),
        features(lake),
        feature_table(lake),
        classifiers(lake),
        gates(lake),
        *finders(lake),
    ]


def verdict(lake: duckdb.DuckDBPyConnection) -> Note:
    """GO or NO-GO in a sentence."""
    [(verdict_, offenders)] = lake.sql(
        "select verdict, offenders from cutout_gates where gate = 'overall'"
    ).fetchall()
    because = f" because of {', '.join(offenders)}" if offenders else ""
    return Note(f"The gate of the cutouts says {verdict_}{because}.")


def strongest_features(lake: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The features that separate the classes best, on either side of 0.5."""
    return lake.sql(f"""
        select feature, kind, if(is_expected, 'expected of arcs', 'should tell nothing') as what,
            auc, auc_low, auc_high, auc_folded, verdict
        from shortcut_scores where auc is not null
        order by auc_folded desc, feature limit {N_FEATURES}
    """).pl()


def features(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Their AUCs with the intervals of the bootstrap."""
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
        f"The {len(rows)} features that separate the classes best, each alone, with 95 % intervals from a bootstrap over bricks. 0.5 is ignorance.",
    )


def feature_table(lake: duckdb.DuckDBPyConnection) -> Table:
    """The unexpected ones among them, in numbers."""
    rows = strongest_features(lake).filter(pl.col("what") == "should tell nothing")
    return Table(
        "Those of them that should tell nothing, or little: a lower end above 0.6 is yellow, above 0.7 red.",
        ["feature", "kind", "AUC", "interval", "verdict"],
        [
            [row["feature"], row["kind"], *_auc(row), row["verdict"]]
            for row in rows.iter_rows(named=True)
        ],
    )


def classifiers(lake: duckdb.DuckDBPyConnection) -> Table:
    """Classifiers on groups of features."""
    rows = lake.sql("from shortcut_classifiers order by classifier").pl()
    return Table(
        "Classifiers on groups of features, scored on bricks that they have not seen, and what they reach with labels shuffled within bricks.",
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
    """GO or NO-GO with the numbers that led to it."""
    rows = lake.sql("""
        select gate, is_blocking, verdict, value, comparison, limit_value, offenders from cutout_gates
        order by gate = 'overall', not is_blocking, gate
    """).fetchall()
    return Table(
        "The gates: any that blocks and fails makes it NO-GO, the others warn.",
        ["gate", "blocks", "verdict", "value", "limit", "named"],
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
    """How finders that scored the cutouts do, where the stage `finder` was run."""
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
            "Finders on the cutouts of bricks that they have not learned from: share of the lenses found when 10 % and 1 % of the negatives are taken for lenses.",
            ["finder", "split", "lenses", "negatives", "AUC", "at 10 %", "at 1 %"],
            [list(row) for row in rows],
        )
    ]


def _auc(row: dict) -> tuple[str, str]:
    return f"{row['auc']:.3f}", f"{row['auc_low']:.3f} to {row['auc_high']:.3f}"
