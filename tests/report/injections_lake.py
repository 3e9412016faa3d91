"""A few hand-made injections: two stamp sizes, selection sets, a grid and a prior of one tier."""

import duckdb
import polars as pl

SIZES = (64, 96)
GRIDS = ("grid_small", "recoverable")
N_SYSTEMS = 6  # of each grid
SETS = {"grid_small": ("set_a", "set_b", "set_c"), "recoverable": ("set_a",)}
FAILED = 5  # the system without a stamp


def experiment_id(grid, size):
    """Name of an experiment of the tier `train`."""
    return f"train_stamp{size}_bandsgrz_grid{grid}"


def injection_rows():
    """One row per system, stamp size and selection set, and a control of each; S/N is set by the grid."""
    for grid in GRIDS:
        for size in SIZES:
            for selection_set in SETS[grid]:
                for number in range(N_SYSTEMS):
                    host = 10 * GRIDS.index(grid) + number
                    yield row(grid, size, selection_set, host, number)
                yield row(grid, size, selection_set, 99, N_SYSTEMS, is_control=True)


def row(grid, size, selection_set, host, number, *, is_control=False):
    """One task."""
    ok = number != FAILED
    return {
        "task_id": f"{grid}/{size}/{selection_set}/{host}",
        "render_id": f"1/{host}/CONTROL/0" if is_control else f"1/{host}/{grid}/0",
        "experiment_id": experiment_id(grid, size),
        "tier": "train",
        "selection_set_id": selection_set,
        "stamp_size": size,
        "brickid": 1,
        "objid": host,
        "is_control": is_control,
        "theta_e_arcsec": 0.0 if is_control else 1.0,
        "arc_snr_matched": float(100 * (GRIDS.index(grid) + 1) + number) if ok else None,
        "cutout_ok": ok,
        "metrics_ok": ok,
        "reason_code": None if ok else "no_coverage",
        "psf_source_g": "map" if ok else "fallback",
        "psf_fwhm_used_g": 1.2 + 0.1 * number if ok else 1.0,
        "psf_source_r": "map" if ok else "fallback",
        "psf_fwhm_used_r": 1.1,
    }


def injections_lake():
    """A connection with `injections` and `stage_config`."""
    lake = duckdb.connect(config={"python_enable_replacements": False})
    configs = [
        {
            "experiment_id": experiment_id(grid, size), "tier": "train", "grid": grid,
            "stamp_size": size, "bandset": "grz", "n_galaxies": 20,
            "selection_set_ids": list(SETS[grid]),
        }
        for grid in GRIDS for size in SIZES
    ]  # fmt: skip
    for name, rows in (("injections", list(injection_rows())), ("stage_config", configs)):
        lake.register("given", pl.DataFrame(rows, infer_schema_length=None).to_arrow())
        lake.execute(f"create table {name} as from given")
        lake.unregister("given")
    return lake
