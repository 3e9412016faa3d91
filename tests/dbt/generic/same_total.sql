{#- A number of this model equals a number of another: what went in came out. -#}
{% test same_total(model, expression, to, to_expression) %}

with

totals as (
    select
        (select {{ expression }} from {{ model }}) as total,
        (select {{ to_expression }} from {{ to }}) as expected
)

select *
from totals
where total is distinct from expected or coalesce(expected, 0) = 0

{% endtest %}
