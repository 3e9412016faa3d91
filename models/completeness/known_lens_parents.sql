-- Its suite compares with the parents, so they come first: depends_on: {{ ref('parent_galaxies') }}
with

known_lenses as (
    select * from {{ ref('stg_known_lenses') }} where not is_cluster and not is_cluster_list
),

selected_regions as (
    select distinct region_id from {{ ref('region_selections') }}
),

bricks_searched as (
    select bricks_with_region.*
    from {{ ref('bricks_with_region') }} as bricks_with_region
    inner join selected_regions using (region_id)
),

nearest_parents as (
    select
        known_lens_id,
        min(separation_arcsec) as separation_arcsec
    from {{ ref('lens_neighbours') }}
    group by known_lens_id
),

lenses_in_bricks as (
    {{ brick_of_position('known_lenses', 'bricks_searched') | indent(4) }}
),

known_lens_parents as (
    select
        lenses_in_bricks.known_lens_id,
        bricks_searched.brickname,
        lenses_in_bricks.grading,
        nearest_parents.separation_arcsec,
        coalesce(
            nearest_parents.separation_arcsec <= {{ var('pool_match_radius_arcsec') }}, false
        ) as is_parent
    from lenses_in_bricks
    inner join bricks_searched using (brickid)
    left join nearest_parents using (known_lens_id)
)

select * from known_lens_parents
order by known_lens_id
