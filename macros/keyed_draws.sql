{#
  Random draws that are pure functions of (seed, key, stream): one md5 digest of 'seed|key|stream'
  gives two uniforms in [0, 1), its first and its last 13 hex digits over 2^52. The same in any
  engine, on any number of threads, in any row order. A null in the key is an error.
#}

{% macro galaxy_key(brickid, objid) -%}
    {{ brickid }} || '/' || {{ objid }}
{%- endmacro %}

{% macro render_key(brickid, objid, config_id, replicate) -%}
    {{ brickid }} || '/' || {{ objid }} || '/' || {{ config_id }} || '/' || {{ replicate }}
{%- endmacro %}

{% macro keyed_digest(key, stream) -%}
    md5(
        '{{ var("seed") }}|'
        || coalesce(
            {{ key }},
            error('a keyed draw (stream {{ stream }}) has a null in its key')::varchar
        )
        || '|{{ stream }}'
    )
{%- endmacro %}

{% macro digest_u1(digest) -%}
    (('0x' || left({{ digest }}, 13))::bigint / 4503599627370496e0)
{%- endmacro %}

{% macro digest_u2(digest) -%}
    (('0x' || right({{ digest }}, 13))::bigint / 4503599627370496e0)
{%- endmacro %}

{% macro digest_seed64(digest) -%}
    {#- 60 bits of a digest as a whole number: the key of a counter-based generator. -#}
    ('0x' || left({{ digest }}, 15))::bigint
{%- endmacro %}

{% macro keyed_u1(key, stream) -%}
    {{ digest_u1(keyed_digest(key, stream)) }}
{%- endmacro %}

{% macro keyed_u2(key, stream) -%}
    {{ digest_u2(keyed_digest(key, stream)) }}
{%- endmacro %}

{% macro standard_normal(digest, branch) -%}
    {#- Box and Muller (1958); the two branches of one digest are independent. 1 - u1 is never 0. -#}
    (
        sqrt(-2e0 * ln(1e0 - {{ digest_u1(digest) }}))
        * {{ branch }}(2e0 * pi() * {{ digest_u2(digest) }})
    )
{%- endmacro %}
