{#- The columns are a key: rows there are, none has a null in the key, no two share one. -#}
{% test unique_key(model, columns) %}

with

key_counts as (
    select
        {{ columns | join(', ') }},
        count(*) as n_rows
    from {{ model }}
    group by {{ columns | join(', ') }}
)

select count(*) as n_keys
from key_counts
having
    count(*) = 0
    or count(*) filter (
        where n_rows > 1 {% for column in columns %}or {{ column }} is null {% endfor %}
    ) > 0

{% endtest %}
