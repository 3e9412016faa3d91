-- Its suite compares with the parents, so they come first.
-- depends_on: {{ ref('parent_galaxies') }}
with

brick_selections as (
    select * from {{ ref('brick_selections') }}
),

parent_bricks as (
    select * from {{ ref('parent_bricks') }}
),

lrg_cuts as (
    select * from {{ ref('lrg_cuts') }}
    where variant = '{{ var("parent_variant") }}'
),

-- Bricks are cut before their sources.
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
        2 + row_number() over (order by cut_order) as cut_order,
        cut_name
    from lrg_cuts
),

-- A brick that the brick table lacks is in no group and fails the first cut. The cut is null for
-- sources that pass all.
failures_of_bricks as (
    select
        coalesce(parent_bricks.brick_group, 'none') as brick_group,
        case coalesce(parent_bricks.failed_brick_cut, 1)
            when 0 then 2 + nullif(brick_selections.failed_cut, 0)
            else coalesce(parent_bricks.failed_brick_cut, 1)
        end as cut_order,
        brick_selections.n_sources
    from brick_selections
    left join parent_bricks on brick_selections.brickid = parent_bricks.brickid
),

failures as (
    select
        brick_group,
        cut_order,
        sum(n_sources)::bigint as n_sources
    from failures_of_bricks
    group by brick_group, cut_order
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
        coalesce(failures.n_sources, 0)::bigint as n_cut,
        sum(coalesce(failures.n_sources, 0)) over (
            partition by group_totals.brick_group
            order by cuts.cut_order
        )::bigint as n_cut_so_far
    from cuts
    cross join group_totals
    left join failures
        on
            group_totals.brick_group = failures.brick_group
            and cuts.cut_order = failures.cut_order
),

parent_funnel as (
    select
        '{{ var("parent_variant") }}' as parent_variant,
        cut_order::integer as cut_order,
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
