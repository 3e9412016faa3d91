"""The gate's own SQL on tables made in a test."""

import duckdb
import jinja2
import pyarrow as pa

from store.project import settings
from tests.places import PROJECT


def gates(quality: pa.Table, scores: pa.Table, classifiers: pa.Table, sham: pa.Table) -> dict:
    """Rows of `cutout_gates` by name of the gate, from the tables that it reads."""
    chosen = settings()
    model = (PROJECT / "models" / "cutouts" / "cutout_gates.sql").read_text()
    query = jinja2.Template(model).render(ref=lambda name: name, var=lambda name: chosen[name])
    connection = duckdb.connect()
    connection.register("cutout_quality", quality)
    connection.register("shortcut_scores", scores)
    connection.register("shortcut_classifiers", classifiers)
    connection.register("sham_features", sham)
    return {row["gate"]: row for row in connection.execute(query).to_arrow_table().to_pylist()}
