with

raw_sources as (
    select * from {{ source('raw', 'raw_sources') }}
),

repeated_keys as (
    select
        brickid,
        objid,
        count(*) as n_rows
    from raw_sources
    group by brickid, objid
    having count(*) > 1
),

-- A source that several files hold stands once: the newest release wins, then the first file.
chosen_rows as (
    select
        raw_sources.brickid,
        raw_sources.objid,
        raw_sources.sweep_file,
        raw_sources.row_index,
        repeated_keys.n_rows - 1 as n_duplicates
    from raw_sources
    inner join repeated_keys using (brickid, objid)
    qualify row_number() over (
        partition by raw_sources.brickid, raw_sources.objid
        order by raw_sources.release desc, raw_sources.sweep_file asc, raw_sources.row_index asc
    ) = 1
),

sources_once as (
    select
        raw_sources.*,
        coalesce(chosen_rows.n_duplicates, 0) as n_duplicates
    from raw_sources
    left join repeated_keys
        on
            raw_sources.brickid = repeated_keys.brickid
            and raw_sources.objid = repeated_keys.objid
    left join chosen_rows
        on
            raw_sources.brickid = chosen_rows.brickid
            and raw_sources.objid = chosen_rows.objid
            and raw_sources.sweep_file = chosen_rows.sweep_file
            and raw_sources.row_index = chosen_rows.row_index
    where repeated_keys.brickid is null or chosen_rows.brickid is not null
),

stg_sources as (
    select
        brickid,
        objid,
        release,
        trim(brickname) as brickname,
        upper(trim(type)) as type,
        trim(ref_cat) as ref_cat,
        * exclude (
            brickid, objid, release, brickname, type, ref_cat, n_duplicates, sweep_file, row_index
        ),
        {{ magnitude('flux_g') }} as gmag,
        {{ magnitude('flux_r') }} as rmag,
        {{ magnitude('flux_z') }} as zmag,
        {{ magnitude('flux_w1') }} as w1mag,
        {{ dereddened_magnitude('flux_g', 'mw_transmission_g') }} as gmag_mw,
        {{ dereddened_magnitude('flux_r', 'mw_transmission_r') }} as rmag_mw,
        {{ dereddened_magnitude('flux_z', 'mw_transmission_z') }} as zmag_mw,
        {{ dereddened_magnitude('flux_w1', 'mw_transmission_w1') }} as w1mag_mw,
        n_duplicates::integer as n_duplicates,
        sweep_file,
        row_index
    from sources_once
)

select * from stg_sources
