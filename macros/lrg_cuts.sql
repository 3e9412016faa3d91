{#
  Colour cuts of the galaxy variants. The seeds `lrg_variants` and `lrg_cuts` hold them as SQL over
  the columns of `stg_sources`, with {g}, {r}, {z}, {w1} (magnitudes, raw or dereddened as the
  variant says), {zfiber} and {zfibertot} (fibre magnitudes in z). A cut over a null is failed: ask `is not true`.
#}

{% macro lrg_variants() -%}
    {#- Names of all variants, in the order of the seed. -#}
    {%- if not execute -%}{{ return([]) }}{%- endif -%}
    {%- set rows = run_query(
        "select variant from " ~ seed_relation('lrg_variants') ~ " order by variant_order"
    ) -%}
    {{ return(rows.columns[0].values() | list) }}
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
    {%- set suffix = 'mag_mw' if magnitudes == 'dereddened' else 'mag' -%}
    {%- set filled = template
        | replace('{g}', 'g' ~ suffix) | replace('{r}', 'r' ~ suffix)
        | replace('{z}', 'z' ~ suffix) | replace('{w1}', 'w1' ~ suffix)
        | replace('{zfibertot}', fiber_magnitude('fibertotflux_z', magnitudes))
        | replace('{zfiber}', fiber_magnitude('fiberflux_z', magnitudes)) -%}
    {{ return('(' ~ filled ~ ')') }}
{%- endmacro %}

{% macro lrg_cuts(variant) -%}
    {#- Cuts of one variant in order: a list of (name, SQL expression). -#}
    {%- if not execute -%}{{ return([]) }}{%- endif -%}
    {%- set query -%}
        select lrg_cuts.cut_name, lrg_cuts.expression, lrg_variants.magnitudes
        from {{ seed_relation('lrg_cuts') }} as lrg_cuts
        inner join {{ seed_relation('lrg_variants') }} as lrg_variants using (variant)
        where variant = '{{ variant }}'
        order by lrg_cuts.cut_order
    {%- endset -%}
    {%- set rows = run_query(query).rows -%}
    {%- if rows | length == 0 -%}
        {{ exceptions.raise_compiler_error(
            "no galaxy variant '" ~ variant ~ "': the seed lrg_variants has "
            ~ lrg_variants() | join(', ')
        ) }}
    {%- endif -%}
    {%- set cuts = [] -%}
    {%- for row in rows -%}
        {%- set magnitudes = row[2] if var('lrg_magnitudes') == 'seed' else var('lrg_magnitudes') -%}
        {%- do cuts.append((row[0], lrg_expression(row[1], magnitudes))) -%}
    {%- endfor -%}
    {{ return(cuts) }}
{%- endmacro %}

{% macro is_lrg(variant) -%}
    {#- SQL condition: the source passes every cut of the variant. -#}
    {%- if execute -%}
        ({{ lrg_cuts(variant) | map(attribute=1) | join('\n        and ') }}) is true
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro cut_difference(cut) -%}
    {#-
      Of a cut that compares a magnitude or a colour with a number, the difference that is below zero where
      the cut passes; else none. DuckDB's comparison of doubles asks about NaN twice and takes
      twice as long as a difference and its sign. The magnitudes of stg_sources are finite or null, for which
      both say the same.
    -#}
    {%- set magnitude = '(?:[grz]|w1)mag(?:_mw)?' -%}
    {%- set form = '[(](' ~ magnitude ~ '(?: - ' ~ magnitude ~ ')?) ([<>]) ([0-9.e]+)[)]' -%}
    {%- set sides = modules.re.fullmatch(form, cut) -%}
    {%- if sides is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set smaller, larger = sides.group(1), sides.group(3) -%}
    {%- if sides.group(2) == '>' -%}
        {%- set smaller, larger = larger, smaller -%}
    {%- endif -%}
    {{ return('(' ~ smaller ~ ') - (' ~ larger ~ ')') }}
{%- endmacro %}

{% macro passes_where(known, cut) -%}
    {#-
      The cut where the condition `known` holds, elsewhere true for no source. DuckDB is slow over columns
      with nulls and slower over booleans with nulls; behind a condition that leaves the nulls out
      a sign is neither. Other cuts are left as they are.
    -#}
    {%- set difference = cut_difference(cut) -%}
    {%- if difference is none -%}
        {{ return(cut) }}
    {%- endif -%}
    {{ return('case when ' ~ known ~ ' then signbit(' ~ difference ~ ') else false end') }}
{%- endmacro %}

{% macro passes_or_fails(cut) -%}
    {#- The cut as true or false, false where it is null. -#}
    {%- set difference = cut_difference(cut) -%}
    {%- if difference is not none -%}
        {{ return('signbit(coalesce(' ~ difference ~ ', 0e0))') }}
    {%- endif -%}
    {%- set is_there = '[a-z0-9_]+ is not null' -%}
    {%- if modules.re.fullmatch('[(]' ~ is_there ~ '(?: and ' ~ is_there ~ ')*[)]', cut) -%}
        {{ return(cut) }}
    {%- endif -%}
    {{ return('coalesce(' ~ cut ~ ', false)') }}
{%- endmacro %}

{% macro distinct_lrg_cuts() -%}
    {#- SQL of the cuts of all variants, each once: they share most of theirs. -#}
    {%- set cuts = [] -%}
    {%- for variant in lrg_variants() -%}
        {%- do cuts.extend(lrg_cuts(variant) | map(attribute=1)) -%}
    {%- endfor -%}
    {{ return(cuts | unique(case_sensitive=true) | list) }}
{%- endmacro %}
