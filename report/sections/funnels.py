"""How many sources each cut leaves, and how many tasks each step leaves."""

import altair as alt
import duckdb

from report.blocks import Figure, Section
from report.sections.completeness import labels
from report.style import CATEGORY_COLOURS, WIDTH

STEPS = {
    "asked for": "true",
    "brick is cached": "runnable.task_id is not null",
    "stamp is there": "injections.cutout_ok",
    "metrics measured": "injections.metrics_ok",
    "clean": "injections.metrics_ok and task_outcomes.is_clean",
}


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Return the funnels to the parent sample and to clean stamps."""
    return Section(
        anchor="funnel",
        title="Funnels",
        lead="Every catalogue source is counted once, under the first cut that it fails. Every task that was asked for is followed to the end.",
        blocks=[parent_funnel(lake), task_funnel(lake)],
    )


def parent_funnel(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Draw how many sources enter and pass each cut."""
    rows = lake.sql("""
        select cut_order, cut_name, sum(n_in)::bigint as n_in, sum(n_out)::bigint as n_out, sum(n_cut)::bigint as n_lost
        from parent_funnel
        group by all
        order by cut_order
    """).pl()
    bars = alt.Chart(rows).encode(
        y=alt.Y("cut_name:N", sort=None, title="cut, in order"),
        tooltip=[
            alt.Tooltip("cut_name:N", title="cut"),
            alt.Tooltip("n_in:Q", title="entering", format=","),
            alt.Tooltip("n_lost:Q", title="failing here", format=","),
            alt.Tooltip("n_out:Q", title="passing", format=","),
        ],
    )
    entering = bars.mark_bar(color="#dddddd").encode(x=alt.X("n_in:Q", title="sources"))
    leaving = bars.mark_bar(color=CATEGORY_COLOURS[0], height=8).encode(x="n_out:Q")
    numbers = bars.mark_text(align="left", dx=5).encode(
        x="n_in:Q", text=alt.Text("n_out:Q", format=",")
    )
    return Figure(
        name="parent_funnel",
        chart=(entering + leaving + numbers).properties(width=WIDTH * 1.5, height=26 * len(rows)),
        caption="Sources that enter each cut (grey) and that pass it (blue, with the number).",
    )


def task_funnel(lake: duckdb.DuckDBPyConnection) -> Figure:
    """Draw the share of each experiment's tasks that reach each step."""
    counts = ", ".join(
        f'count(*) filter (where {condition}) as "{step}"' for step, condition in STEPS.items()
    )
    rows = lake.sql(f"""
        with reached as (
            select tasks.experiment_id, count(*) as n_tasks, {counts}
            from injection_tasks as tasks
            left join (select task_id from runnable_tasks) as runnable using (task_id)
            left join injections using (task_id)
            left join (select task_id, is_clean from task_outcomes) as task_outcomes using (task_id)
            group by tasks.experiment_id
        )
        select experiment_id, n_tasks, step, n_reached, n_reached / n_tasks as share
        from (unpivot reached on {", ".join(f'"{step}"' for step in STEPS)} into name step value n_reached)
        order by experiment_id
    """).pl()
    rows = rows.with_columns(experiment=rows["experiment_id"].replace(labels(lake)))
    base = alt.Chart(rows).encode(
        y=alt.Y("step:N", sort=list(STEPS), title=None),
        tooltip=[
            alt.Tooltip("experiment:N"),
            alt.Tooltip("step:N"),
            alt.Tooltip("n_reached:Q", title="tasks", format=","),
            alt.Tooltip("share:Q", title="share", format=".3f"),
        ],
    )
    x = alt.X("share:Q", title="share of the tasks", scale=alt.Scale(domain=[0, 1.25]), axis=alt.Axis(values=[0, 0.5, 1]))  # fmt: skip
    bars = base.mark_bar(color=CATEGORY_COLOURS[0]).encode(x=x)
    numbers = base.mark_text(align="left", dx=4, fontSize=10).encode(
        x=x, text=alt.Text("n_reached:Q", format=",")
    )
    chart = (
        (bars + numbers)
        .properties(width=WIDTH * 0.42, height=18 * len(STEPS))
        .facet(facet=alt.Facet("experiment:N", title=None), columns=4)
    )
    return Figure(
        "task_funnel",
        chart,
        "Tasks of each experiment, injections and controls together. Every task that is lost on the way remains a row with a reason. Clean "
        "means few bad pixels and little area that is bright in WISE.",
    )
