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

pool_cuts as (
    select * from {{ ref('pool_cuts') }}
),

pool_rules as (
    select * from {{ ref('pool_rules') }}
),

stg_bricks as (
    select * from {{ ref('stg_bricks') }}
),

split_cells as (
    select * from {{ ref('split_cells') }}
),

-- Bricks by the whole degrees that they touch, so that the join has something to be equal.
bricks_by_degree as (
    select
        ra1,
        ra2,
        dec1,
        dec2,
        dec_degree,
        unnest(range(floor(ra1)::integer, floor(ra2)::integer + 1)) as ra_degree
    from (
        select
            *,
            unnest(range(floor(dec1)::integer, floor(dec2)::integer + 1)) as dec_degree
        from stg_bricks
    )
),

lenses_in_footprint as (
    select distinct lens_matches.known_lens_id
    from lens_matches
    inner join bricks_by_degree
        on
            floor(lens_matches.dec)::integer = bricks_by_degree.dec_degree
            and floor(lens_matches.ra)::integer = bricks_by_degree.ra_degree
    where
        lens_matches.dec >= bricks_by_degree.dec1
        and lens_matches.dec < bricks_by_degree.dec2
        and lens_matches.ra >= bricks_by_degree.ra1
        and lens_matches.ra < bricks_by_degree.ra2
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
        pool_rules.is_cut_on_positives = 1 as is_cut_on_positives,
        coalesce(pool_objects.ra, lens_matches.ra) as split_ra,
        coalesce(pool_objects.dec, lens_matches.dec) as split_dec
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
),

lenses_in_cells as (
    select
        *,
        healpix_cell(64, split_ra, split_dec) as healpix_64,
        healpix_cell(128, split_ra, split_dec) as healpix_128,
        {{ near_cells('split_ra', 'split_dec') }} as near_cells,
        {{ first_failed_cut(applied_cuts()) }} as first_failed_cut
    from lenses_with_source
),

lenses_with_reason as (
    select
        lenses_in_cells.*,
        {{ pool_split('lenses_in_cells.healpix_128', 'lenses_in_cells.near_cells') }} as split,
        case
            when not lenses_in_cells.can_claim then 'cluster_list'
            when lenses_in_cells.claimed_objid is not null and not lenses_in_cells.is_matched
                then 'source_claimed'
            when not lenses_in_cells.is_matched and not lenses_in_cells.is_in_footprint
                then 'outside_bricks'
            when not lenses_in_cells.is_matched then 'no_source_in_radius'
            when lenses_in_cells.tier is null then 'grade_unknown'
            when not lenses_in_cells.is_cut_on_positives then null
            when
                lenses_in_cells.first_failed_cut = 'type'
                and lenses_in_cells.match_type in ('PSF', 'DUP')
                then 'psf_type'
            when lenses_in_cells.first_failed_cut is not null then pool_cuts.reason_code
            when lenses_in_cells.fails_n1_type then 'type_not_in_n1'
        end as reason_code
    from lenses_in_cells
    left join pool_cuts on lenses_in_cells.first_failed_cut = pool_cuts.cut_name
),

positives as (
    select
        known_lens_id,
        galaxy_id,
        brickid,
        objid,
        brickname,
        name as pos_name,
        ra as pos_catalog_ra,
        dec as pos_catalog_dec,
        zlens,
        lens_type as pos_type,
        grading,
        is_cluster_list,
        array_to_string(refs, ' ') as ref,
        tier,
        weight,
        sample_weight,
        is_matched,
        reason_code is null as is_positive,
        reason_code,
        match_ra,
        match_dec,
        match_type,
        type_bin,
        separation_arcsec,
        {{ var('pool_match_radius_arcsec') }}::double as match_radius_arcsec,
        split,
        healpix_64,
        healpix_128,
        nobs_g,
        nobs_r,
        nobs_z,
        nobs_z_bin,
        flux_g,
        flux_r,
        flux_z,
        flux_w1,
        gmag,
        rmag,
        zmag,
        w1mag,
        gr,
        rz,
        zw1,
        shape_r,
        shape_e1,
        shape_e2,
        sersic,
        psfsize_g,
        psfsize_r,
        psfsize_z,
        psfdepth_g,
        psfdepth_r,
        psfdepth_z,
        galdepth_g,
        galdepth_r,
        galdepth_z,
        ebv,
        maskbits,
        fitbits,
        mw_transmission_g,
        mw_transmission_r,
        mw_transmission_z,
        {%- for cut in source_cuts() if cut != 'known_lens' %}
        fails_{{ cut }},
        {%- endfor %}
        fails_exposures_g,
        fails_exposures_r,
        fails_exposures_z,
        fails_n1_type,
        is_in_footprint,
        sweep_file,
        row_index
    from lenses_with_reason
)

select * from positives
order by known_lens_id
