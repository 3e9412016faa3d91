"""The suite of `injection_tasks`.

It asks what the original's two manifest validators asked, and more.
"""

from expectations.seeds import seed_rows
from expectations.suite import Check, Suite, always, among, between, no_rows, present
from expectations.suites.rules import SPLITS, brick_name, sky_position, sql_list
from store.project import Settings

THETA_E_MAX_ARCSEC = 5  # of the original's validator; no galaxy lens is wider
PSF_MIN_ARCSEC, PSF_MAX_ARCSEC = 0.5, 5.0  # no ground-based seeing is outside
LENS_PARAMETERS = ("theta_e_arcsec", "lens_e", "lens_phi_rad", "shear", "shear_phi_rad")
SOURCE_PARAMETERS = (
    *("src_x_arcsec", "src_y_arcsec", "src_dmag", "src_r_mag", "src_gr", "src_rz"),
    *("src_reff_arcsec", "src_e", "src_phi_rad", "src_n"),
)
GRID_PARAMETERS = ("theta_e_arcsec", "src_dmag", "src_reff_arcsec", "src_e", "shear")
IDENTITIES = (
    *("render_id", "experiment_id", "tier", "selection_set_id", "region_id", "brickname"),
    *("brickid", "objid", "config_id", "replicate", "is_control", "stamp_size", "bandset"),
)
INJECTED = "not is_control"


def injection_tasks(settings: Settings) -> Suite:
    """Return the suite of the tasks.

    A task is a galaxy, what is painted on it, and the experiment that this is for.
    """
    return Suite(
        table="injection_tasks",
        grain="One row per task.",
        key=("task_id",),
        columns=(*IDENTITIES, *LENS_PARAMETERS, *SOURCE_PARAMETERS, "rmag", "zmag", "w1mag"),
        checks=(
            *present(*IDENTITIES),
            *sky_position(),
            brick_name(),
            among("region_split", SPLITS),
            between("psfsize_r", PSF_MIN_ARCSEC, PSF_MAX_ARCSEC),
            *present("psfdepth_r", "ebv"),
            *_controls(),
            *_injections(settings),
            *_draws(settings),
            *_numbers(settings),
            *_agreement_with_others(settings),
        ),
    )


def controls_are_empty() -> tuple[Check, ...]:
    """Check that a control is its galaxy and nothing else."""
    zero = " and ".join(f"abs({name}) < 1e-12" for name in (*LENS_PARAMETERS, *SOURCE_PARAMETERS))
    return (
        always("control_has_no_lens_and_no_source", zero, when="is_control"),
        always("control_says_so", "is_control = (lens_model = 'CONTROL')", column="lens_model"),
    )


def _controls() -> tuple[Check, ...]:
    return (
        *controls_are_empty(),
        no_rows(
            "experiments_that_ask_for_controls_have_them",
            "select experiment_id from experiments left join {batch} as tasks"
            " using (experiment_id) group by experiment_id"
            " having (coalesce(bool_or(is_control), false) = (max(experiments.control_frac) > 0)) is not true",
        ),
    )


def _injections(settings: Settings) -> tuple[Check, ...]:
    return (
        *systems_are_possible(settings),
        always(
            "src_dmag_is_relative_to_the_lens",
            f"abs(src_r_mag - src_dmag - coalesce(rmag, {settings['rmag_fallback_mag']})) < 1e-9",
            when=INJECTED,
        ),
    )


