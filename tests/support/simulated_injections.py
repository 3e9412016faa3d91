"""Injections with a known selection function, to test and to time the completeness stage.

Whether an injection is recovered is a coin whose odds depend on its Einstein radius alone. Coins of
one host are correlated through a normal latent variable, so hosts matter and the truth is exact.
"""

from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
from scipy.special import ndtri

from ingest.raw_tables import make_raw_tables

SNR_OF_DETECTION = 5.0  # the rule `original` asks for this much
CERTAIN_BLIND_SNR = 20.0  # above anything that noise does
N_SELECTION_SETS = 12


@dataclass(frozen=True)
class Simulation:
    """A population of injections.

    Attributes
    ----------
    n_hosts : galaxies with injections; each also has one control
    recovered_share : true probability of recovery, by Einstein radius in arcsec
    configs_per_host : how many grid points each host is injected with, at random
    replicates : how often each of them
    sets_per_host : largest number of selection sets that a host may be in
    n_regions : regions that hosts are spread over evenly
    first_host, first_region : numbers of the first of them, for a catalogue that is made in pieces
    host_correlation : share of the latent variance that injections of one host have in common
    failed_share : share of renders without a usable stamp
    experiment_id : name of the experiment
    seed : of the generator
    """

    n_hosts: int
    recovered_share: dict[float, float]
    configs_per_host: int = 1
    replicates: int = 2
    sets_per_host: int = 1
    n_regions: int = 50
    first_host: int = 0
    first_region: int = 0
    host_correlation: float = 0.3
    failed_share: float = 0.01
    experiment_id: str = "train_stamp64_bandsgrz_gridgrid_small"
    seed: int = 13


def _around(
    generator: np.random.Generator, low: float, high: float, scatter: float, region: np.ndarray
) -> np.ndarray:
    """Conditions that differ more between regions than within one."""
    centres = generator.uniform(low, high, region.max() + 1)
    return centres[region] + generator.normal(scale=scatter, size=len(region))


def _hosts(simulation: Simulation, generator: np.random.Generator) -> pl.DataFrame:
    n = simulation.n_hosts
    region = np.arange(n) % simulation.n_regions
    return pl.DataFrame(
        {
            "host": simulation.first_host + np.arange(n),
            "region_id": (simulation.first_region + region).astype(np.int32),
            "n_sets": generator.integers(1, simulation.sets_per_host + 1, n),
            "first_set": generator.integers(0, N_SELECTION_SETS, n),
            "psfsize_r": _around(generator, 0.95, 1.55, 0.04, region),
            "psfdepth_r": _around(generator, 23.7, 25.4, 0.1, region),
            "zmag": generator.uniform(17.0, 20.4, n),
            "host_latent": generator.normal(size=n),
            "bad_pixel_frac": generator.uniform(0, 0.25, n),
            "wise_brightmask_frac": generator.uniform(0, 0.21, n),
        }
    )


def _renders(
    simulation: Simulation, hosts: pl.DataFrame, generator: np.random.Generator
) -> pl.DataFrame:
    """One row per injected system, and one per control."""
    per_host = simulation.configs_per_host * simulation.replicates
    injected = hosts[np.repeat(np.arange(len(hosts)), per_host)]
    n = len(injected)
    grid = np.array(list(simulation.recovered_share.items()))
    config = generator.integers(0, len(grid), n)
    order = np.tile(np.arange(per_host), len(hosts))
    latent = np.sqrt(simulation.host_correlation) * injected["host_latent"].to_numpy()
    latent = latent + np.sqrt(1 - simulation.host_correlation) * generator.normal(size=n)
    margin = latent + ndtri(grid[config, 1])
    noise = generator.normal(size=n)
    injected = injected.with_columns(
        config=pl.Series(config),
        copy=pl.Series(order),
        theta_e_arcsec=pl.Series(grid[config, 0]),
        arc_snr=pl.Series(SNR_OF_DETECTION * np.exp(0.5 * margin)),
        blind_snr=pl.Series(np.where(margin >= 0, CERTAIN_BLIND_SNR, noise)),
        src_dmag=pl.Series(generator.integers(1, 3, n).astype(float)),
        src_reff_arcsec=pl.Series(generator.choice([0.08, 0.15], n)),
        is_control=pl.lit(False),
        cutout_ok=pl.Series(generator.random(n) >= simulation.failed_share),
    )
    controls = hosts.with_columns(
        config=pl.lit(0, pl.Int64),
        copy=pl.lit(-1, pl.Int64),
        theta_e_arcsec=pl.lit(0.0),
        blind_snr=pl.Series(generator.normal(size=len(hosts))),
        src_dmag=pl.lit(0.0),
        src_reff_arcsec=pl.lit(0.0),
        is_control=pl.lit(True),
        cutout_ok=pl.lit(True),
    )
    return pl.concat([injected, controls], how="diagonal")


