"""What came of a validation: plain records, kept as JSON with the pages."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """What came of one expectation."""

    expectation: str
    why: str
    is_ok: bool
    observed: str
    query: str = ""
    sample: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableResult:
    """What came of one suite."""

    stage: str
    table: str
    grain: str
    n_rows: int
    seconds: float
    finished_at: str
    outcomes: tuple[Outcome, ...]
    basis: str = ""
    """Digest of all that the result depends on; empty where nobody asks for it again."""

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Return the expectations that the table does not meet."""
        return tuple(outcome for outcome in self.outcomes if not outcome.is_ok)

    @property
    def is_ok(self) -> bool:
        """Tell whether the table meets its suite.

        A suite without expectations is never met.
        """
        return bool(self.outcomes) and not self.failed


def to_json(result: TableResult) -> str:
    """Write a result as JSON text."""
    return json.dumps(asdict(result), indent=1)


def from_json(path: Path) -> TableResult:
    """Read a result as `to_json` wrote it."""
    fields = json.loads(path.read_text(encoding="utf-8"))
    outcomes = tuple(
        Outcome(**{**outcome, "sample": tuple(outcome["sample"])})
        for outcome in fields.pop("outcomes")
    )
    return TableResult(**fields, outcomes=outcomes)
