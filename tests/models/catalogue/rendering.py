"""The project's simple macros, rendered without dbt: those that need nothing but ``var``."""

import jinja2
import yaml

from tests.places import PROJECT


def project_vars():
    """The vars of dbt_project.yml."""
    return yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]


def macros(file_name, target=None, **overrides):
    """The macros of a file of ``macros/`` as Python functions that return SQL."""
    values = project_vars() | overrides
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined)
    environment.globals |= {"var": values.__getitem__, "target": target}
    sources = ["keyed_draws.sql", file_name]
    text = "\n".join((PROJECT / "macros" / source).read_text() for source in dict.fromkeys(sources))
    return environment.from_string(text).module
