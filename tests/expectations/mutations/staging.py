"""What breaks the suites of `staging`."""

CHANGES = {
    "stg_sources": {
        "row_of_file_stands_once": "row_index = 13 where brickid = 1 and objid = 2",
        "every_row_read_is_accounted_for": "n_duplicates = 0",
        "gmag_follows_flux": "gmag = 20.1 where brickid = 1 and objid = 2",
        "rmag_follows_flux": "rmag = rmag + 1e-6 where brickid = 1 and objid = 2",
        "zmag_follows_flux": "flux_z = 'nan' where brickid = 1 and objid = 2",
        "w1mag_follows_flux": "w1mag = null where brickid = 1 and objid = 2",
    },
    "stg_bricks": {
        "brickname_is_unique": "brickname = '0102p002' where brickid = 2",
        "centre_lies_inside": "ra = 11 where brickid = 1",
        "area_follows_corners": "area_deg2 = 0.07 where brickid = 1",
        "every_brick_read_is_there": "delete from stg_bricks where brickid = 6",
    },
    "stg_known_lenses": {
        "every_entry_with_a_position_is_accounted_for": "n_entries = 1",
        "lens_stands_once": "ra = 10.2101, dec = 0.23 where known_lens_id = 2",
    },
    "stg_ingest_outcomes": {
        "reason_where_not_ok": "reason_code = null where not is_ok",
        "reason_code_is_known": "reason_code = 'because' where not is_ok",
        "every_file_attempted_is_there": "delete from stg_ingest_outcomes where is_ok",
    },
}
