"""Suites of the stage `finder`: scores, and how well they find lenses."""

from expectations.suite import Suite, always, among, between, equal, present, same_rows
from expectations.suites.rules import SPLITS
from store.project import Settings


def suites(settings: Settings) -> tuple[Suite, ...]:
    """Return one suite per published table of the stage."""
    del settings
    return (_baseline_scores(), _finder_performance())


def _baseline_scores() -> Suite:
    return Suite(
        table="baseline_scores",
        grain="One row per usable cutout.",
        key=("galaxy_id", "finder"),
        columns=("score",),
        checks=(
            between("score", 0, 1),
            among("finder", ("baseline",)),
            same_rows(
                "objects_are_those_with_a_usable_cutout",
                "galaxy_id",
                "select galaxy_id from cutout_features where quality_ok",
            ),
        ),
    )


def _finder_performance() -> Suite:
    return Suite(
        table="finder_performance",
        grain="One row per finder and split.",
        key=("finder", "split"),
        columns=("n_positives", "n_negatives", "auc"),
        checks=(
            among("split", SPLITS),
            *present("n_positives", "n_negatives"),
            always(
                "auc_where_both_classes_are",
                "if(n_positives > 0 and n_negatives > 0, auc between 0 and 1, auc is null)",
                why="From 0 to 1, and null when a class is empty.",
            ),
            always(
                "more_false_positives_find_more_lenses",
                "true_positive_rate_at_fpr_1_percent <= true_positive_rate_at_fpr_10_percent",
                when="true_positive_rate_at_fpr_1_percent is not null",
            ),
            equal(
                "every_score_of_the_baseline_counts",
                "select sum(n_positives + n_negatives)::bigint from {batch}"
                " where finder = 'baseline'",
                "select count(*) from baseline_scores",
            ),
        ),
    )
