{{ config(materialized='in_parts') }}
{%- set plan = completeness_plan() -%}
with

attempts as not materialized (
    select * from {{ ref('task_outcomes') }} where not is_control
)

{% for cube in plan.cubes %}
{{ first_part() if loop.first else next_part() }}
select
    '{{ cube.cube }}' as cube,
    experiment_number,
    {{ cell_text(cube.axes) }} as cell,
    {{ places_in(cube, plan.axes) }},
    count(*) as n_attempt,
    avg(arc_snr_seen) as arc_snr_mean,
    median(arc_snr_seen) as arc_snr_p50,
    avg(theta_over_psf_seen) filter (where arc_snr_seen is not null) as theta_over_psf_mean
from attempts
where {{ counted_tasks(cube) }}
group by {{ (['experiment_number'] + cube.axes) | join(', ') }}
{%- endfor %}
