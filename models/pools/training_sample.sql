-- The suite compares positives with the injected hosts: depends_on: {{ ref('sampled_galaxies') }}
with

pool_members as (
    select * from {{ ref('pool_members') }}
    where split <> 'buffer'
),

training_strata as (
    select * from {{ ref('training_strata') }}
    where n_positives > 0
),

-- Only strata with positives are ranked, so only their members cost a digest.
members_ranked as (
    select
        pool_members.*,
        training_strata.n1,
        training_strata.n2,
        training_strata.reason_code as stratum_reason_code,
        row_number() over (
            partition by pool_members.stratum, pool_members.pool
            order by
                {{ keyed_u1(galaxy_key('pool_members.brickid', 'pool_members.objid'), 'negative_order') }},
                pool_members.brickid,
                pool_members.objid
        ) as sample_rank
    from pool_members
    inner join training_strata on pool_members.stratum = training_strata.stratum
    where pool_members.is_lens or not pool_members.is_for_inspection
),

training_sample as (
    select
        galaxy_id,
        brickid,
        objid,
        brickname,
        known_lens_id,
        is_lens,
        is_lens::integer as label,
        pool,
        confuser_category,
        tier,
        sample_weight,
        split,
        stratum,
        stratum_reason_code,
        sample_rank,
        {{ keyed_u1(galaxy_key('brickid', 'objid'), 'sham') }} as sham_u1,
        ra,
        dec,
        type,
        type_bin,
        {%- for band in var('bands') %}
        nobs_{{ band }},
        {%- endfor %}
        nobs_z_bin,
        psf_bin,
        depth_bin,
        z_mag_bin,
        {%- for band in var('bands') %}
        flux_{{ band }},
        {%- endfor %}
        rmag,
        zmag,
        gr,
        rz,
        shape_r,
        {%- for band in var('bands') %}
        psfsize_{{ band }},
        {%- endfor %}
        {%- for band in var('bands') %}
        psfdepth_{{ band }},
        {%- endfor %}
        galdepth_r,
        ebv,
        healpix_64,
        healpix_128
    from members_ranked
    where
        is_lens
        or (pool = 'N1' and sample_rank <= n1)
        or (pool = 'N2' and sample_rank <= n2)
)

select * from training_sample
order by brickname, objid
