{%- set cubes = completeness_cubes() -%}
-- depends_on: {{ ref('completeness_axes') }}, {{ ref('completeness_cubes') }}
with

attempts as (
    select * from {{ ref('task_outcomes') }} where not is_control
),

completeness_signal as (
    {%- for cube, axes in cubes.items() %}
    select
        '{{ cube }}' as cube,
        experiment_number,
        {{ cell_text(axes) }} as cell,
        avg(arc_snr_seen) as arc_snr_mean,
        median(arc_snr_seen) as arc_snr_p50,
        avg(theta_over_psf_seen) filter (where arc_snr_seen is not null) as theta_over_psf_mean
    from attempts
    where {{ is_counted_once(axes) }}
    group by {{ (['experiment_number'] + axes | map(attribute='axis') | list) | join(', ') }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select * from completeness_signal
