with

-- The baseline, and every finder whose scores of cutouts were taken in.
finder_scores as (
    select
        galaxy_id,
        finder,
        score
    from {{ ref('baseline_scores') }}
    union all
    select
        galaxy_id,
        finder,
        score
    from {{ scores_of('cutout', 'galaxy_id') }} as cutout_scores
),

training_sample as (
    select
        galaxy_id,
        is_lens,
        split
    from {{ ref('training_sample') }}
),

scored_objects as (
    select
        finder_scores.finder,
        training_sample.split,
        training_sample.is_lens,
        finder_scores.score
    from finder_scores
    inner join training_sample on finder_scores.galaxy_id = training_sample.galaxy_id
),

-- Equal scores share the middle of their ranks.
scores_ranked as (
    select
        *,
        rank() over (partition by finder, split order by score)
        + (count(*) over (partition by finder, split, score) - 1) / 2e0 as middle_rank
    from scored_objects
),

thresholds as (
    select
        finder,
        split,
        case
            when count(*) filter (where not is_lens) >= 10
                then quantile_disc(score, 0.9) filter (where not is_lens)
        end as threshold_fpr_10,
        case
            when count(*) filter (where not is_lens) >= 100
                then quantile_disc(score, 0.99) filter (where not is_lens)
        end as threshold_fpr_1
    from scored_objects
    group by finder, split
),

-- AUC by Mann and Whitney (1947): mean rank of the lenses, shifted and scaled to [0, 1].
finder_performance as (
    select
        scores_ranked.finder,
        scores_ranked.split,
        count(*) filter (where scores_ranked.is_lens) as n_positives,
        count(*) filter (where not scores_ranked.is_lens) as n_negatives,
        (
            sum(scores_ranked.middle_rank) filter (where scores_ranked.is_lens)
            - n_positives * (n_positives + 1) / 2e0
        ) / nullif(n_positives * n_negatives, 0) as auc,
        any_value(thresholds.threshold_fpr_10) as threshold_at_fpr_10_percent,
        any_value(thresholds.threshold_fpr_1) as threshold_at_fpr_1_percent,
        avg((scores_ranked.score > thresholds.threshold_fpr_10)::integer)
            filter (where scores_ranked.is_lens) as true_positive_rate_at_fpr_10_percent,
        avg((scores_ranked.score > thresholds.threshold_fpr_1)::integer)
            filter (where scores_ranked.is_lens) as true_positive_rate_at_fpr_1_percent
    from scores_ranked
    inner join thresholds
        on
            scores_ranked.finder = thresholds.finder
            and scores_ranked.split = thresholds.split
    group by scores_ranked.finder, scores_ranked.split
)

select * from finder_performance
order by finder, split
