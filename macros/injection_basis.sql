{#
  Metrics and stamps are joined to the tasks of today by the names of renders, which say nothing of what
  was drawn for them. So the table of systems that was measured is remembered, and a view on another one is
  an error: systems drawn anew must not get the metrics of old ones.
#}

{% macro remember_systems() -%}
    {#- SQL of a post-hook: the identity of the table of systems that was measured. -#}
    create or replace table {{ injection_basis() }} as
    select table_uuid::varchar as systems_uuid
    from ducklake_table_info('{{ target.database }}')
    where table_name = 'systems'
{%- endmacro %}

{% macro injection_basis() -%}
    {{ target.database }}.{{ target.schema }}.injection_basis
{%- endmacro %}

{% macro measured_systems_are_current() -%}
    {#- A query of one row, true; an error where the manifests were built anew since. -#}
    select
        case
            when
                (select systems_uuid from {{ injection_basis() }}) = (
                    select table_uuid::varchar
                    from ducklake_table_info('{{ target.database }}')
                    where table_name = 'systems'
                )
                then true
            else error(
                'the manifests changed after the injections were made: '
                || 'run dbt build --select coadds injections'
            )
        end as is_current
{%- endmacro %}