TASKS = """
{start}
select
    sha256(concat_ws('|', '{experiment_id}', host, config, copy, first_set + set_number)) as task_id,
    concat_ws('/', host // 1000, host % 1000, 'grid_' || config, copy) as render_id,
    '{experiment_id}' as experiment_id,
    'train' as tier,
    'set_' || lpad(((first_set + set_number) % 12)::varchar, 2, '0') as selection_set_id,
    'topk' as selection_strategy,
    'mode_' || ((first_set + set_number) % 4) as ranking_mode,
    region_id,
    ['train', 'val', 'test'][region_id % 3 + 1] as region_split,
    'brick_' || (host // 1000) as brickname,
    (host // 1000)::integer as brickid,
    (host % 1000)::integer as objid,
    'grid_' || config as config_id,
    copy::integer as replicate,
    is_control,
    if(is_control, 'CONTROL', 'SIE') as lens_model,
    theta_e_arcsec,
    src_dmag,
    src_reff_arcsec,
    zmag,
    zmag + 1e0 as rmag,
    rmag + src_dmag as src_r_mag,
    psfsize_r,
    psfdepth_r,
    64 as stamp_size,
    'grz' as bandset,
    cutout_ok,
    cutout_ok as metrics_ok,
    if(cutout_ok, null, 'no_coverage') as reason_code,
    if(cutout_ok, arc_snr, null) as arc_snr,
    if(cutout_ok, 4e0 * arc_snr, null) as arc_snr_matched,
    if(cutout_ok, blind_snr, null) as blind_snr,
    if(cutout_ok, bad_pixel_frac, null) as bad_pixel_frac,
    if(cutout_ok, wise_brightmask_frac, null) as wise_brightmask_frac,
    if(is_control, null, 0.25e0) as proposal_density_system,
    {psf_columns}
from renders, range(n_sets) as sets(set_number)
"""
BANDS = ("g", "r", "z")


def write_injections(connection: duckdb.DuckDBPyConnection, *simulations: Simulation) -> None:
    """Write `injections`, one experiment after the other, as the completeness stage reads it."""
    psf_columns = ", ".join(
        f"psfsize_r as psf_fwhm_used_{band}, 'map' as psf_source_{band}" for band in BANDS
    )
    for number, simulation in enumerate(simulations):
        generator = np.random.default_rng(simulation.seed)
        renders = _renders(simulation, _hosts(simulation, generator), generator)
        verb = "insert into" if number else "create or replace table"
        connection.register("renders", renders.to_arrow())
        connection.execute(
            TASKS.format(
                start=f"{verb} injections {'' if number else 'as'}",
                experiment_id=simulation.experiment_id,
                psf_columns=psf_columns,
            )
        )
        connection.unregister("renders")


SURROUNDINGS = """
create or replace table bricks_with_region as
select
    brickid,
    'brick_' || brickid as brickname,
    any_value(region_id) as region_id,
    (brickid % 1440) * 0.25e0 as ra1,
    ra1 + 0.25e0 as ra2,
    (brickid // 1440) * 0.25e0 as dec1,
    dec1 + 0.25e0 as dec2,
    0.0625e0 as area_deg2,
    avg(psfsize_r) as psfsize_r,
    avg(psfdepth_r) as psfdepth_r
from injections
group by brickid;

create or replace table parent_galaxies as
select
    *,
    (brickid % 1440) * 0.25e0 + 0.1e0 as ra,
    (brickid // 1440) * 0.25e0 + 0.1e0
    + if(objid = 1 and brickid % 5 != 0, 0.5e0 / 3600e0, 0.01e0 + objid * 1e-4) as dec
from (select distinct brickid, objid, region_id, region_split from injections);

create or replace table region_selections as
select distinct selection_set_id, region_id from injections;

create or replace table stg_known_lenses as
select
    'lens_' || brickid as known_lens_id,
    ra1 + 0.1e0 as ra,
    dec1 + 0.1e0 as dec,
    'confident' as grading,
    false as is_cluster,
    false as is_cluster_list
from bricks_with_region;

create or replace table lens_neighbours as
select brickid, 1 as objid, 'lens_' || brickid as known_lens_id, 0.5e0 as separation_arcsec
from bricks_with_region
where brickid % 5 != 0
"""


def write_surroundings(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the tables of earlier stages that the completeness stage reads beside `injections`.

    Four in five bricks hold a known lens that is a parent galaxy, the fifth one that is not; other
    parents are half an arc minute from it or more.
    """
    make_raw_tables(connection)
    for statement in SURROUNDINGS.split(";"):
        connection.execute(statement)
