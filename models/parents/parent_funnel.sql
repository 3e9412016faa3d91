-- depends_on: {{ ref('lrg_variants') }}
-- Its suite compares with the parents, so they come first.
-- depends_on: {{ ref('parent_galaxies') }}
with

parent_cuts as (
    select * from {{ ref('parent_cuts') }}
),

source_counts as (
    select count(*) as n_sources from {{ ref('stg_sources') }}
),

lrg_cuts as (
    select * from {{ ref('lrg_cuts') }}
),

cuts as (
    select
        1 as cut_order,
        'brick_usable' as cut_name
    union all
    select
        2 as cut_order,
        'region_selected' as cut_name
    union all
    select
        cut_order + 2 as cut_order,
        cut_name
    from lrg_cuts
    where variant = '{{ var("parent_variant") }}'
),

failures_in_bricks as (
    select
        brick_group,
        failed_cut,
        count(*) as n_sources
    from parent_cuts
    group by brick_group, failed_cut
),

counted_sources as (
    select coalesce(sum(n_sources), 0)::bigint as n_counted from failures_in_bricks
),

-- Sources whose brick the brick table lacks have no group and fail the first cut.
failures as (
    select * from failures_in_bricks
    union all
    select
        'none' as brick_group,
        1 as failed_cut,
        source_counts.n_sources - counted_sources.n_counted as n_sources
    from source_counts
    cross join counted_sources
    where source_counts.n_sources > counted_sources.n_counted
),

group_totals as (
    select
        brick_group,
        sum(n_sources)::bigint as n_sources
    from failures
    group by brick_group
),

cut_counts as (
    select
        cuts.cut_order,
        cuts.cut_name,
        group_totals.brick_group,
        group_totals.n_sources,
        coalesce(failures.n_sources, 0) as n_cut,
        sum(coalesce(failures.n_sources, 0)) over (
            partition by group_totals.brick_group
            order by cuts.cut_order
        )::bigint as n_cut_so_far
    from cuts
    cross join group_totals
    left join failures
        on
            group_totals.brick_group = failures.brick_group
            and cuts.cut_order = failures.failed_cut
),

parent_funnel as (
    select
        '{{ var("parent_variant") }}' as parent_variant,
        cut_order,
        cut_name,
        brick_group,
        n_sources - n_cut_so_far + n_cut as n_in,
        n_cut,
        n_sources - n_cut_so_far as n_out,
        cut_order = max(cut_order) over () as is_last_cut
    from cut_counts
)

select * from parent_funnel
order by brick_group, cut_order
