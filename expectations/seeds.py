"""Lists that suites compare with, from their one home: the seeds."""

from store.seeds import SEED_FOLDER, seed_rows, seed_values

__all__ = ["SEED_FOLDER", "reason_codes", "seed_rows"]


def reason_codes() -> list[str]:
    """Return every code that says why something could not be done."""
    return seed_values("reason_codes", "reason_code")
