{#- Every row satisfies a condition (null counts as broken), and there are rows. -#}
{% test every_row_is(model, holds) %}

select count(*) as n_rows
from {{ model }}
having count(*) = 0 or count(*) filter (where ({{ holds }}) is not true) > 0

{% endtest %}
