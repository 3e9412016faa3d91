"""Stamps to look at.

Hosts and arcs from faint to bright, recovered and missed, and controls.
"""

import duckdb
import numpy as np
import polars as pl

from report.blocks import Block, Gallery, Note, Section
from report.sections.completeness import labels, shown_rule, widest_experiment
from report.stamps import ARC_STRETCH_NMGY, picture

N_COLUMNS = 8
Pictures = list[tuple[str, str]]


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Return galleries of arcs, of recovered and missed ones, of controls."""
    experiment = widest_experiment(lake)
    rule = shown_rule(lake, experiment)
    return Section(
        anchor="gallery",
        title="Stamps",
        lead=(
            f"Colour composites of {labels(lake)[experiment]} (z red, r green, g blue), north up and east left, on one scale. A pixel is "
            "0.262 arcsec. S/N is the matched signal to noise of the injected arc, \u03b8 its Einstein radius in arcsec."
        ),
        blocks=[
            from_faint_to_bright(lake, experiment),
            recovered_and_missed(lake, experiment, rule),
            controls(lake, experiment, rule),
        ],
    )


def from_faint_to_bright(lake: duckdb.DuckDBPyConnection, experiment: str) -> Block:
    """Return hosts, arcs and both, in order of the arc's matched S/N."""
    pairs = lake.execute(
        f"""
        with hosts as (
            select brickid, objid, min(task_id) as host_task_id
            from injections where is_control and cutout_ok and experiment_id = $experiment group by all
        ),
        arcs as (
            select distinct on (injections.render_id) injections.*, hosts.host_task_id
            from injections
            inner join hosts using (brickid, objid)
            where not injections.is_control and injections.metrics_ok and injections.experiment_id = $experiment
            order by injections.render_id
        ),
        ranked as (select *, ntile({N_COLUMNS}) over (order by arc_snr_matched, task_id) as step from arcs)
        select task_id, host_task_id, theta_e_arcsec, arc_snr_matched, bandset, stamp_size from ranked
        qualify row_number() over (partition by step order by md5(task_id)) = 1 order by step
        """,
        {"experiment": experiment},
    ).pl()
    if pairs.is_empty():
        return Note("No host has both a control and an injection, so there is nothing to compare.")
    hosts, arcs, both = [], [], []
    for pair in pairs.iter_rows(named=True):
        bands = tuple(pair["bandset"])
        host, injected = (pixels(lake, pair[name], pair) for name in ("host_task_id", "task_id"))
        hosts.append((picture(host, bands), ""))
        arcs.append((picture(injected - host, bands, ARC_STRETCH_NMGY), ""))
        both.append((picture(injected, bands), caption(pair)))
    return Gallery(
        "From faint to bright: one injection from each eighth in S/N. The arc alone is the injected stamp minus its host, so it includes the "
        "photon noise of the arc. It is drawn on a brighter scale than the others.",
        [hosts, arcs, both],
        labels=["host", "arc alone", "injected"],
    )


def recovered_and_missed(lake: duckdb.DuckDBPyConnection, experiment: str, rule: str) -> Block:
    """Return what the rule recovers above what it misses."""
    rows = lake.execute(
        """
        select injections.task_id, theta_e_arcsec, arc_snr_matched, bandset, stamp_size, is_detected
        from injections inner join recoveries using (task_id)
        where injections.experiment_id = $experiment and recoveries.rule = $rule and recoveries.is_usable
            and not injections.is_control and injections.metrics_ok
        qualify row_number() over (partition by injections.render_id order by task_id) = 1
        order by is_detected desc, if(is_detected, arc_snr_matched, -arc_snr_matched), task_id
        """,
        {"experiment": experiment, "rule": rule},
    ).pl()
    shown = {
        "recovered, faint": rows.filter("is_detected").head(N_COLUMNS),
        "recovered, bright": rows.filter("is_detected").tail(N_COLUMNS),
        "missed, bright": rows.filter(~pl.col("is_detected")).head(N_COLUMNS),
        "missed, faint": rows.filter(~pl.col("is_detected")).tail(N_COLUMNS),
    }
    shown = {label: part for label, part in shown.items() if len(part)}
    if not shown:
        return Note(f"The rule {rule} judges no injection of this experiment.")
    return Gallery(
        f"The faintest and brightest injections that the rule {rule} recovers and misses. Faint ones that are recovered show what else it takes "
        "for an arc; bright ones that are missed show what it cannot see.",
        [row_of(lake, part) for part in shown.values()],
        labels=list(shown),
    )


def controls(lake: duckdb.DuckDBPyConnection, experiment: str, rule: str) -> Block:
    """Return hosts without an arc: those taken for lenses, and others."""
    rows = lake.execute(
        """
        select injections.task_id, blind_snr, bandset, stamp_size, coalesce(is_detected, false) as is_detected
        from injections left join recoveries on injections.task_id = recoveries.task_id and recoveries.rule = $rule
        where injections.experiment_id = $experiment and injections.is_control and injections.cutout_ok
        qualify row_number() over (partition by brickid, objid order by injections.task_id) = 1
        order by md5(injections.task_id)
        """,
        {"experiment": experiment, "rule": rule},
    ).pl()
    shown = {
        "taken for a lens": rows.filter("is_detected").head(N_COLUMNS),
        "not": rows.filter(~pl.col("is_detected")).head(N_COLUMNS),
    }
    shown = {label: part for label, part in shown.items() if len(part)}
    if not shown:
        return Note("No control of this experiment has a stamp.")
    return Gallery(
        f"Controls, which are galaxies without an arc: false positives of the rule {rule}, and others. 'blind' is the significance of the blue residual.",
        [row_of(lake, part) for part in shown.values()],
        labels=list(shown),
    )


def row_of(lake: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> Pictures:
    """Return the pictures of tasks with their captions.

    Parameters
    ----------
    lake : duckdb.DuckDBPyConnection
    rows : polars.DataFrame
        One row per task: ``task_id``, ``bandset``, ``stamp_size`` (pixel), and the
        numbers of its caption.

    Returns
    -------
    list of (str, str)
        A PNG as a data URI, and a caption, for each task.
    """
    return [
        (picture(pixels(lake, row["task_id"], row), tuple(row["bandset"])), caption(row))
        for row in rows.iter_rows(named=True)
    ]


def caption(row: dict) -> str:
    """Return a stamp's numbers in a few characters."""
    if "blind_snr" in row:
        return "" if row["blind_snr"] is None else f"blind {row['blind_snr']:.1f}"
    return f"\u03b8 {row['theta_e_arcsec']:.2f}, S/N {row['arc_snr_matched']:.0f}"


def pixels(lake: duckdb.DuckDBPyConnection, task_id: str, row: dict) -> np.ndarray:
    """Read the stamp of a task.

    Parameters
    ----------
    lake : duckdb.DuckDBPyConnection
    task_id : str
    row : dict
        Its ``bandset`` and ``stamp_size`` (pixel).

    Returns
    -------
    (n_band, size, size) float32, nanomaggy
    """
    [(values,)] = lake.execute("select pixels from stamps where task_id = ?", [task_id]).fetchall()
    size = row["stamp_size"]
    return np.asarray(values, dtype=np.float32).reshape(len(row["bandset"]), size, size)
