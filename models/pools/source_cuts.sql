{{ config(materialized="view") }}
with

stg_sources as (
    select * from {{ ref('stg_sources') }}
),

pool_rules as (
    select * from {{ ref('pool_rules') }}
),

sources_near_lenses as (
    select * from {{ ref('sources_near_lenses') }}
),

nearest_lenses as (
    select
        brickid,
        objid,
        min(separation_arcsec) as nearest_lens_arcsec
    from sources_near_lenses
    group by brickid, objid
),

-- A comparison with NaN is true in DuckDB (NaN is the largest number), hence isfinite.
source_cuts as (
    select
        stg_sources.brickid,
        stg_sources.objid,
        not coalesce({{ is_position('stg_sources.ra', 'stg_sources.dec') }}, false)
            as fails_coordinates,
        -- The Galactic cap is worked out only where the two limits differ.
        case
            when not stg_sources.dec > pool_rules.dec_min_deg then true
            when
                stg_sources.dec
                < least(pool_rules.dec_max_north_cap_deg, pool_rules.dec_max_south_cap_deg)
                then false
            when
                {{ sin_galactic_latitude('stg_sources.ra', 'stg_sources.dec') }} < 0
                then not coalesce(stg_sources.dec < pool_rules.dec_max_south_cap_deg, false)
            else not coalesce(stg_sources.dec < pool_rules.dec_max_north_cap_deg, false)
        end as fails_footprint,
        not coalesce(list_contains(pool_rules.types, stg_sources.type), false) as fails_type,
        coalesce((stg_sources.maskbits & pool_rules.mask_value) <> 0, true) as fails_mask,
        coalesce(stg_sources.nobs_g < pool_rules.n_exposures_min, true) as fails_exposures_g,
        coalesce(stg_sources.nobs_r < pool_rules.n_exposures_min, true) as fails_exposures_r,
        coalesce(stg_sources.nobs_z < pool_rules.n_exposures_min, true) as fails_exposures_z,
        fails_exposures_g or fails_exposures_r or fails_exposures_z as fails_exposures,
        pool_rules.is_positive_flux_required = 1
        and not coalesce(stg_sources.flux_z > 0 and isfinite(stg_sources.flux_z), false)
            as fails_flux_z,
        coalesce(
            stg_sources.flux_z > 0 and stg_sources.flux_z <= pool_rules.flux_z_min_nmgy, false
        ) as fails_z_mag,
        coalesce(
            nearest_lenses.nearest_lens_arcsec <= pool_rules.exclusion_radius_arcsec, false
        ) as fails_known_lens,
        -- Options: what they would take, whether they are asked for or not.
        coalesce(stg_sources.ebv > pool_rules.ebv_max_mag, true) as fails_extinction,
        coalesce(
            abs({{ sin_galactic_latitude('stg_sources.ra', 'stg_sources.dec') }})
            < sin(radians(pool_rules.abs_galactic_latitude_min_deg)),
            true
        ) as fails_latitude,
        coalesce(stg_sources.psfsize_r > pool_rules.psfsize_r_max_arcsec, true) as fails_seeing,
        coalesce(stg_sources.psfdepth_r < pool_rules.psfdepth_r_min_ivar, true) as fails_depth,
        -- dchisq is (PSF, REX, DEV, EXP, SER).
        coalesce(
            greatest(
                stg_sources.dchisq[2],
                stg_sources.dchisq[3],
                stg_sources.dchisq[4],
                stg_sources.dchisq[5]
            ) - stg_sources.dchisq[1] < pool_rules.dchisq_extended_min,
            true
        ) as fails_dchisq,
        coalesce(stg_sources.fracflux_r > pool_rules.fracflux_r_max, true) as fails_fracflux,
        nearest_lenses.nearest_lens_arcsec
    from stg_sources
    cross join pool_rules
    left join nearest_lenses
        on
            stg_sources.brickid = nearest_lenses.brickid
            and stg_sources.objid = nearest_lenses.objid
)

select * from source_cuts
