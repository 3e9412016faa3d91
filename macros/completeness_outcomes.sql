{#
  What the rules say of a task is a text of one letter per rule, in the order of rule_number:
  d the rule is met (detected), m it is not (missed), - it cannot judge the task.
#}

{% macro outcome_letter(rule, threshold) -%}
    {#- Letter of a rule on a column, beside an import CTE `tasks`. -#}
    case
        when
            not tasks.metrics_ok
            or {{ threshold }} is null
            or not coalesce(isfinite(tasks.{{ rule.statistic }}::double), false)
            {%- if rule.theta_over_psf_minimum %}
            or tasks.theta_over_psf is null
            {%- endif %}
            then '-'
        when
            tasks.{{ rule.statistic }} {{ '>=' if rule.minimum else '>' }} {{ threshold }}
            {%- if rule.theta_over_psf_minimum %}
            and tasks.theta_over_psf >= {{ rule.theta_over_psf_minimum }}
            {%- endif %}
            then 'd'
        else 'm'
    end
{%- endmacro %}

{% macro is_usable(outcome, rule_number) -%}
    ({{ outcome }}[{{ rule_number }}] in ('d', 'm'))
{%- endmacro %}

{% macro is_detected(outcome, rule_number) -%}
    ({{ outcome }}[{{ rule_number }}] = 'd')
{%- endmacro %}

{% macro outcome_of_stamp() -%}
    {#- The letters of a task, with a star where its stamp is not clean. -#}
    outcome || if(is_clean, '', '*')
{%- endmacro %}

{% macro patterns_of_hosts(tasks, cube, axes) -%}
    {#-
      Query of the hosts of a cube's cells by the outcomes that they show there, in whatever order:
      sorting the few lists that occur is cheaper than sorting those of all hosts.
    -#}
    {%- set place = (['experiment_number'] + axes) | join(', ') -%}
    select
        '{{ cube.cube }}' as cube,
        {{ tasks == 'controls' }} as is_control,
        experiment_number,
        {{ cell_text(axes) }} as cell,
        list_sort(unsorted_outcomes) as outcomes,
        sum(n_hosts)::bigint as n_hosts
    from (
        select
            {{ place }},
            unsorted_outcomes,
            count(*) as n_hosts
        from (
            select
                {{ place }},
                list(outcome_of_stamp) as unsorted_outcomes
            from {{ tasks }}
            where {{ counted_tasks(cube) }}
            group by {{ place }}, host_number
        )
        group by {{ place }}, unsorted_outcomes
    )
    group by {{ place }}, list_sort(unsorted_outcomes)
{%- endmacro %}
