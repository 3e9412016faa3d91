{{ config(materialized='in_parts') }}
{%- set cubes = completeness_cubes() -%}
{%- set shared = control_cubes(cubes) -%}
{%- set n = n_rule_bits(ref('recovery_thresholds')) -%}
-- depends_on: {{ ref('completeness_axes') }}, {{ ref('completeness_cubes') }}
with

tasks as not materialized (
    select
        *,
        (usable_bits | (detected_bits << {{ n }}) | (is_clean::bigint << {{ 2 * n }}))::{{ bits_type(2 * n + 1) }}
            as outcome
    from {{ ref('task_outcomes') }}
)
{%- for is_control in [false, true] %}
{%- for cube, axes in cubes.items() if not is_control or shared[cube] == cube %}
{%- set own = known_for_controls(axes) if is_control else axes %}
{%- set place = (['experiment_number'] + own | map(attribute='axis') | list) | join(', ') %}
{%- set name = cube ~ ('_controls' if is_control else '') %},

hosts_of_{{ name }} as (
    select
        {{ place }},
        list(outcome) as outcomes
    from tasks
    where
        {{ 'is_control' if is_control else 'not is_control' }}
        and {{ is_counted_once(axes) }}
    group by {{ place }}, host_number
),

-- In whatever order they came: sorting the few lists that occur is cheaper than those of all hosts.
unsorted_patterns_of_{{ name }} as (
    select
        {{ place }},
        outcomes,
        count(*) as n_hosts
    from hosts_of_{{ name }}
    group by {{ place }}, outcomes
),

patterns_of_{{ name }} as (
    select
        '{{ cube }}' as cube,
        {{ is_control }} as is_control,
        experiment_number,
        {{ cell_text(own) }} as cell,
        list_sort(unsorted_patterns_of_{{ name }}.outcomes) as outcomes,
        sum(n_hosts)::bigint as n_hosts
    from unsorted_patterns_of_{{ name }}
    group by {{ place }}, list_sort(unsorted_patterns_of_{{ name }}.outcomes)
)
{%- endfor %}
{%- endfor %}

{% for is_control in [false, true] %}
{%- for cube in cubes if not is_control or shared[cube] == cube %}
{{ first_part() if loop.first and not is_control else next_part() }}
select * from patterns_of_{{ cube }}{{ '_controls' if is_control }}
{%- endfor %}
{%- endfor %}
