{#
  The completeness of a population or of the footprint, as a mixture of cells.
#}

{% macro query_completeness_of_population() -%}
create or replace macro {{ lake_table('completeness_of_population') }}(
    population, chosen_rule := 'original', chosen_quality := 'clean'
) as table
with

members as (
    select
        theta_e_arcsec::double as theta_e_arcsec,
        psf_fwhm_arcsec::double as psf_fwhm_arcsec,
        psfdepth_r::double as psfdepth_r,
        case
            when isfinite(weight::double) and weight >= 0 then weight::double
            else error('a weight of the population is negative, NaN or null')
        end as weight
    from query_table(population)
),

cells as (
    select
        *,
        {{ of_quality('n_hosts') }} as n_hosts,
        {{ of_quality('n_effective') }} as n_effective,
        {{ of_quality('completeness_valid') }} as completeness
    from {{ lake_table('completeness_cells') }}
    where cube = 'theta_e_psf_depth' and rule = chosen_rule
),

experiments as (
    select distinct experiment_id from cells
),

-- A member outside all cells stays, without hosts.
shares as (
    select
        experiments.experiment_id,
        sum(members.weight) as share,
        coalesce(any_value(cells.n_hosts), 0) as n_hosts,
        any_value(cells.n_effective) as n_effective,
        any_value(cells.completeness) as completeness
    from members
    cross join experiments
    left join cells
        on experiments.experiment_id = cells.experiment_id
        and members.theta_e_arcsec >= cells.theta_e_arcsec_low
        and members.theta_e_arcsec < cells.theta_e_arcsec_high
        and members.psf_fwhm_arcsec >= cells.psf_fwhm_arcsec_low
        and members.psf_fwhm_arcsec < cells.psf_fwhm_arcsec_high
        and members.psfdepth_r >= cells.psfdepth_r_mag_low
        and members.psfdepth_r < cells.psfdepth_r_mag_high
    group by experiments.experiment_id, cells.cell
),

{{ population_completeness('experiment_id') }}
{%- endmacro %}

{% macro query_completeness_over_footprint() -%}
create or replace macro {{ lake_table('completeness_over_footprint') }}(
    chosen_rule := 'original', chosen_quality := 'clean', weighted_by := 'parents'
) as table
with

cells as (
    select
        *,
        {{ of_quality('n_hosts') }} as n_hosts,
        {{ of_quality('n_effective') }} as n_effective,
        {{ of_quality('completeness_valid') }} as completeness
    from {{ lake_table('completeness_cells') }}
    where cube = 'theta_e_psf_depth' and rule = chosen_rule
),

theta_bins as (
    select
        experiment_id,
        theta_e_arcsec_low,
        theta_e_arcsec_high
    from cells
    where theta_e_arcsec_low is not null
    group by experiment_id, theta_e_arcsec_low, theta_e_arcsec_high
    having sum(n_attempt) > 0
),

shares as (
    select
        theta_bins.*,
        case weighted_by
            when 'parents' then footprint.n_parents::double
            when 'area' then footprint.area_deg2
            else error('weighted_by is parents or area, not ' || weighted_by)
        end as share,
        coalesce(cells.n_hosts, 0) as n_hosts,
        cells.n_effective,
        cells.completeness
    from theta_bins
    cross join {{ lake_table('completeness_footprint') }} as footprint
    left join cells
        on theta_bins.experiment_id = cells.experiment_id
        and theta_bins.theta_e_arcsec_low = cells.theta_e_arcsec_low
        and footprint.psf_fwhm_arcsec_low = cells.psf_fwhm_arcsec_low
        and footprint.psfdepth_r_mag_low = cells.psfdepth_r_mag_low
),

{{ population_completeness('experiment_id, theta_e_arcsec_low, theta_e_arcsec_high') }}
{%- endmacro %}

{% macro population_completeness(place) -%}
    {#-
      CTEs after `shares` (place columns, share, n_hosts, n_effective, completeness): a mixture of
      cells, its effective n, and why it must not be used. A cell's own share is drawn towards one
      half, so that a cell where nothing or all was recovered is not taken as certain.
    -#}
probed_shares as (
    select
        *,
        n_hosts >= {{ var('population_min_hosts') }} as is_probed,
        (completeness * n_effective + 1e0) / (n_effective + 2e0) as drawn
    from shares
),

mixtures as (
    select
        {{ place }},
        sum(share) filter (where not is_probed) / sum(share) as unprobed_share,
        sum(n_hosts) filter (where is_probed and share > 0)::bigint as n_hosts,
        sum(share) filter (where is_probed) as total,
        sum(share * completeness) filter (where is_probed) / total as completeness,
        sum(share * drawn) filter (where is_probed) / total as drawn,
        sum(share * share * drawn * (1e0 - drawn) / n_effective) filter (where is_probed)
        / (total * total) as variance
    from probed_shares
    group by {{ place }}
),

judged_mixtures as (
    select
        *,
        drawn * (1e0 - drawn) / variance as n_effective,
        case
            when coalesce(unprobed_share, 0) > {{ var('population_max_unprobed_share') }}
                then round(100 * unprobed_share, 1) || ' % of the population lies where fewer than '
                    || '{{ var("population_min_hosts") }} hosts were injected'
        end as refusal
    from mixtures
)

select
    {{ place }},
    chosen_rule as rule,
    case when refusal is null then completeness end as completeness,
    case when refusal is null then {{ wilson_bound('completeness', 'n_effective', '-') }} end
        as wilson_low,
    case when refusal is null then {{ wilson_bound('completeness', 'n_effective', '+') }} end
        as wilson_high,
    n_effective,
    n_hosts,
    coalesce(unprobed_share, 0) as unprobed_share,
    refusal
from judged_mixtures
order by {{ place }}
{%- endmacro %}
