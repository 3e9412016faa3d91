"""The stages, and the tables that each one publishes."""

import re
from pathlib import Path

MODELS = Path(__file__).resolve().parent.parent / "models"
STAGES = (
    *("staging", "regions", "parents", "manifests", "pools"),
    *("coadds", "injections", "completeness", "cutouts", "finder"),
)
MISSING_TABLE = re.compile(r"Table with name \"?(\w+)\"? does not exist")


def stage_of_tables() -> dict[str, str]:
    """Return the stage of every table: the folder of its model."""
    files = ((stage, path) for stage in STAGES for path in (MODELS / stage).iterdir())
    return {path.stem: stage for stage, path in files if path.suffix in (".sql", ".py")}


def what_is_missing(message: str) -> str:
    """Return DuckDB's complaint as two sentences: what lacks, what to run."""
    found = MISSING_TABLE.search(message)
    if not found:
        return f"{message.splitlines()[0]} Run the stage that publishes it"
    stage = stage_of_tables().get(found[1])
    lacks = f"the lake has no table {found[1]}."
    if stage is None:
        return f"{lacks} Run the stage that publishes it"
    return f"{lacks} Run the stage: dbt build --select {stage}"
