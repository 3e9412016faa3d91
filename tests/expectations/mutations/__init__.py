"""For every rule that is not about one column: a change to the small lake that breaks it.

``{table: {check: change}}``. A change is what stands after ``update <table> set``, or a whole
statement; a tuple also names the other checks that it must break.
"""

from tests.expectations.mutations import (
    coadds,
    completeness,
    completeness_steps,
    cutouts,
    finder,
    injections,
    manifests,
    parents,
    regions,
    staging,
)

STAGES = (
    staging,
    regions,
    parents,
    manifests,
    coadds,
    injections,
    completeness,
    completeness_steps,
    cutouts,
    finder,
)
ALL = {table: changes for stage in STAGES for table, changes in stage.CHANGES.items()}
