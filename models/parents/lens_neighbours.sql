with

parent_sources as (
    select
        brickid,
        objid,
        ra,
        dec
    from {{ ref('parent_sources') }}
    where {{ is_position('ra', 'dec') }}
),

stg_known_lenses as (
    select
        known_lens_id,
        ra,
        dec
    from {{ ref('stg_known_lenses') }}
),

pairs as (
    {{ positions_within('stg_known_lenses', 'parent_sources', var('known_lens_radius_arcsec')) | indent(4) }}
),

lens_neighbours as (
    select
        right_brickid as brickid,
        right_objid as objid,
        left_known_lens_id as known_lens_id,
        separation_arcsec
    from pairs
)

select * from lens_neighbours
