{#
  Who is near whom on the sky, exactly at RA 0/360 and at the poles.

  The smaller table is spread over every cell of the sky that its boxes touch, so each row of the
  larger one looks into a single cell, found by two multiplications and no trigonometry. Cells are
  squares in declination and right ascension, numbered row by row from the south pole.
#}

{% macro positions_within(left, right, radius_arcsec) -%}
    {#-
      Pairs of rows of two relations (with `ra` and `dec` in degrees) that are at most a radius
      apart on the great circle: every column of both as `left_...` and `right_...`, and their
      `separation_arcsec`. `left` is the smaller relation.
    -#}
    {%- set half_width = half_width_ra_deg('dec', radius_arcsec) -%}
    {%- set reach = reach_deg(radius_arcsec) -%}
    with
    left_positions as (
        {{ boxes_in_sky_cells(
            left, 'ra - ' ~ half_width, 'ra + ' ~ half_width, 'dec - ' ~ reach, 'dec + ' ~ reach, 60
        ) | indent(8) }}
    ),

    pairs_in_a_cell as (
        select
            columns(left_positions.* exclude (sky_cell)) as 'left_\0',
            columns(right_positions.*) as 'right_\0',
            {{ separation_arcsec(
                'left_positions.ra', 'left_positions.dec', 'right_positions.ra', 'right_positions.dec'
            ) }} as separation_arcsec
        from {{ right }} as right_positions
        inner join left_positions
            on left_positions.sky_cell = {{ sky_cell('right_positions.ra', 'right_positions.dec', 60) }}
        where abs(right_positions.dec - left_positions.dec) <= {{ reach }}
    )

    select * from pairs_in_a_cell
    where separation_arcsec <= {{ radius_arcsec }}
{%- endmacro %}

{% macro brick_of_position(positions, bricks) -%}
    {#-
      Rows of a relation (with `ra` and `dec` in degrees) that lie in a brick of another, with its
      `brickid`. A brick holds its lower borders; the northernmost hold the pole.
    -#}
    with
    bricks_in_cells as (
        {{ boxes_in_sky_cells(bricks, 'ra1', 'ra2', 'dec1', 'dec2', 1) | indent(8) }}
    )

    select
        positions.*,
        bricks_in_cells.brickid
    from {{ positions }} as positions
    inner join bricks_in_cells
        on bricks_in_cells.sky_cell = {{ sky_cell('positions.ra', 'positions.dec', 1) }}
    where
        positions.ra % 360e0 >= bricks_in_cells.ra1
        and positions.ra % 360e0 < bricks_in_cells.ra2
        and positions.dec >= bricks_in_cells.dec1
        and (positions.dec < bricks_in_cells.dec2 or positions.dec = 90)
{%- endmacro %}

{% macro sky_cell(ra, dec, cells_per_deg) -%}
    {#- Number of the cell that holds a position. -#}
    (
        cast(floor(({{ dec }} + 90) * {{ cells_per_deg }}) as bigint) * {{ 360 * cells_per_deg }}
        + cast(floor({{ ra }} * {{ cells_per_deg }}) as bigint) % {{ 360 * cells_per_deg }}
    )
{%- endmacro %}

{% macro boxes_in_sky_cells(relation, ra_low, ra_high, dec_low, dec_high, cells_per_deg) -%}
    {#- Rows of a relation once for each cell that their box touches; it may cross RA 0 or go round. -#}
    {%- set turn = 360 * cells_per_deg -%}
    with
    boxes as (
        select
            *,
            cast(floor(({{ ra_low }}) * {{ cells_per_deg }}) as bigint) as first_column,
            cast(floor(({{ ra_high }}) * {{ cells_per_deg }}) as bigint) as last_column,
            cast(floor((greatest({{ dec_low }}, -90) + 90) * {{ cells_per_deg }}) as bigint) as first_row,
            cast(floor((least({{ dec_high }}, 90) + 90) * {{ cells_per_deg }}) as bigint) as last_row
        from {{ relation }}
    ),

    boxes_by_row as (
        select
            *,
            unnest(range(first_row, last_row + 1)) as cell_row
        from boxes
    ),

    boxes_by_cell as (
        select
            *,
            unnest(
                range(first_column, least(last_column + 1, first_column + {{ turn }}))
            ) as cell_column
        from boxes_by_row
    )

    select
        * exclude (first_column, last_column, first_row, last_row, cell_row, cell_column),
        cell_row * {{ turn }} + (cell_column % {{ turn }} + {{ turn }}) % {{ turn }} as sky_cell
    from boxes_by_cell
{%- endmacro %}

{% macro reach_deg(radius_arcsec) -%}
    {#- A radius in degrees, with a billionth more against round-off at the circle's edge. -#}
    ({{ radius_arcsec }} / 3600e0 + 1e-9)
{%- endmacro %}

{% macro half_width_ra_deg(dec, radius_arcsec) -%}
    {#-
      Half the width in right ascension of a circle about a position, asin(sin r / cos dec); half
      a turn when the circle holds a pole.
    -#}
    case
        when abs({{ dec }}) + {{ reach_deg(radius_arcsec) }} >= 90 then 180e0
        else
            1e-9 + degrees(asin(least(
                1e0, sin(radians({{ reach_deg(radius_arcsec) }})) / cos(radians({{ dec }}))
            )))
    end
{%- endmacro %}
