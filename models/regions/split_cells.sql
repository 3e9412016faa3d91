with

cells as (
    select range as cell
    from range(12 * {{ var('split_nside') }} * {{ var('split_nside') }})
),

cells_with_key as (
    select
        cell,
        cell // {{ var('split_block_cells') }} as block,
        {{ keyed_u1("'" ~ var('split_nside') ~ "/' || cell", 'split') }} as u1
    from cells
),

-- One draw in each of as many equal parts of 0 to 1 as the block has cells, in the keyed order: the
-- parts of the sky that a survey covers then hold the splits in the shares that were asked for.
cells_with_draw as (
    select
        cell,
        (row_number() over (partition by block order by u1) - 1 + u1)
        / count(*) over (partition by block) as split_u
    from cells_with_key
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
