"""The lens finder's training pools: what was kept, what the classes look like, and whether they leak."""

import altair as alt
import duckdb
import numpy as np

from report.blocks import Block, Figure, Gallery, Note, Section, Table
from report.stamps import picture
from report.style import HEIGHT, WIDTH, category_colour

N_PICTURES = 6
BANDS = ("g", "r", "z")


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Negative funnel, class balance, positives on the sky, galleries, shortcut scores and the gate."""
    return Section(
        anchor="pools",
        title="Training pools",
        lead="Known lenses as positives, sampled galaxies and confusers as negatives, and the checks that nothing but an arc tells them apart.",
        blocks=[
            funnel(lake),
            balance(lake),
            positives_on_sky(lake),
            *galleries(lake),
            shortcuts(lake),
            gate(lake),
        ],
    )


def funnel(lake: duckdb.DuckDBPyConnection) -> Table:
    """The negatives' filters in order."""
    rows = lake.sql("""
        select cut_name, reason_code, n_in, n_rejected, n_out from negative_funnel
        where not is_diagnostic and (is_applied or n_rejected > 0) order by cut_order
    """).fetchall()
    return Table(
        "Every source counted under the first filter that it fails.",
        ["filter", "reason", "in", "rejected", "out"],
        [list(row) for row in rows],
    )


def balance(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Objects of the training sample by pool, category and split."""
    rows = lake.sql("""
        select coalesce(pool, 'positive') as pool, coalesce(confuser_category, pool, 'lens') as category, split, count(*) as n_objects
        from training_sample group by all order by all
    """).pl()
    chart = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("n_objects:Q", title="objects", scale=alt.Scale(type="symlog")),
            y=alt.Y("category:N", title=None),
            color=category_colour("pool:N", "pool"),
            tooltip=["pool:N", "category:N", "split:N", "n_objects:Q"],
        )
        .properties(width=WIDTH * 0.5, height=HEIGHT * 0.5)
        .facet(column=alt.Column("split:N", title=None))
    )
    return Figure(
        "class_balance", chart, "The training sample by pool, confuser category and split."
    )


def positives_on_sky(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Known lenses, matched and not."""
    rows = lake.sql("""
        select if(pos_catalog_ra > 180, pos_catalog_ra - 360, pos_catalog_ra) as ra_deg, pos_catalog_dec as dec_deg,
            coalesce(reason_code, 'positive') as outcome, pos_name
        from positives using sample reservoir(8000 rows) repeatable (13)
    """).pl()
    chart = (
        alt.Chart(rows)
        .mark_circle(size=22)
        .encode(
            x=alt.X(
                "ra_deg:Q",
                scale=alt.Scale(reverse=True, zero=False),
                title="RA (deg, from -180 to 180)",
            ),
            y=alt.Y("dec_deg:Q", scale=alt.Scale(zero=False), title="Dec (deg)"),
            color=category_colour("outcome:N", "outcome"),
            tooltip=["pos_name:N", "outcome:N"],
        )
        .properties(width=WIDTH * 1.5, height=HEIGHT)
        .interactive()
    )
    return Figure(
        "positives_on_sky", chart, "Known lenses and what became of their match with the catalogue."
    )


def galleries(lake: duckdb.DuckDBPyConnection) -> list[Block]:
    """Cutouts of positives and of every category of negatives."""
    rows = lake.sql(f"""
        select category, galaxy_id, pixels from (
            select coalesce(training_sample.confuser_category, training_sample.pool, 'positive') as category, galaxy_id, cutout_pixels.pixels,
                row_number() over (partition by category order by md5(galaxy_id)) as place
            from training_sample inner join cutout_pixels using (galaxy_id) where cutout_pixels.pixels is not null
        ) where place <= {N_PICTURES} order by category, place
    """).fetchall()
    if not rows:
        return [Note("No cutouts yet: run python -m ingest cutouts.")]
    by_category: dict[str, list[tuple[str, str]]] = {}
    for category, galaxy_id, pixels in rows:
        size = round((len(pixels) / len(BANDS)) ** 0.5)
        planes = np.asarray(pixels, dtype=np.float32).reshape(len(BANDS), size, size)
        by_category.setdefault(category, []).append((picture(planes, BANDS), galaxy_id))
    return [
        Gallery(f"Cutouts: {category}.", [pictures]) for category, pictures in by_category.items()
    ]


def shortcuts(lake: duckdb.DuckDBPyConnection) -> Table:
    """Features and classifiers by how well they tell the classes apart."""
    columns = [name for (name, *_) in lake.execute("describe shortcut_scores").fetchall()]
    rows = lake.sql("from shortcut_scores order by auc desc nulls last limit 25").fetchall()
    return Table(
        "The 25 features and classifiers that separate the classes best.",
        columns,
        [list(row) for row in rows],
    )


def gate(lake: duckdb.DuckDBPyConnection) -> Table:
    """GO or NO-GO with the numbers that led to it."""
    columns = [name for (name, *_) in lake.execute("describe cutout_gates").fetchall()]
    rows = lake.sql("from cutout_gates").fetchall()
    return Table("Gates of the cutouts.", columns, [list(row) for row in rows])
