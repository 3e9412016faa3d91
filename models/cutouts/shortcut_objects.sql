{{ config(materialized="view") }}
with

cutout_features as (
    select * from {{ ref('cutout_features') }}
    where quality_ok
),

shortcut_objects as (
    select * exclude (quality_ok)
    from cutout_features
    qualify
        is_lens
        or row_number() over (
            partition by is_lens
            order by {{ keyed_u1(galaxy_key('brickid', 'objid'), 'shortcut_tests') }}, galaxy_id
        ) <= {{ var('shortcut_max_negatives') }}
)

select * from shortcut_objects
