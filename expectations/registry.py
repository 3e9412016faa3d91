"""Which stages there are, and the suites of each."""

from collections.abc import Callable, Iterable, Mapping

from expectations.suite import Suite
from expectations.suites import (
    coadds,
    completeness,
    cutouts,
    finder,
    injections,
    manifests,
    parents,
    pools,
    regions,
    staging,
)
from store.failures import CommandError
from store.project import Settings

STAGES: Mapping[str, Callable[[Settings], tuple[Suite, ...]]] = {
    "staging": staging.suites,
    "regions": regions.suites,
    "parents": parents.suites,
    "manifests": manifests.suites,
    "coadds": coadds.suites,
    "injections": injections.suites,
    "completeness": completeness.suites,
    "pools": pools.suites,
    "cutouts": cutouts.suites,
    "finder": finder.suites,
}


class UnknownNameError(CommandError):
    """No such stage or suite; the message lists what there is."""


def suites_of(stages: Iterable[str], settings: Settings) -> list[tuple[str, Suite]]:
    """The suites of some stages, each with its stage, in the order of the pipeline.

    Raises
    ------
    UnknownNameError
        When a stage has no suites.
    """
    wanted = set(stages) or set(STAGES)
    unknown = sorted(wanted - set(STAGES))
    if unknown:
        raise UnknownNameError(f"no stage {', '.join(unknown)}: there are {', '.join(STAGES)}")
    return [
        (stage, suite) for stage in STAGES if stage in wanted for suite in STAGES[stage](settings)
    ]


def suite_of(table: str, settings: Settings) -> tuple[str, Suite]:
    """The suite of a table, with its stage.

    Raises
    ------
    UnknownNameError
        When the table has none.
    """
    for stage, suite in suites_of((), settings):
        if suite.table == table:
            return stage, suite
    raise UnknownNameError(f"no suite for the table {table}: add one to expectations/")
