"""The picture of the README, drawn from the lake of the demo.

Make it again with ``make demo`` and then ``.venv/bin/python -m docs.images.make``.
"""

import io
from pathlib import Path

import altair as alt
import duckdb
import numpy as np
import polars as pl
import vl_convert
from PIL import Image

from report.stamps import ARC_STRETCH_NMGY, picture
from report.style import CATEGORY_COLOURS, themed
from store import lake

PICTURE = Path(__file__).parent / "selection_function.png"
EXPERIMENT = "train_stamp64_bandsgrz_gridrecoverable"
RULES = {
    "matched_snr": "detectable: matched S/N of 20 or more",
    "blind_fpr_1e1": "found blindly, at 10 % false positives",
}
COLUMNS = ("host galaxy", "simulated arc", "arc painted in")
SIGNAL_TO_NOISE = ((15, 25), (40, 60), (100, 1000))  # of the three rows
STAMP = 118  # pixels of the figure
GAP = 4
STEP = 8  # of the colours' 256 levels: sky noise does not compress, and the file must stay small


def main() -> None:
    """Write the picture into the folder of this module."""
    connection = lake.connect(read_only=True)
    chart = alt.hconcat(stamps(connection), curve(connection), spacing=34).resolve_scale(
        color="independent"
    )
    title = alt.TitleParams(
        "Embedded synthetic survey: what is injected, and how much of it is recovered",
        anchor="start",
        fontSize=15,
        offset=14,
    )
    figure = themed(chart.properties(title=title, background="white", padding=14))
    drawn = Image.open(io.BytesIO(vl_convert.vegalite_to_png(figure.to_json(), scale=1.5)))
    levels = [min(255, round(value / STEP) * STEP) for value in range(256)]
    drawn.convert("RGB").point(levels * 3).save(PICTURE, optimize=True)


def stamps(connection: duckdb.DuckDBPyConnection) -> alt.LayerChart:
    """Return three systems from faint to bright: host, arc, and both."""
    cells = pl.DataFrame(
        [
            {"column": column, "row": row, "url": url, "caption": caption}
            for row, system in enumerate(chosen_systems(connection))
            for column, (url, caption) in zip(COLUMNS, pictures(connection, system), strict=True)
        ]
    )
    size = len(SIGNAL_TO_NOISE) * (STAMP + GAP)
    x = alt.X(
        "column:N",
        sort=list(COLUMNS),
        title=None,
        axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False, labelPadding=6),
    )
    base = alt.Chart(cells).encode(x=x, y=alt.Y("row:O", axis=None))
    images = base.mark_image(width=STAMP, height=STAMP).encode(url="url:N")
    captions = base.mark_text(
        color="white", fontSize=11, fontWeight="bold", dy=STAMP / 2 - 11
    ).encode(text="caption:N")
    return (images + captions).properties(width=size, height=size)


def chosen_systems(connection: duckdb.DuckDBPyConnection) -> list[dict]:
    """Return the most magnified injection of each range of S/N.

    Its host is a control of the same experiment too, so that the galaxy is
    there without its arc.
    """
    query = """
        select arcs.task_id, controls.task_id as host_task_id, arcs.theta_e_arcsec, arcs.arc_snr_matched,
            arcs.bandset, arcs.stamp_size
        from injections as arcs
        inner join injections as controls using (experiment_id, brickid, objid)
        where arcs.experiment_id = $experiment and not arcs.is_control and controls.is_control
            and arcs.metrics_ok and controls.metrics_ok and arcs.theta_e_arcsec between 1.1 and 2.4
            and arcs.arc_snr_matched between $low and $high
        order by arcs.magnification desc, arcs.task_id
        limit 1
    """
    return [
        connection.execute(query, {"experiment": EXPERIMENT, "low": low, "high": high})
        .pl()
        .row(0, named=True)
        for low, high in SIGNAL_TO_NOISE
    ]


def pictures(connection: duckdb.DuckDBPyConnection, system: dict) -> list[tuple[str, str]]:
    """Return the three pictures of a system, each with its caption."""
    bands = tuple(system["bandset"])
    host = pixels(connection, system["host_task_id"], system)
    injected = pixels(connection, system["task_id"], system)
    radius, signal = system["theta_e_arcsec"], system["arc_snr_matched"]
    return [
        (picture(host, bands), ""),
        (picture(injected - host, bands, ARC_STRETCH_NMGY), f"\u03b8_E {radius:.1f}\u2033"),
        (picture(injected, bands), f"S/N {signal:.0f}"),
    ]


def pixels(connection: duckdb.DuckDBPyConnection, task_id: str, system: dict) -> np.ndarray:
    """Return the (band, y, x) stamp of a task in nanomaggies."""
    (values,) = connection.execute(
        "select pixels from stamps where task_id = ?", [task_id]
    ).fetchone()
    size = system["stamp_size"]
    return np.asarray(values, dtype=np.float32).reshape(len(system["bandset"]), size, size)


def curve(connection: duckdb.DuckDBPyConnection) -> alt.LayerChart:
    """Return completeness against Einstein radius with 95 % intervals."""
    rows = pl.concat(completeness(connection, rule) for rule in RULES)
    legend = alt.Legend(
        title=None, orient="top", direction="vertical", labelLimit=400, symbolOpacity=1
    )
    colour = alt.Color(
        "rule:N",
        scale=alt.Scale(domain=list(RULES.values()), range=CATEGORY_COLOURS[:2]),
        legend=legend,
    )
    base = alt.Chart(rows).encode(
        x=alt.X(
            "middle:Q",
            title="Einstein radius (arcsec)",
            scale=alt.Scale(domain=[0.5, 3], nice=False),
            axis=alt.Axis(tickCount=6),
        ),
        color=colour,
    )
    y = alt.Y(
        "wilson_low:Q",
        title="completeness",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(tickCount=5),
    )
    bands = base.mark_area(opacity=0.18).encode(y=y, y2="wilson_high:Q")
    lines = base.mark_line(point=alt.OverlayMarkDef(size=45), strokeWidth=2.2).encode(
        y=alt.Y("completeness:Q")
    )
    return (bands + lines).properties(width=330, height=300)


def completeness(connection: duckdb.DuckDBPyConnection, rule: str) -> pl.DataFrame:
    """Return completeness in each bin of Einstein radius for a rule."""
    edges = connection.sql(
        "select edge from completeness_edges where axis = 'theta_e_arcsec' and edge >= 0.5 order by edge"
    ).fetchall()
    bins = [
        connection.execute(
            """
            select theta_e_arcsec_low, theta_e_arcsec_high, completeness, wilson_low, wilson_high
            from completeness_at(?, chosen_rule := ?, chosen_quality := 'all')
            where experiment_id = ? and n_hosts > 0
            """,
            [edge, rule, EXPERIMENT],
        ).pl()
        for (edge,) in edges
    ]
    return pl.concat(bins).with_columns(
        rule=pl.lit(RULES[rule]),
        middle=(pl.col("theta_e_arcsec_low") + pl.col("theta_e_arcsec_high")) / 2,
    )


if __name__ == "__main__":
    main()
