{{ config(materialized='in_parts') }}
{%- set cubes = completeness_cubes() -%}
{%- set all_axes = seed_rows('completeness_axes', 'axis_order') -%}
-- depends_on: {{ ref('completeness_axes') }}, {{ ref('completeness_cubes') }}
with

attempts as not materialized (
    select * from {{ ref('task_outcomes') }} where not is_control
)

{% for cube, axes in cubes.items() %}
{%- set own = axes | map(attribute='axis') | list %}
{{ first_part() if loop.first else next_part() }}
select
    '{{ cube }}' as cube,
    experiment_number,
    {{ cell_text(axes) }} as cell,
    {%- for axis in all_axes %}
    {{ axis.axis if axis.axis in own else 'null::smallint as ' ~ axis.axis }},
    {%- endfor %}
    count(*) as n_attempt,
    avg(arc_snr_seen) as arc_snr_mean,
    median(arc_snr_seen) as arc_snr_p50,
    avg(theta_over_psf_seen) filter (where arc_snr_seen is not null) as theta_over_psf_mean
from attempts
where {{ is_counted_once(axes) }}
group by {{ (['experiment_number'] + own) | join(', ') }}
{%- endfor %}
