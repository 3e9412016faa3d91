{% macro separation_arcsec(ra_one, dec_one, ra_two, dec_two) -%}
    {#- Great-circle distance of two positions in degrees (haversine: exact at small angles). -#}
    (
        2e0 * 3600e0 * degrees(asin(least(1e0, sqrt(
            pow(sin(radians({{ dec_two }} - {{ dec_one }}) / 2e0), 2)
            + cos(radians({{ dec_one }})) * cos(radians({{ dec_two }}))
            * pow(sin(radians({{ ra_two }} - {{ ra_one }}) / 2e0), 2)
        ))))
    )
{%- endmacro %}

{% macro split_of_draw(split_u) -%}
    case
        when {{ split_u }} < {{ var('split_train_fraction') }} then 'train'
        when {{ split_u }} < {{ var('split_train_fraction') + var('split_val_fraction') }} then 'val'
        else 'test'
    end
{%- endmacro %}

{% macro near_cells(ra, dec) -%}
    {#- Cells that come within the buffer of a position, its own cell first (a Python function). -#}
    healpix_cells_within(
        {{ var('split_nside') }}, {{ ra }}, {{ dec }}, {{ var('split_buffer_arcsec') }}
    )
{%- endmacro %}

{% macro split_of_near_cells(cells) -%}
    {#-
      Split of an object from its `near_cells`, beside an import CTE `split_cells`: that of its own
      cell, or 'buffer' when a near cell is of another split. At most four cells meet in a point;
      an absent one gives null, which list_distinct leaves out.
    -#}
    {%- set splits -%}
        (select list(split_cells.split order by split_cells.cell) from split_cells)
    {%- endset -%}
    case
        when len(list_distinct([
            {%- for near in range(1, 5) %}
            {{ splits }}[{{ cells }}[{{ near }}] + 1]{{ ', ' if not loop.last }}
            {%- endfor %}
        ])) > 1 then 'buffer'
        else {{ splits }}[{{ cells }}[1] + 1]
    end
{%- endmacro %}

{% macro sin_galactic_latitude(ra, dec) -%}
    {#-
      Sine of the Galactic latitude. North Galactic pole, J2000: 192.85948, 27.12825 deg
      (ESA 1997, The Hipparcos and Tycho Catalogues, vol. 1, 1.5.3).
    -#}
    (
        sin(radians(27.12825e0)) * sin(radians({{ dec }}))
        + cos(radians(27.12825e0)) * cos(radians({{ dec }}))
        * cos(radians({{ ra }} - 192.85948e0))
    )
{%- endmacro %}

{% macro is_position(ra, dec) -%}
    {#- Whether two numbers are a position: false for NaN and off the sphere, null for null. -#}
    ({{ ra }} between 0 and 360 and {{ dec }} between -90 and 90)
{%- endmacro %}
