{#- The model's Great Expectations suite, run by gx_validate on a connection of its own. A row is an
    expectation that the table does not meet. -#}
{% test passes_suite(model) %}

select unnest(gx_validate(
    '{{ model.identifier }}',
    '{{ model.identifier }}',
    '{{ (invocation_args_dict.vars or {}) | tojson | replace("'", "''") }}'
)) as failed_expectation

{% endtest %}
