"""Intervals of a binomial proportion that SQL cannot write in closed form."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import PythonUDFType
from duckdb.sqltypes import DOUBLE, VARCHAR, DuckDBPyType
from numpy.typing import ArrayLike
from scipy.special import betaincinv

BOOTSTRAP_REPLICATES = 500


def beta_quantile(probability: ArrayLike, a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Return quantiles of the beta distribution.

    Parameters
    ----------
    probability : (...) float, within 0 to 1
    a, b : (...) float, above 0
        Shape parameters.

    Returns
    -------
    (...) float64

    Raises
    ------
    ValueError
        For a probability outside 0 to 1, or a shape that is not above 0.
    """
    probability, a, b = (np.asarray(value, float) for value in (probability, a, b))
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError(f"probability must be within 0 to 1, got {probability}")
    if not np.all((a > 0) & (b > 0)):
        raise ValueError(f"shapes of a beta distribution must be above 0, got {a} and {b}")
    return betaincinv(a, b, probability)


def host_bootstrap_interval(
    n_trials: ArrayLike, n_successes: ArrayLike, n_hosts: ArrayLike, *, key: int, level: float
) -> tuple[float, float]:
    """Return a proportion's percentile interval, from resampling hosts.

    Hosts are drawn with replacement. Those with the same numbers of trials and successes are exchangeable, so a resample is one
    multinomial draw over the kinds of hosts (Davison & Hinkley 1997, section 2.3).

    Parameters
    ----------
    n_trials, n_successes : (n_kind,) int
        Injections of one host, and how many of them were recovered.
    n_hosts : (n_kind,) int
        Hosts of that kind.
    key : int, 128 bits
        Of the counter-based generator: the same key, the same interval.
    level : float, above 0 and below 1
        Share of the resamples that the interval holds.

    Returns
    -------
    (float, float)
        Points of the resampled proportions that leave (1 - level) / 2 below and above.

    Raises
    ------
    ValueError
        For lists of different lengths, no host, more successes than trials, or no such level.
    """
    if not 0 < level < 1:
        raise ValueError(f"the level of an interval must be above 0 and below 1, got {level}")
    trials, successes, hosts = (np.asarray(v, np.int64) for v in (n_trials, n_successes, n_hosts))
    if not trials.shape == successes.shape == hosts.shape or hosts.sum() < 1:
        raise ValueError(f"kinds of hosts must be lists of one length with a host, got {hosts}")
    if np.any(trials < 1) or np.any(successes < 0) or np.any(successes > trials):
        raise ValueError(f"successes must be within 0 to the trials, got {successes} of {trials}")
    generator = np.random.Generator(np.random.Philox(key=key))
    total = int(hosts.sum())
    drawn = generator.multinomial(total, hosts / total, size=BOOTSTRAP_REPLICATES)
    proportions = (drawn @ successes) / (drawn @ trials)
    low, high = np.quantile(proportions, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _sql_beta_quantile(probability: pa.Array, a: pa.Array, b: pa.Array) -> pa.Array:
    columns = (column.to_numpy(zero_copy_only=False) for column in (probability, a, b))
    return pa.array(beta_quantile(*columns))


def _sql_host_bootstrap(
    trials: pa.Array, successes: pa.Array, hosts: pa.Array, key: pa.Array, level: pa.Array
) -> pa.Array:
    lows, highs = [], []
    for row in range(len(key)):
        kinds = [column[row].values.to_numpy() for column in (trials, successes, hosts)]
        low, high = host_bootstrap_interval(
            *kinds, key=int(key[row].as_py(), 16), level=level[row].as_py()
        )
        lows.append(low)
        highs.append(high)
    return pa.StructArray.from_arrays(
        [pa.array(lows, pa.float64()), pa.array(highs, pa.float64())], ["low", "high"]
    )


_INTEGERS = DuckDBPyType("BIGINT[]")
_INTERVAL = DuckDBPyType("STRUCT(low DOUBLE, high DOUBLE)")
SQL_FUNCTIONS: dict[str, tuple[Callable[..., pa.Array], list[Any], DuckDBPyType]] = {
    "beta_quantile": (_sql_beta_quantile, [DOUBLE] * 3, DOUBLE),
    "host_bootstrap": (_sql_host_bootstrap, [_INTEGERS] * 3 + [VARCHAR, DOUBLE], _INTERVAL),
}


def register(connection: DuckDBPyConnection) -> None:
    """Give SQL ``beta_quantile`` and ``host_bootstrap`` (key: 32 hex digits)."""
    for name, (function, parameters, result) in SQL_FUNCTIONS.items():
        connection.create_function(name, function, parameters, result, type=PythonUDFType.ARROW)
