-- depends_on: {{ ref('lrg_variants') }}
{%- set n_cuts = lrg_cuts(var('parent_variant')) | length %}
-- Its suite compares with the parents, so they come first.
-- depends_on: {{ ref('parent_galaxies') }}
with

brick_counts as (
    select * from {{ ref('brick_counts') }}
),

brick_failures as (
    select * from {{ ref('brick_failures') }}
),

parent_bricks as (
    select * from {{ ref('parent_bricks') }}
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

-- Sources whose brick the brick table lacks have no group and fail the first cut.
bricks as (
    select
        brick_counts.brickid,
        brick_counts.n_sources,
        coalesce(parent_bricks.brick_group, 'none') as brick_group,
        coalesce(parent_bricks.failed_brick_cut, 1) as failed_brick_cut
    from brick_counts
    left join parent_bricks on brick_counts.brickid = parent_bricks.brickid
),

group_totals as (
    select
        brick_group,
        sum(n_sources)::bigint as n_sources
    from bricks
    group by brick_group
),

cut_bricks as (
    select
        brick_group,
        failed_brick_cut as cut_order,
        sum(n_sources) as n_sources
    from bricks
    where failed_brick_cut != 0
    group by brick_group, failed_brick_cut
),

-- Bricks are added up before their cuts become rows, which are then hundreds and not a million.
cuts_of_groups as (
    select
        bricks.brick_group,
        unnest([
            {%- for cut in range(1, n_cuts + 1) %}
            {'cut_order': {{ cut + 2 }}, 'n_sources': sum(brick_failures.n_cut_{{ cut }})}
            {{- ',' if not loop.last }}
            {%- endfor %}
        ], recursive := true)
    from brick_failures
    inner join bricks on brick_failures.brickid = bricks.brickid
    where bricks.failed_brick_cut = 0
    group by bricks.brick_group
),

failures as (
    select
        brick_group,
        cut_order,
        n_sources
    from cut_bricks
    union all
    select
        brick_group,
        cut_order,
        n_sources
    from cuts_of_groups
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
