"""Suites of the stage `staging`."""

from expectations.settings import Settings
from expectations.suite import Suite


def suites(settings: Settings) -> tuple[Suite, ...]:
    """One suite per table of the stage."""
    return ()
