"""The training pools of the finder.

What was kept, how the classes look, and whether anything but arcs tells them apart.
"""

import altair as alt
import duckdb
import numpy as np

from report.blocks import Block, Figure, Gallery, Note, Section, Table
from report.sections import shortcuts
from report.stamps import picture
from report.style import HEIGHT, WIDTH, category_colour

N_PICTURES = 5  # side by side on a page
BANDS = ("g", "r", "z")
WHAT = {"positive": "Positives: known lenses", "N1": "Negatives N1: representative galaxies"}


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Return funnel, balance, positions, galleries, shortcuts and the gate."""
    return Section(
        anchor="pools",
        title="Training pools",
        lead="Known lenses are the positives, sampled galaxies and confusers the negatives. The checks ask whether anything but an arc tells them apart.",
        blocks=[
            rules(lake),
            funnel(lake),
            options(lake),
            balance(lake),
            positives_on_sky(lake),
            *galleries(lake),
            *shortcuts.blocks(lake),
        ],
    )


def rules(lake: duckdb.DuckDBPyConnection) -> Note:
    """Say which rule sets made the pools."""
    [(rule_set, confusers)] = lake.sql(
        "select rule_set, confuser_rule_set from pool_rules"
    ).fetchall()
    return Note(f"Rule set {rule_set}, confusers {confusers} (seeds/pools).")


def funnel(lake: duckdb.DuckDBPyConnection) -> Table:
    """Return the filters of the negatives, in order."""
    rows = lake.sql("""
        select cut_name, reason_code, n_in, n_rejected, n_out from negative_funnel
        where not is_diagnostic and is_applied order by cut_order
    """).fetchall()
    return Table(
        "Negatives: every source is counted under the first filter that it fails.",
        ["filter", "reason", "in", "rejected", "out"],
        [list(row) for row in rows],
    )


def options(lake: duckdb.DuckDBPyConnection) -> Table:
    """Return what each filter that is off would remove."""
    rows = lake.sql("""
        select cut_name, n_lost_if_applied, round(100 * n_lost_if_applied / n_out, 1) from negative_funnel
        where not is_diagnostic and not is_applied order by cut_order
    """).fetchall()
    return Table(
        "Optional filters (pool_optional_cuts) that are off: how many of the remaining galaxies each one alone would remove.",
        ["filter", "would remove", "%"],
        [list(row) for row in rows],
    )


def balance(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Draw objects of the training sample by pool, category and split."""
    rows = lake.sql("""
        select pool, coalesce(confuser_category, pool) as category, split, count(*) as n_objects
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
    """Draw known lenses on the sky by outcome."""
    rows = lake.sql("""
        select if(pos_catalog_ra > 180, pos_catalog_ra - 360, pos_catalog_ra) as ra_deg, pos_catalog_dec as dec_deg,
            coalesce(reason_code, 'positive') as outcome, pos_name
        from positives using sample reservoir(8000 rows) repeatable (13)
    """).pl()
    counts = lake.sql("""
        select coalesce(reason_code, 'positive') as outcome, count(*) as n from positives
        group by all order by n desc, outcome
    """).fetchall()
    chart = (
        alt.Chart(rows)
        .mark_circle(size=22)
        .encode(
            x=alt.X(
                "ra_deg:Q",
                scale=alt.Scale(domain=[180, -180], nice=False),
                title="RA (deg, from -180 to 180)",
            ),
            y=alt.Y("dec_deg:Q", scale=alt.Scale(zero=False), title="Dec (deg)"),
            color=category_colour("outcome:N", "outcome"),
            tooltip=["pos_name:N", "outcome:N"],
        )
        .properties(width=WIDTH * 1.5, height=HEIGHT)
        .interactive()
    )
    told = ", ".join(f"{n} {outcome}" for outcome, n in counts)
    return Figure("positives_on_sky", chart, f"Known lenses and what became of them: {told}.")


def galleries(lake: duckdb.DuckDBPyConnection) -> list[Block]:
    """Return cutouts of positives and of every category of negatives."""
    counts = dict(
        lake.sql("""
            select category, count(training_sample.galaxy_id) from (
                select 'positive' as category, 0 as place union all select 'N1', 1 union all
                select category, 1 + min(rule_order) from confuser_rules
                where confuser_rule_set = (select confuser_rule_set from pool_rules) group by category
            ) left join training_sample on category = coalesce(confuser_category, pool)
            group by category, place order by place
        """).fetchall()
    )
    pictures = pictures_by_category(lake)
    if not pictures:
        return [Note("No cutouts yet: run python -m ingest cutouts.")]
    return [gallery(category, n, pictures.get(category, [])) for category, n in counts.items()]


def gallery(category: str, n: int, pictures: list[tuple[str, str]]) -> Block:
    """Return the pictures of a category, or a sentence if there are none."""
    what = WHAT.get(category, f"Confusers N2: {category}")
    if not pictures:
        return Note(f"{what}: {n} in the sample, none with a cutout.")
    return Gallery(f"{what}, {len(pictures)} of {n} in the sample.", [pictures])


def pictures_by_category(lake: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    """Return a few cutouts of each category, the same in every run."""
    rows = lake.sql(f"""
        with chosen as (
            select coalesce(confuser_category, pool) as category, galaxy_id
            from training_sample semi join cutout_pixels using (galaxy_id)
            qualify row_number() over (partition by category order by md5(galaxy_id)) <= {N_PICTURES}
        )
        select category, galaxy_id, pixels from chosen inner join cutout_pixels using (galaxy_id)
        order by category, galaxy_id
    """).fetchall()
    found: dict[str, list[tuple[str, str]]] = {}
    for category, galaxy_id, pixels in rows:
        size = round((len(pixels) / len(BANDS)) ** 0.5)
        planes = np.asarray(pixels, dtype=np.float32).reshape(len(BANDS), size, size)
        found.setdefault(category, []).append((picture(planes, BANDS), galaxy_id))
    return found