def systems_are_possible(settings: Settings) -> tuple[Check, ...]:
    """Check that injected systems lie where the vars let them be drawn."""
    reach = "sqrt(pow(src_x_arcsec, 2) + pow(src_y_arcsec, 2))"
    limit = f"{settings['beta_max_over_theta_e']} * theta_e_arcsec * (1 + 1e-12)"
    low_e = 0 if settings["lens_follows_host"] else settings["lens_e_min"]
    colour = (settings["src_colour_min_mag"], settings["src_colour_max_mag"])
    return (
        among("lens_model", ("SIE",), when=INJECTED),
        always(
            "theta_e_arcsec_in_range",
            f"theta_e_arcsec > 0 and theta_e_arcsec <= {THETA_E_MAX_ARCSEC}",
            when=INJECTED,
            column="theta_e_arcsec",
        ),
        between("lens_e", low_e, settings["lens_e_max"], when=INJECTED),
        _angle("lens_phi_rad", "pi()", lens_follows_host=settings["lens_follows_host"]),
        between("shear", 0, 0.5, when=INJECTED),
        _angle("shear_phi_rad", "pi()"),
        _angle("src_phi_rad", "2 * pi()"),
        between("src_e", 0, 0.95, when=INJECTED),
        always("src_reff_is_positive", "src_reff_arcsec > 0", when=INJECTED),
        between("src_n", 0.3, 8, when=INJECTED, why="Where the renderer holds its error budget."),
        between("src_gr", *colour, when=INJECTED),
        between("src_rz", *colour, when=INJECTED),
        among("src_mag_frame", ("observed", "intrinsic")),
        always(
            "source_lies_within_reach",
            f"{reach} <= {limit} and beta_max_over_theta_e = {settings['beta_max_over_theta_e']}",
            when=INJECTED,
            why="At most beta_max_over_theta_e Einstein radii from the lens.",
        ),
        always(
            "proposal_density_is_stored",
            "proposal_density_system > 0 and proposal_density_nuisance > 0",
            when=INJECTED,
            why="Without it nobody can weigh the injections anew.",
        ),
    )


def _angle(column: str, turn: str, *, lens_follows_host: bool = False) -> Check:
    """Expect an angle in [0, turn); a host's own may be the turn itself."""
    closed = "<=" if lens_follows_host else "<"
    return always(
        f"{column}_in_range",
        f"{column} >= 0 and {column} {closed} {turn}",
        when=INJECTED,
        column=column,
        why=f"In [0, {turn}).",
    )


def _draws(settings: Settings) -> tuple[Check, ...]:
    """Check that what is drawn uniformly has the mean of a uniform draw.

    Five standard errors are allowed.
    """
    uniforms = {
        "source_radius": "(pow(src_x_arcsec, 2) + pow(src_y_arcsec, 2))"
        " / pow(beta_max_over_theta_e * theta_e_arcsec, 2)",
        "source_angle": "atan2(src_y_arcsec, src_x_arcsec) / (2 * pi()) + 0.5",
        "src_phi_rad": "src_phi_rad / (2 * pi())",
        "shear_phi_rad": "shear_phi_rad / pi()",
    }
    if not settings["lens_follows_host"]:
        uniforms["lens_phi_rad"] = "lens_phi_rad / pi()"
    drawn = (
        f"select render_id, any_value({uniform}) as u from {{batch}}"
        " where not is_control group by render_id"
        for uniform in uniforms.values()
    )
    return tuple(
        no_rows(
            f"{name}_is_drawn_uniformly",
            f"select avg(u) as mean, count(*) as n from ({query})"
            " having (abs(avg(u) - 0.5) <= 5 / sqrt(12 * count(*))) is not true",
            why="Uniform in area for the radius. Once per system, since tasks share systems.",
        )
        for name, query in zip(uniforms, drawn, strict=True)
    )


def _numbers(settings: Settings) -> tuple[Check, ...]:
    few_tasks = settings["min_tasks_per_tier_and_split"]
    few_hosts = settings["min_hosts_per_config"][settings["survey_size"]]
    return (
        no_rows(
            "every_tier_and_split_has_tasks",
            f"""
            select tier, region_split, count(task_id) as n_tasks
            from (select unnest([{sql_list(settings["tiers"])}]) as tier)
            cross join (select unnest([{sql_list(SPLITS)}]) as region_split)
            left join {{batch}} as tasks using (tier, region_split)
            group by all having count(task_id) < {few_tasks}
            """,
            why=f"At least {few_tasks}.",
        ),
        no_rows(
            "every_host_has_its_configs_and_replicates",
            f"""
            with wanted as (
                select experiment_id, selection_set_id, region_split, {_wanted()}
                from sampled_galaxies inner join experiments using (experiment_id)
                group by all
            ),
            made as (
                select experiment_id, selection_set_id, region_split,
                    count(*) filter (where not is_control) as n_injections,
                    count(*) filter (where is_control) as n_controls
                from {{batch}} group by all
            )
            select * from wanted full join made
                using (experiment_id, selection_set_id, region_split)
            where (wanted.n_injections = made.n_injections and wanted.n_controls = made.n_controls)
                is not true
            """,
            why="Neither a task too few nor a galaxy crossed with another galaxy's configs.",
        ),
        no_rows(
            "every_config_has_enough_hosts",
            "select experiment_id, config_id, count(distinct (brickid, objid)) as n_hosts"
            " from {batch} as tasks inner join experiments using (experiment_id)"
            " where not is_control and sampling = 'all_configs' and experiments.tier <> 'debug'"
            f" group by all having count(distinct (brickid, objid)) < {few_hosts}",
            why=f"At least {few_hosts} galaxies per point of a grid that hosts take whole:"
            " replicates on one host are not independent.",
        ),
    )


