{#
  Galaxy variants. The seed `lrg_variants` names them, `lrg_cuts` holds their cuts as SQL over the columns of
  `stg_sources`, with {g}, {r}, {z}, {w1} (magnitudes, as measured or dereddened as the variant says), {zfiber}
  and {zfibertot} (fibre magnitudes in z). A source for which a cut is null fails it.
#}

{% macro lrg_variants() -%}
    {#- Names of all variants, in the order of the seed. -#}
    {%- if not execute -%}{{ return([]) }}{%- endif -%}
    {%- set rows = run_query(
        "select variant from " ~ seed_relation('lrg_variants') ~ " order by variant_order"
    ) -%}
    {{ return(rows.columns[0].values() | list) }}
{%- endmacro %}

{% macro counted_variants() -%}
    {#- Variants that are counted brick by brick: a list of (name, ending of the column n_lrg_...). -#}
    {%- if not execute -%}{{ return([]) }}{%- endif -%}
    {%- set query -%}
        select variant, counted_as
        from {{ seed_relation('lrg_variants') }}
        where counted_as is not null
        order by variant_order
    {%- endset -%}
    {{ return(run_query(query).rows) }}
{%- endmacro %}

{% macro fiber_magnitude(flux, magnitudes) -%}
    {%- if magnitudes == 'dereddened' -%}
        ({{ dereddened_magnitude(flux, 'mw_transmission_z') }})
    {%- else -%}
        ({{ magnitude(flux) }})
    {%- endif -%}
{%- endmacro %}

{% macro lrg_expression(template, magnitudes) -%}
    {#- A cut of the seed with its placeholders filled in. -#}
    {%- set ending = 'mag_mw' if magnitudes == 'dereddened' else 'mag' -%}
    {{ return(template.format(
        g='g' ~ ending,
        r='r' ~ ending,
        z='z' ~ ending,
        w1='w1' ~ ending,
        zfiber=fiber_magnitude('fiberflux_z', magnitudes),
        zfibertot=fiber_magnitude('fibertotflux_z', magnitudes),
    )) }}
{%- endmacro %}

{% macro lrg_cuts(variant) -%}
    {#- SQL of the cuts of a variant, in order. -#}
    {%- if not execute -%}{{ return([]) }}{%- endif -%}
    {%- set instead = checked_var('lrg_magnitudes', ['seed', 'raw', 'dereddened']) -%}
    {%- set query -%}
        select lrg_cuts.expression, lrg_variants.magnitudes
        from {{ seed_relation('lrg_cuts') }} as lrg_cuts
        inner join {{ seed_relation('lrg_variants') }} as lrg_variants using (variant)
        where variant = '{{ variant }}'
        order by lrg_cuts.cut_order
    {%- endset -%}
    {%- set cuts = [] -%}
    {%- for expression, magnitudes in run_query(query).rows -%}
        {%- do cuts.append(lrg_expression(expression, magnitudes if instead == 'seed' else instead)) -%}
    {%- endfor -%}
    {%- if not cuts -%}
        {{ exceptions.raise_compiler_error(
            "no galaxy variant '" ~ variant ~ "': the seed lrg_variants has "
            ~ lrg_variants() | join(', ')
        ) }}
    {%- endif -%}
    {{ return(cuts) }}
{%- endmacro %}

{% macro is_lrg(variant) -%}
    {#- Whether a source passes every cut of a variant: true or false, never null. -#}
    (
        {%- for cut in lrg_cuts(variant) %}
        {{ 'and ' if not loop.first }}({{ cut }})
        {%- else -%}
        true
        {%- endfor %}
    ) is true
{%- endmacro %}
