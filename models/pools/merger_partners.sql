with

pool_rules as (
    select * from {{ ref('pool_rules') }}
),

bright_galaxies as (
    select
        stg_sources.brickid,
        stg_sources.objid,
        stg_sources.ra,
        stg_sources.dec,
        stg_sources.flux_z,
        stg_sources.gmag_mw - stg_sources.rmag_mw as gr_mw,
        stg_sources.rmag_mw - stg_sources.zmag_mw as rz_mw
    from {{ ref('stg_sources') }} as stg_sources
    cross join pool_rules
    where
        list_contains(pool_rules.types, stg_sources.type)
        and isfinite(stg_sources.flux_z)
        and stg_sources.flux_z
        > pool_rules.flux_z_min_nmgy * {{ var('pool_merger_min_flux_ratio') }}
        and {{ is_position('stg_sources.ra', 'stg_sources.dec') }}
),

galaxy_cells as (
    {{ spread_over_sky_cells('bright_galaxies', var('pool_merger_radius_arcsec')) }}
),

pairs as (
    select
        bright_galaxies.brickid,
        bright_galaxies.objid,
        galaxy_cells.brickid as partner_brickid,
        galaxy_cells.objid as partner_objid,
        {{ separation_arcsec(
            'galaxy_cells.ra', 'galaxy_cells.dec', 'bright_galaxies.ra', 'bright_galaxies.dec'
        ) }} as separation_arcsec
    from bright_galaxies
    inner join galaxy_cells
        on galaxy_cells.sky_cell = {{ sky_cell('bright_galaxies.ra', 'bright_galaxies.dec') }}
    where
        (
            galaxy_cells.brickid <> bright_galaxies.brickid
            or galaxy_cells.objid <> bright_galaxies.objid
        )
        and abs(galaxy_cells.dec - bright_galaxies.dec) * 3600
        <= {{ var('pool_merger_radius_arcsec') }}
        and abs(galaxy_cells.gr_mw - bright_galaxies.gr_mw)
        <= {{ var('pool_merger_max_colour_difference_mag') }}
        and abs(galaxy_cells.rz_mw - bright_galaxies.rz_mw)
        <= {{ var('pool_merger_max_colour_difference_mag') }}
        and galaxy_cells.flux_z
        >= bright_galaxies.flux_z * {{ var('pool_merger_min_flux_ratio') }}
),

merger_partners as (
    select
        brickid,
        objid,
        partner_brickid,
        partner_objid,
        separation_arcsec as partner_separation_arcsec
    from pairs
    where separation_arcsec <= {{ var('pool_merger_radius_arcsec') }}
    qualify row_number() over (
        partition by brickid, objid
        order by separation_arcsec, partner_brickid, partner_objid
    ) = 1
)

select * from merger_partners
