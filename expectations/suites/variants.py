"""The galaxy variants of the seeds, read without the project's macros."""

from expectations.seeds import seed_rows
from store.project import Settings

# Variants of the original pipeline lie each inside the next.
ORIGINAL = "original pipeline"
FIBRE_FLUXES = {"zfiber": "fiberflux_z", "zfibertot": "fibertotflux_z"}


def variants() -> list[str]:
    """Return the names of all variants."""
    return [row["variant"] for row in seed_rows("lrg_variants")]


def nested_variants() -> list[str]:
    """Return the variants each of which lies inside the next."""
    return [row["variant"] for row in seed_rows("lrg_variants") if row["reference"] == ORIGINAL]


def counted_as() -> list[str]:
    """Return the names under which bricks and regions count variants."""
    return [row["counted_as"] for row in seed_rows("lrg_variants") if row["counted_as"]]


def nested_counts() -> list[str]:
    """Return the names of counts none of which exceeds the next."""
    return [
        row["counted_as"]
        for row in seed_rows("lrg_variants")
        if row["counted_as"] and row["reference"] == ORIGINAL
    ]


def cuts_of(variant: str, settings: Settings) -> str:
    """Return a variant's cuts as a condition on ``stg_sources``.

    It is null where a value is missing.
    """
    rule = " and ".join(
        f"({row['expression']})" for row in seed_rows("lrg_cuts") if row["variant"] == variant
    )
    is_dereddened = _magnitudes_of(variant, settings) == "dereddened"
    for band in ("g", "r", "z", "w1"):
        rule = rule.replace(f"{{{band}}}", f"{band}mag_mw" if is_dereddened else f"{band}mag")
    for name, flux in FIBRE_FLUXES.items():
        rule = rule.replace(f"{{{name}}}", _magnitude(flux, is_dereddened, settings))
    return rule


def _magnitude(flux: str, is_dereddened: bool, settings: Settings) -> str:
    before_dust = f"{flux}::double / mw_transmission_z::double" if is_dereddened else flux
    value = f"{settings['ab_zp_nmgy']} - 2.5e0 * log10({before_dust}::double)"
    return f"(case when {flux} > 0 and mw_transmission_z > 0 then {value} end)"


def _magnitudes_of(variant: str, settings: Settings) -> str:
    if settings["lrg_magnitudes"] != "seed":
        return str(settings["lrg_magnitudes"])
    (row,) = (row for row in seed_rows("lrg_variants") if row["variant"] == variant)
    return row["magnitudes"]
