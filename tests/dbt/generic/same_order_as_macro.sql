{#- The seed names the cuts that the macros name, in the same order, with the same options. -#}
{% test same_order_as_macro(model) %}

with

cuts_of_macro as (
    select
        unnest({{ source_cuts() + ['n1_type'] }}) as cut_name,
        unnest(range(1, {{ source_cuts() | length + 2 }})) as cut_order
)

select *
from cuts_of_macro
full join {{ model }} as cuts_of_seed using (cut_name)
where
    cuts_of_macro.cut_order is distinct from cuts_of_seed.cut_order
    or cuts_of_seed.is_optional <> (cut_name in ('{{ optional_cuts() | join("', '") }}'))

{% endtest %}
