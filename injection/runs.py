"""How fast the stage was on this machine, for forecasts.

One row per run that did something.
"""

import datetime
from dataclasses import dataclass

import duckdb

TABLE = "lake.main.injection_runs"
COLUMNS = {
    "finished_at": "timestamptz",
    "n_workers": "integer",
    "seconds": "double",
    "n_renders": "bigint",
    "n_stamps": "bigint",
    "stamp_bytes": "bigint",
}


@dataclass
class Done:
    """What a run has done by now.

    Parameters
    ----------
    n_renders, n_stamps : int
    stamp_bytes : int
        Of the files that hold the stamps.
    """

    n_renders: int = 0
    n_stamps: int = 0
    stamp_bytes: int = 0

    def add(self, other: "Done") -> None:
        """Add another worker's totals."""
        self.n_renders += other.n_renders
        self.n_stamps += other.n_stamps
        self.stamp_bytes += other.stamp_bytes


def record_run(
    session: duckdb.DuckDBPyConnection, done: Done, n_workers: int, seconds: float
) -> None:
    """Add a run to the table of runs, which is made when it is not there."""
    definition = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    session.execute(f"create table if not exists {TABLE} ({definition})")
    if done.n_renders:
        now = datetime.datetime.now(datetime.UTC)
        row = [now, n_workers, seconds, done.n_renders, done.n_stamps, done.stamp_bytes]
        session.execute(f"insert into {TABLE} values (?, ?, ?, ?, ?, ?)", row)
