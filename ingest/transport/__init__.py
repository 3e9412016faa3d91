"""Survey files from a local path, a server or an object store, in one way."""

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
