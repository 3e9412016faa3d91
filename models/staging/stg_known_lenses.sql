with

raw_known_lenses as (
    select * from {{ source('raw', 'raw_known_lenses') }}
),

-- Entries without a position can be matched with nothing; a test counts them.
entries_with_position as (
    select
        *,
        row_number() over (order by source_file, row_index) as entry_number
    from raw_known_lenses
    where ra between 0 and 360 and dec between -90 and 90
),

group_lists as (
    select
        list(entry_number order by entry_number) as entry_numbers,
        position_groups(
            list(ra::double order by entry_number),
            list(dec::double order by entry_number),
            {{ var('known_lens_dedup_arcsec') }}::double
        ) as groups
    from entries_with_position
),

entry_groups as (
    select
        unnest(entry_numbers) as entry_number,
        unnest(groups) as lens_group
    from group_lists
),

ranked_entries as (
    select
        entries_with_position.*,
        entry_groups.lens_group,
        row_number() over (
            partition by entry_groups.lens_group
            order by
                trim(entries_with_position.grading) = 'confident' desc,
                entries_with_position.entry_number asc
        ) as rank_in_group
    from entries_with_position
    inner join entry_groups on entries_with_position.entry_number = entry_groups.entry_number
),

-- The best graded entry gives position and redshift; all names and references are kept.
grouped_entries as (
    select
        min(trim(name)) filter (where rank_in_group = 1) as name,
        min(ra::double) filter (where rank_in_group = 1) as ra,
        min(dec::double) filter (where rank_in_group = 1) as dec,
        min(try_cast(zlens as double)) filter (where rank_in_group = 1) as zlens,
        min(trim(type)) filter (where rank_in_group = 1) as lens_type,
        min(trim(grading)) filter (where rank_in_group = 1) as grading,
        bool_or(trim(type) in ('cluster', 'group')) as is_cluster,
        bool_and(coalesce(is_cluster_list, false)) as is_cluster_list,
        list(distinct trim(name) order by trim(name)) as names,
        list(distinct trim(ref) order by trim(ref)) as refs,
        count(*) as n_entries
    from ranked_entries
    group by lens_group
),

stg_known_lenses as (
    select
        row_number() over (order by ra, dec, name) as known_lens_id,
        *
    from grouped_entries
)

select * from stg_known_lenses
