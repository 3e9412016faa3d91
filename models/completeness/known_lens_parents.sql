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

-- Bricks share no area: a lens lies in one.
known_lens_parents as (
    select
        known_lenses.known_lens_id,
        bricks_searched.brickname,
        known_lenses.grading,
        nearest_parents.separation_arcsec,
        coalesce(
            nearest_parents.separation_arcsec <= {{ var('pool_match_radius_arcsec') }}, false
        ) as is_parent
    from known_lenses
    inner join bricks_searched
        on known_lenses.dec >= bricks_searched.dec1
        and known_lenses.dec < bricks_searched.dec2
        and known_lenses.ra >= bricks_searched.ra1
        and known_lenses.ra < bricks_searched.ra2
    left join nearest_parents using (known_lens_id)
)

select * from known_lens_parents
order by known_lens_id
