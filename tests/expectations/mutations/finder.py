"""What breaks the suites of `finder`."""

CHANGES = {
    "baseline_scores": {
        "objects_are_those_with_a_usable_cutout": (
            "delete from baseline_scores where galaxy_id = 'galaxy_9'"
        ),
    },
    "finder_performance": {
        "auc_where_both_classes_are": "auc = null where split = 'val'",
        "more_false_positives_find_more_lenses": "true_positive_rate_at_fpr_10_percent = 0.1",
        "every_score_of_the_baseline_counts": "n_negatives = n_negatives + 1 where split = 'val'",
    },
}