def _wanted() -> str:
    """Return SQL for the numbers of injections and controls asked for.

    It counts what the sampled galaxies ask for, under either pairing of controls.
    """
    per_host = "any_value(n_configs_per_galaxy * n_replicates)"
    paired = "any_value(control_pairing) = 'paired'"
    controls = "count(*) filter (where is_control_host)"
    return (
        f"case when {paired} then count(*) else count(*) - {controls} end * {per_host}"
        f" as n_injections, {controls} * if({paired}, 1, {per_host}) as n_controls"
    )


def _agreement_with_others(settings: Settings) -> tuple[Check, ...]:
    parameters = ", ".join((*LENS_PARAMETERS, *SOURCE_PARAMETERS))
    differs = " or ".join(
        f"tasks.{name} is distinct from configs.{name}" for name in GRID_PARAMETERS
    )
    return (
        no_rows(
            "render_is_one_system",
            f"select render_id from {{batch}} group by render_id"
            f" having count(distinct (brickid, objid, {parameters})) <> 1",
            why="Tasks that share a render share every parameter.",
        ),
        no_rows(
            "galaxy_has_one_split",
            "select brickid, objid from {batch} group by all"
            " having count(distinct region_split) <> 1",
        ),
        no_rows(
            "task_is_of_its_experiment",
            "select {key}, experiment_id from {batch} as tasks"
            " left join experiments as configs using (experiment_id)"
            " where (tasks.tier = configs.tier and tasks.stamp_size = configs.stamp_size"
            " and tasks.bandset = configs.bandset and tasks.ab_zp_nmgy = configs.ab_zp_nmgy"
            " and tasks.replicate between 0 and configs.n_replicates - 1) is not true",
        ),
        no_rows(
            "grid_parameters_are_those_of_the_config",
            "select {key}, config_id from {batch} as tasks"
            " left join injection_configs as configs using (config_id)"
            f" where not tasks.is_control and not coalesce(configs.is_prior, false) and ({differs})",
        ),
        *_priors(),
        no_rows(
            "psf_and_depth_bins_follow_their_edges",
            f"select {{key}}, psf_bin, depth_bin from {{batch}}"
            f" left join experiments using (experiment_id) where ({bins_follow_their_edges(settings)}) is not true",
            why="Quartiles over bricks, half-open, the last one closed.",
        ),
    )


def _priors() -> tuple[Check, ...]:
    """Check that the parameters of each prior lie where the seed says."""
    return tuple(
        always(
            f"{row['prior']}_{row['parameter']}_in_range",
            f"{row['parameter']} between {row['low']} and {row['high']}",
            when=f"config_id = '{row['prior']}' and not is_control",
        )
        for row in seed_rows("priors")
    )


def bins_follow_their_edges(settings: Settings) -> str:
    """Return the condition that bins of seeing and depth follow their edges.

    The rows need psfsize_r, psfdepth_r and the edges of both.
    """
    last_bin = settings["host_bins_per_axis"] - 1
    return " and ".join(
        f"{name} = least({last_bin}, len(list_filter({edges}[2:], lambda edge: edge <= {value}::double)))"
        for name, edges, value in (
            ("psf_bin", "psf_edges", "psfsize_r"),
            ("depth_bin", "depth_edges", "psfdepth_r"),
        )
    )
