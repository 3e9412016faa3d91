{%- set plan = completeness_plan() -%}
{%- do refuse_huge_cubes(plan.cubes, ref('completeness_signal')) -%}
with

completeness_signal as (
    select * from {{ ref('completeness_signal') }}
),

completeness_bins as (
    select * from {{ ref('completeness_bins') }}
),

cubes as (
    {{ cube_rows(plan.cubes) }}
),

cells_met as (
    select
        completeness_signal.*,
        cubes.crossed_axes
    from completeness_signal
    inner join cubes using (cube)
),

-- Bins that an axis has in an experiment: all between edges, and the values that were met.
bins_of_experiments as (
    select distinct
        cells_met.experiment_number,
        completeness_bins.axis,
        completeness_bins.bin::smallint as bin
    from cells_met
    cross join completeness_bins
    where completeness_bins.value is null
    union all
    select distinct
        experiment_number,
        axis,
        bin
    from (
        unpivot cells_met
        on {{ plan.axes | rejectattr('is_binned') | map(attribute='axis') | join(', ') }}
        into name axis value bin
    )
),

crossed_bins as (
    select
        cubes.cube,
        bins_of_experiments.*
    from cubes
    inner join bins_of_experiments on bins_of_experiments.axis in cubes.crossed_axes
),

observed_cells as (
    select distinct
        {%- for axis in plan.axes %}
        if('{{ axis.axis }}' in crossed_axes, null, {{ axis.axis }}) as {{ axis.axis }},
        {%- endfor %}
        cube,
        experiment_number
    from cells_met
),

-- Every bin of the crossed axes with every other, for what was met together of the observed ones.
crossed_cells as (
    select
        {%- for axis in plan.axes %}
        coalesce(observed_cells.{{ axis.axis }}, {{ axis.axis }}_bins.bin) as {{ axis.axis }},
        {%- endfor %}
        observed_cells.cube,
        observed_cells.experiment_number
    from observed_cells
    {%- for axis in plan.axes %}
    left join crossed_bins as {{ axis.axis }}_bins
        on observed_cells.cube = {{ axis.axis }}_bins.cube
        and observed_cells.experiment_number = {{ axis.axis }}_bins.experiment_number
        and {{ axis.axis }}_bins.axis = '{{ axis.axis }}'
    {%- endfor %}
),

-- Beside them what lies outside all bins.
cells as (
    select * from crossed_cells
    union by name
    select * exclude (cell, n_attempt, arc_snr_mean, arc_snr_p50, theta_over_psf_mean, crossed_axes)
    from cells_met
),

completeness_grid as (
    select
        cells.cube,
        cubes.only_rule_kind,
        cells.experiment_number,
        {{ cell_text(plan.cell_axes) }} as cell,
        cubes.control_cube,
        {{ cell_text(plan.control_axes) }} as control_cell,
        {%- for axis in plan.axes %}
        {{ axis_place(axis) }}{{ "," if not loop.last }}
        {%- endfor %}
    from cells
    inner join cubes using (cube)
    {%- for axis in plan.axes %}
    left join completeness_bins as bins_of_{{ axis.axis }}
        on bins_of_{{ axis.axis }}.axis = '{{ axis.axis }}'
        and cells.{{ axis.axis }} = bins_of_{{ axis.axis }}.bin
    {%- endfor %}
)

select * from completeness_grid
