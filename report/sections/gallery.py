"""Stamps to look at: host, arc alone, injected."""

import duckdb
import numpy as np

from report.blocks import Block, Gallery, Note, Section
from report.sections.completeness import widest_experiment
from report.stamps import picture

N_ROWS = 8


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Galleries from faint to bright arcs."""
    return Section(
        anchor="gallery",
        title="Stamps",
        lead="Colour composites (z red, r green, g blue), north up and east left, every stamp on one scale.",
        blocks=[from_faint_to_bright(lake)],
    )


def from_faint_to_bright(lake: duckdb.DuckDBPyConnection) -> Block:
    """Hosts beside the same hosts with an arc, in order of the arc's matched S/N."""
    pairs = lake.execute(
        f"""
        with hosts as (
            select brickid, objid, stamp_size, min(task_id) as host_task_id
            from injections where is_control and cutout_ok group by all
        ),
        arcs as (
            select distinct on (injections.render_id)
                injections.task_id, hosts.host_task_id, injections.theta_e_arcsec, injections.arc_snr_matched,
                injections.magnification, injections.psf_fwhm_used_r, injections.bandset, injections.stamp_size
            from injections
            inner join hosts using (brickid, objid, stamp_size)
            where not injections.is_control and injections.metrics_ok and injections.experiment_id = ?
            order by injections.render_id
        ),
        ranked as (select *, ntile({N_ROWS}) over (order by arc_snr_matched, task_id) as step from arcs)
        select * from ranked qualify row_number() over (partition by step order by md5(task_id)) = 1 order by step
    """,
        [widest_experiment(lake)],
    ).pl()
    if pairs.is_empty():
        return Note(
            "No host has both a control and an injection, so there is nothing to set side by side."
        )
    rows = [pictures_of(lake, pair) for pair in pairs.iter_rows(named=True)]
    return Gallery(
        "One pair out of each eighth of the injections, from the faintest arcs to the brightest. The arc alone is injected minus host, so it holds the arc's photon noise.",
        rows,
        ["host", "arc alone", "injected"],
    )


def pictures_of(lake: duckdb.DuckDBPyConnection, pair: dict) -> list[tuple[str, str]]:
    """The three pictures of one pair."""
    host, injected = (pixels(lake, pair[name], pair) for name in ("host_task_id", "task_id"))
    bands = tuple(pair["bandset"])
    caption = (
        f'theta_E {pair["theta_e_arcsec"]:.2f}", S/N {pair["arc_snr_matched"]:.0f}, '
        f'magnification {pair["magnification"]:.1f}, PSF {pair["psf_fwhm_used_r"]:.2f}"'
    )
    return [
        (picture(host, bands), ""),
        (picture(injected - host, bands), ""),
        (picture(injected, bands), caption),
    ]


def pixels(lake: duckdb.DuckDBPyConnection, task_id: str, pair: dict) -> np.ndarray:
    """(band, y, x) float32 stamp of a task, nanomaggy."""
    (values,) = lake.execute("select pixels from stamps where task_id = ?", [task_id]).fetchone()
    size = pair["stamp_size"]
    return np.asarray(values, dtype=np.float32).reshape(len(pair["bandset"]), size, size)
