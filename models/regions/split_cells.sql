with

cells as (
    select range as cell
    from range(12 * {{ var('split_nside') }} * {{ var('split_nside') }})
),

cells_with_draw as (
    select
        cell,
        {{ keyed_u1("'" ~ var('split_nside') ~ "/' || cell", 'split') }} as split_u
    from cells
),

split_cells as (
    select
        cell,
        split_u,
        {{ split_of_draw('split_u') }} as split
    from cells_with_draw
)

select * from split_cells
order by cell
