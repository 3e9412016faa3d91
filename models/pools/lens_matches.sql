with

stg_known_lenses as (
    select * from {{ ref('stg_known_lenses') }}
),

sources_near_lenses as (
    select * from {{ ref('sources_near_lenses') }}
    where separation_arcsec <= {{ var('pool_match_radius_arcsec') }}
),

pool_objects as (
    select
        brickid,
        objid,
        flux_z
    from {{ ref('pool_objects') }}
),

grade_weights as (
    select * from {{ ref('grade_weights') }}
    where rule_set = '{{ pool_rule_set() }}'
),

graded_lenses as (
    select
        stg_known_lenses.*,
        grade_weights.tier,
        grade_weights.weight,
        grade_weights.sample_weight,
        -- What only catalogues of clusters know is no lens of the scale of a galaxy: it claims
        -- nothing, though it keeps negatives at a distance as every other entry does.
        {{ var('pool_cluster_lists') }} or not stg_known_lenses.is_cluster_list as can_claim
    from stg_known_lenses
    left join grade_weights on lower(stg_known_lenses.grading) = lower(grade_weights.grading)
),

-- A lens claims its nearest source; of sources at the same distance the brighter, then the first
-- by key.
claims as (
    select
        graded_lenses.known_lens_id,
        graded_lenses.tier,
        sources_near_lenses.brickid,
        sources_near_lenses.objid,
        sources_near_lenses.separation_arcsec
    from graded_lenses
    inner join sources_near_lenses
        on graded_lenses.known_lens_id = sources_near_lenses.known_lens_id
    inner join pool_objects
        on
            sources_near_lenses.brickid = pool_objects.brickid
            and sources_near_lenses.objid = pool_objects.objid
    where graded_lenses.can_claim
    qualify row_number() over (
        partition by graded_lenses.known_lens_id
        order by
            sources_near_lenses.separation_arcsec,
            pool_objects.flux_z desc nulls last,
            sources_near_lenses.brickid,
            sources_near_lenses.objid
    ) = 1
),

-- A source goes to the nearest lens that claims it; at the same distance to the better tier, then
-- to the first lens. A lens that loses its claim stays unmatched: its second choice is not it.
claims_ranked as (
    select
        *,
        row_number() over (
            partition by brickid, objid
            order by separation_arcsec, tier nulls last, known_lens_id
        ) = 1 as is_held
    from claims
),

lens_matches as (
    select
        graded_lenses.*,
        coalesce(claims_ranked.is_held, false) as is_matched,
        claims_ranked.brickid as claimed_brickid,
        claims_ranked.objid as claimed_objid,
        claims_ranked.separation_arcsec
    from graded_lenses
    left join claims_ranked on graded_lenses.known_lens_id = claims_ranked.known_lens_id
)

select * from lens_matches
