"""The gate's own SQL on tables made in a test."""

import duckdb
import jinja2
import pyarrow as pa

from expectations.seeds import SEED_FOLDER
from store.project import settings
from tests.places import PROJECT


def gates(quality: pa.Table, scores: pa.Table, classifiers: pa.Table, sham: pa.Table) -> dict:
    """Return the rows of `cutout_gates` by gate, from the tables it reads."""
    connection = duckdb.connect()
    rules = SEED_FOLDER / "cutouts" / "cutout_gate_rules.csv"
    connection.execute(f"create table cutout_gate_rules as from read_csv('{rules}')")
    connection.register("cutout_quality", quality)
    connection.register("shortcut_scores", scores)
    connection.register("shortcut_classifiers", classifiers)
    connection.register("sham_features", sham)
    connection.execute(f"create view cutout_gate_limits as {rendered('cutout_gate_limits')}")
    connection.execute(f"create view cutout_gate_values as {rendered('cutout_gate_values')}")
    found = connection.execute(rendered("cutout_gates")).to_arrow_table()
    return {row["gate"]: row for row in found.to_pylist()}


def rendered(model: str) -> str:
    """Return the SQL of a model, with tables named as in the lake."""
    chosen = settings()
    text = (PROJECT / "models" / "cutouts" / f"{model}.sql").read_text()
    return jinja2.Template(text).render(
        ref=lambda name: name, var=lambda name: chosen[name], config=lambda **_: ""
    )
