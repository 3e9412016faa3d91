"""What breaks the suites of `manifests`."""

FIRST_CONFIG = "where config_id = 'grid_small_1'"
FIRST_TASK = "where task_id = (select min(task_id) from injection_tasks where not is_control)"
FIRST_GRID_TASK = FIRST_TASK[:-1] + " and tier = 'grid')"
FIRST_PRIOR_TASK = FIRST_TASK[:-1] + " and tier = 'train')"
OF_ONE_RENDER = (
    "where render_id = (select min(render_id) from injection_tasks where tier = 'train'"
    " and not is_control)"
)
FIRST_HOST = (
    "where brickid = 1 and objid = (select min(objid) from host_candidates where brickid = 1)"
)
FIRST_SYSTEM = (
    "where render_id = (select min(render_id) from systems where not is_control"
    " and config_id = 'grid_small_1')"
)

CHANGES = {
    "injection_configs": {
        "configs_of_a_grid_count_up": f"config_index = 49 {FIRST_CONFIG}",
        "grids_have_their_points": ("delete from injection_configs where grid = 'grid_full'"),
        "n_configs_is_their_number": (
            "delete from injection_configs where config_id = 'grid_small_48'"
        ),
        "src_reff_is_positive": f"src_reff_arcsec = 0 {FIRST_CONFIG}",
        "prior_has_no_point": "theta_e_arcsec = 1 where is_prior",
    },
    "experiments": {
        "experiment_id_says_what_it_is": (
            "experiment_id = 'mine' where tier = 'grid' and stamp_size = 64"
        ),
        "every_tier_size_and_bandset_is_there": (
            "delete from experiments where tier = 'grid' and stamp_size = 64"
        ),
        "tasks_are_within_the_limit": "task_limit = 100",
    },
    "host_candidates": {
        "candidate_is_a_parent_that_may_be_used": (
            "insert into host_candidates select * replace (77 as objid) from host_candidates limit 1",
            "every_parent_that_may_be_used_is_there",
        ),
        "every_parent_that_may_be_used_is_there": f"delete from host_candidates {FIRST_HOST}",
        "psf_and_depth_bins_follow_their_edges": f"depth_bin = 1 {FIRST_HOST}",
    },
    "host_configs": {
        "hosts_are_those_sampled": "brickid = 77 where brickid = 3 and not is_control",
        "control_hosts_are_those_sampled": (
            "delete from host_configs where brickid = 3 and is_control"
        ),
        "config_is_known": "config_id = 'grid_small_0' where config_id = 'grid_small_1'",
        "every_replicate_is_there": (
            "delete from host_configs where config_id = 'grid_small_1' and replicate = 1"
        ),
    },
    "systems": {
        "place_is_that_of_the_galaxy": f"dec = dec + 0.001 {FIRST_SYSTEM}",
        "systems_are_those_asked_for": f"delete from systems {FIRST_SYSTEM}",
        "control_has_no_lens_and_no_source": "shear = 0.01 where is_control",
        "src_reff_is_positive": f"src_reff_arcsec = -0.1 {FIRST_SYSTEM}",
        "source_lies_within_reach": f"src_x_arcsec = 5 {FIRST_SYSTEM}",
        "proposal_density_is_stored": f"proposal_density_nuisance = 0 {FIRST_SYSTEM}",
    },
    "experiment_mixture": {
        "counts_are_those_of_the_tasks": "n_hosts = n_hosts + 1",
        "weights_are_shares_of_the_injections": "mixture_weight = mixture_weight / 2",
    },
    "sampled_galaxies": {
        "host_is_a_parent_that_may_be_used": (
            "update sampled_galaxies set objid = 0"
            " where brickid = 1 and objid = (select min(objid) from sampled_galaxies"
            " where brickid = 1)"
        ),
        "region_is_in_the_selection_set": ("delete from region_selections"),
        "config_is_one_of_the_grid": "config_index = 2 where tier = 'train'",
        "every_experiment_has_every_set_and_split": (
            "delete from sampled_galaxies where tier = 'grid' and region_split = 'val'"
        ),
        "no_more_hosts_than_asked_for": (
            "insert into sampled_galaxies select * replace (objid + 1000 as objid)"
            " from sampled_galaxies where tier = 'grid' and region_split = 'val'",
            "host_is_a_parent_that_may_be_used",
        ),
        "share_of_control_hosts_is_as_asked": "is_control_host = false where tier = 'grid'",
        "galaxy_has_one_split": (
            "region_split = 'test' where region_split = 'val' and tier = 'grid'",
            "host_is_a_parent_that_may_be_used",
            "every_experiment_has_every_set_and_split",
            "no_more_hosts_than_asked_for",
            "no_pair_across_splits",
        ),
        "no_pair_across_splits": (
            "update parent_galaxies set ra = there.ra, dec = there.dec from parent_galaxies as there"
            " where parent_galaxies.brickid = 3 and there.brickid = 1 and there.objid = 1"
        ),
    },
    "bin_quotas": {
        "every_bin_is_there": (
            "delete from bin_quotas where psf_bin = 0 and depth_bin = 0 and region_split = 'val'"
        ),
        "candidates_are_counted_again": (
            "n_candidates = n_candidates + 100 where psf_bin = 2 and depth_bin = 2"
        ),
        "hosts_are_those_sampled": (
            "insert into sampled_galaxies select * replace (77 as objid) from sampled_galaxies limit 1"
        ),
        "hosts_are_missing_only_where_bins_run_short": "n_galaxies = 1 where region_split = 'val'",
    },
    "injection_tasks": {
        "control_has_no_lens_and_no_source": "shear = 0.01 where is_control",
        "experiments_that_ask_for_controls_have_them": (
            "delete from injection_tasks where is_control",
            "every_host_has_its_configs_and_replicates",
        ),
        "src_reff_is_positive": (
            "src_reff_arcsec = -0.1 where render_id in (select render_id from injection_tasks"
            f" {FIRST_GRID_TASK})",
            "grid_parameters_are_those_of_the_config",
        ),
        "src_dmag_is_relative_to_the_lens": f"rmag = rmag + 0.1 {FIRST_TASK}",
        "source_lies_within_reach": f"src_x_arcsec = 2.5 {OF_ONE_RENDER}",
        "proposal_density_is_stored": f"proposal_density_system = 0 {FIRST_TASK}",
        "source_radius_is_drawn_uniformly": (
            "src_x_arcsec = src_x_arcsec / 2, src_y_arcsec = src_y_arcsec / 2"
        ),
        "source_angle_is_drawn_uniformly": (
            "src_x_arcsec = abs(src_x_arcsec), src_y_arcsec = abs(src_y_arcsec)"
        ),
        "src_phi_rad_is_drawn_uniformly": "src_phi_rad = src_phi_rad / 2",
        "shear_phi_rad_is_drawn_uniformly": "shear_phi_rad = shear_phi_rad / 2",
        "lens_phi_rad_is_drawn_uniformly": "lens_phi_rad = lens_phi_rad / 2",
        "every_tier_and_split_has_tasks": (
            "delete from injection_tasks where tier = 'train' and region_split = 'val'",
            "every_host_has_its_configs_and_replicates",
        ),
        "every_host_has_its_configs_and_replicates": f"delete from injection_tasks {FIRST_TASK}",
        "every_config_has_enough_hosts": (
            "delete from injection_tasks"
            " where tier = 'grid' and not is_control and region_split <> 'val'",
            "every_host_has_its_configs_and_replicates",
            "every_tier_and_split_has_tasks",
        ),
        "render_is_one_system": f"src_phi_rad = 0.123 {FIRST_TASK}",
        "galaxy_has_one_split": (
            f"region_split = 'test' {FIRST_TASK[:-1]} and region_split = 'val')",
            "every_host_has_its_configs_and_replicates",
        ),
        "task_is_of_its_experiment": f"stamp_size = 101 {FIRST_TASK}",
        "grid_parameters_are_those_of_the_config": (
            "theta_e_arcsec = 1.5, src_x_arcsec = 0.1, src_y_arcsec = 0.1 where render_id in"
            f" (select render_id from injection_tasks {FIRST_GRID_TASK})"
        ),
        "recoverable_theta_e_arcsec_in_range": f"theta_e_arcsec = 4 {OF_ONE_RENDER}",
        "recoverable_src_r_mag_in_range": (
            f"src_r_mag = src_r_mag + 5, src_dmag = src_dmag + 5 {OF_ONE_RENDER}"
        ),
        "recoverable_src_reff_arcsec_in_range": f"src_reff_arcsec = 0.6 {OF_ONE_RENDER}",
        "recoverable_src_n_in_range": f"src_n = 5 {OF_ONE_RENDER}",
        "recoverable_src_e_in_range": f"src_e = 0.7 {OF_ONE_RENDER}",
        "recoverable_shear_in_range": f"shear = 0.2 {OF_ONE_RENDER}",
        "psf_and_depth_bins_follow_their_edges": f"psf_bin = 3 {FIRST_TASK}",
    },
    "task_bricks": {
        "bricks_are_those_of_the_tasks": (
            "insert into task_bricks select * replace ('9999p002' as brickname, 0 as n_tasks)"
            " from task_bricks limit 1"
        ),
        "every_task_is_counted": "n_tasks = n_tasks + 1",
    },
}
