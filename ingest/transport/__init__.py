"""Survey files from a local path, an http(s) server or an object store, through one interface."""

from ingest.transport.interface import (
    FileFacts,
    Placed,
    RangesIgnored,
    Source,
    TransportError,
    TransportSettings,
)
from ingest.transport.opening import open_source

__all__ = [
    "FileFacts",
    "Placed",
    "RangesIgnored",
    "Source",
    "TransportError",
    "TransportSettings",
    "open_source",
]
