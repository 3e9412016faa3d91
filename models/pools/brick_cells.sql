with

stg_bricks as (
    select * from {{ ref('stg_bricks') }}
),

-- A brick that lies in one cell with a margin wider than the buffer; null where a border is near.
brick_cells as (
    select
        brickid,
        healpix_cell_of_box({{ var('split_nside') }}, ra1, ra2, dec1, dec2) as cell
    from stg_bricks
)

select * from brick_cells
