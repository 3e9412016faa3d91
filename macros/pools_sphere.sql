{#- Positions on the sphere, matched exactly at RA 0/360 and at the poles.

    Cells are one arcminute of declination by one of right ascension, numbered row by row from the
    south pole. Only the smaller table is spread over every cell that its circles touch, so the
    larger one is probed once per row, with two multiplications and no trigonometry. -#}

{% macro sky_cell(ra, dec) -%}
    cast(floor(({{ dec }} + 90) * 60) as bigint) * 21600
    + cast(floor({{ ra }} * 60) as bigint) % 21600
{%- endmacro %}

{#- Rows of `relation` (which has `ra` and `dec` in degrees) once for every cell that a circle of
    `radius_arcsec` about them touches, as `sky_cell`. The half-width in right ascension of such a
    circle is asin(sin r / cos dec), and the whole turn when it holds a pole. -#}
{% macro spread_over_sky_cells(relation, radius_arcsec) -%}
    select
        * exclude (cell_row, half_width_ra_deg),
        cell_row * 21600 + (cell_column % 21600 + 21600) % 21600 as sky_cell
    from (
        select
            *,
            unnest(
                case
                    when half_width_ra_deg >= 180 then range(0, 21600)
                    else
                        range(
                            cast(floor((ra - half_width_ra_deg) * 60) as bigint),
                            cast(floor((ra + half_width_ra_deg) * 60) as bigint) + 1
                        )
                end
            ) as cell_column
        from (
            select
                *,
                unnest(
                    range(
                        cast(floor((dec - {{ radius_arcsec }} / 3600e0 + 90) * 60) as bigint),
                        cast(floor((dec + {{ radius_arcsec }} / 3600e0 + 90) * 60) as bigint) + 1
                    )
                ) as cell_row,
                {{ half_width_ra_deg('dec', radius_arcsec) }} as half_width_ra_deg
            from {{ relation }}
        )
    )
{%- endmacro %}

{#- A billionth of a degree is added against round-off at the circle's edge. -#}
{% macro half_width_ra_deg(dec, radius_arcsec) -%}
    case
        when abs({{ dec }}) + {{ radius_arcsec }} / 3600e0 >= 90 - 1e-9 then 180e0
        else
            1e-9 + degrees(
                asin(
                    least(
                        1e0,
                        sin(radians({{ radius_arcsec }} / 3600e0)) / cos(radians({{ dec }}))
                    )
                )
            )
    end
{%- endmacro %}

{#- Sine of the Galactic latitude. North Galactic pole, J2000: 192.85948, 27.12825 deg
    (ESA 1997, The Hipparcos and Tycho Catalogues, vol. 1, 1.5.3). -#}
{% macro sin_galactic_latitude(ra, dec) -%}
    (
        sin(radians(27.12825e0)) * sin(radians({{ dec }}))
        + cos(radians(27.12825e0)) * cos(radians({{ dec }}))
        * cos(radians({{ ra }} - 192.85948e0))
    )
{%- endmacro %}

{#- Whether two numbers are a position: false for NaN and for values off the sphere, null for null. -#}
{% macro is_position(ra, dec) -%}
    ({{ ra }} between 0 and 360 and {{ dec }} between -90 and 90)
{%- endmacro %}
