{{ config(materialized="view") }}
with

-- The key is null where nothing is held: a join on equal keys alone stays a hash join.
lens_matches as (
    select
        *,
        case when is_matched then claimed_brickid end as matched_brickid,
        case when is_matched then claimed_objid end as matched_objid
    from {{ ref('lens_matches') }}
),

pool_objects as (
    select * from {{ ref('pool_objects') }}
),

source_cuts as (
    select * from {{ ref('source_cuts') }}
),

pool_rules as (
    select * from {{ ref('pool_rules') }}
),

stg_bricks as (
    select
        brickid,
        ra1,
        ra2,
        dec1,
        dec2
    from {{ ref('stg_bricks') }}
),

lenses_in_bricks as (
    {{ brick_of_position('lens_matches', 'stg_bricks') | indent(4) }}
),

lenses_in_footprint as (
    select distinct known_lens_id
    from lenses_in_bricks
),

lenses_with_source as (
    select
        lens_matches.*,
        lenses_in_footprint.known_lens_id is not null as is_in_footprint,
        pool_objects.* exclude (ra, dec, type),
        pool_objects.ra as match_ra,
        pool_objects.dec as match_dec,
        pool_objects.type as match_type,
        source_cuts.* exclude (brickid, objid, fails_known_lens, nearest_lens_arcsec),
        -- A lens is near itself.
        false as fails_known_lens,
        not list_contains(pool_rules.n1_types, pool_objects.type) as fails_n1_type,
        pool_rules.is_cut_on_positives = 1 as is_cut_on_positives
    from lens_matches
    cross join pool_rules
    left join lenses_in_footprint
        on lens_matches.known_lens_id = lenses_in_footprint.known_lens_id
    left join pool_objects
        on
            lens_matches.matched_brickid = pool_objects.brickid
            and lens_matches.matched_objid = pool_objects.objid
    left join source_cuts
        on
            lens_matches.matched_brickid = source_cuts.brickid
            and lens_matches.matched_objid = source_cuts.objid
)

select * from lenses_with_source
