with

lenses_with_source as (
    select
        *,
        coalesce(match_ra, ra) as split_ra,
        coalesce(match_dec, dec) as split_dec
    from {{ ref('lenses_with_source') }}
),

pool_cuts as (
    select * from {{ ref('pool_cuts') }}
),

split_cells as (
    select * from {{ ref('split_cells') }}
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

-- The cut on known lenses goes: a lens is near itself.
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
        lens_type as pos_type,
        array_to_string(refs, ' ') as ref,
        is_matched,
        reason_code is null as is_positive,
        reason_code,
        {{ var('pool_match_radius_arcsec') }}::double as match_radius_arcsec,
        * exclude (
            known_lens_id, galaxy_id, brickid, objid, brickname, name, ra, dec, lens_type, refs,
            is_matched, reason_code, is_cluster, names, n_entries, can_claim, claimed_brickid,
            claimed_objid, matched_brickid, matched_objid, is_cut_on_positives, split_ra, split_dec,
            near_cells, first_failed_cut, fails_known_lens
        )
    from lenses_with_reason
)

select * from positives
order by known_lens_id
