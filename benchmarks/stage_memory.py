"""Peak memory of a worker, printed in GB: `python -m benchmarks.stage_memory COADDS spread|one N`."""

import resource
import sys
import tempfile
from pathlib import Path

from benchmarks.stage_tasks import (
    BRICKS,
    N_HOSTS,
    RENDERS_PER_BRICK,
    REPLICATES,
    brick_renders,
    stage_settings,
)
from injection.part_files import write_part
from injection.plan import parts
from injection.stage import prepare_worker


def main(coadds: Path, place: str, n_tasks: int) -> None:
    """Do so many tasks as a worker does, part by part; the files are thrown away."""
    settings = stage_settings(coadds)
    names = list(BRICKS)
    prepare_worker()
    if place == "one":
        bricks = iter([brick_renders(coadds, names[0], n_tasks // REPLICATES)])
    else:
        bricks = (
            brick_renders(coadds, names[k % len(names)], N_HOSTS, k * RENDERS_PER_BRICK)
            for k in range(-(-n_tasks // RENDERS_PER_BRICK))
        )
    n_done = 0
    for part in parts(bricks, settings):
        with tempfile.TemporaryDirectory(dir=coadds.parent) as folder:
            n_done += write_part(part, settings, Path(folder)).n_renders
    if n_done < n_tasks:
        raise SystemExit(f"{n_done} of {n_tasks} tasks done")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)  # Linux counts in kB


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
