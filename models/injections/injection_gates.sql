{#- GO or NO-GO for the tier after each tier that was run. A value that is null is a NO-GO. -#}
{%- set bands = var('bands') -%}
{%- set tiers = var('tiers') -%}
{%- set least_success = var('min_metrics_ok_fraction')[var('survey_size')] -%}
with

injections as (
    select
        *,
        {{ "psf_source_" ~ bands | join(" in ('map', 'manifest') and psf_source_")
            ~ " in ('map', 'manifest')" }} as is_psf_known,
        least(psf_fwhm_used_{{ bands | join(', psf_fwhm_used_') }}) as psf_narrowest_arcsec,
        greatest(psf_fwhm_used_{{ bands | join(', psf_fwhm_used_') }}) as psf_widest_arcsec,
        greatest(
            abs(x_pix - stamp_x0_pix - (stamp_size - 1) / 2),
            abs(y_pix - stamp_y0_pix - (stamp_size - 1) / 2)
        ) as host_offset_pix,
        theta_e_arcsec > median(theta_e_arcsec)
            over (partition by tier, is_control) as is_wide_lens
    from {{ ref('injections') }}
),

gate_limits as (
    select
        gate,
        if(is_success_gate, {{ least_success }}, limit_low) as limit_low,
        limit_high,
        exempt_tiers,
        meaning
    from {{ ref('gate_limits') }}
),

tiers as (
    select
        unnest(['{{ tiers | join("', '") }}']) as tier,
        unnest(['{{ (tiers[1:] + ['']) | join("', '") }}']) as next_tier
),

measured_by_tier as (
    select
        tier,
        count(*) as n_tasks,
        avg(cutout_ok::integer) as task_success,
        avg(metrics_ok::integer) as metrics_success,
        count(*) filter (where not metrics_ok and reason_code is null)::double
            as unexplained_failures,
        count(distinct (brickid, objid)) filter (where is_control)
        / count(distinct (brickid, objid))::double as control_hosts,
        count(*) filter (where is_control and coalesce(arc_snr, magnification) is not null)::double
            as control_arcs,
        min(magnification) as lowest_magnification,
        max(abs(flux_closure - 1)) filter (where not flux_error_flag) as worst_flux_closure,
        avg(magnification) filter (where is_wide_lens)
        / avg(magnification) filter (where not is_wide_lens) as magnification_rise,
        max(host_offset_pix) filter (where cutout_ok) as registration_pix,
        min(psf_narrowest_arcsec) as psf_narrowest_arcsec,
        max(psf_widest_arcsec) as psf_widest_arcsec,
        avg(is_psf_known::integer) filter (where cutout_ok) as psf_known,
        avg(has_maskbits::integer) filter (where cutout_ok) as mask_known,
        avg((arc_snr is not null)::integer) filter (where metrics_ok and not is_control)
            as arc_snr_known
    from injections
    group by tier
),

values_by_gate as (
    unpivot measured_by_tier
    on columns(* exclude (tier, n_tasks))
    into name gate value value
),

injection_gates as (
    select
        tiers.tier,
        nullif(tiers.next_tier, '') as next_tier,
        gate_limits.gate,
        coalesce(
            values_by_gate.value between
            coalesce(gate_limits.limit_low, '-inf'::double)
            and coalesce(gate_limits.limit_high, 'inf'::double),
            false
        )
        or coalesce(list_contains(string_split(gate_limits.exempt_tiers, ' '), tiers.tier), false)
            as is_go,
        values_by_gate.value,
        gate_limits.limit_low,
        gate_limits.limit_high,
        coalesce(measured_by_tier.n_tasks, 0) as n_tasks,
        gate_limits.meaning
    from tiers
    cross join gate_limits
    left join measured_by_tier on tiers.tier = measured_by_tier.tier
    left join values_by_gate
        on tiers.tier = values_by_gate.tier and gate_limits.gate = values_by_gate.gate
)

select * from injection_gates
order by tier, gate
