"""An S3-compatible server on the loopback address."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIATEST",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret-but-secret",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def serving_s3() -> Iterator[str]:
    """The endpoint of an empty server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def make_bucket(endpoint: str, name: str, folder: Path | None = None) -> str:
    """A bucket with the files of a folder; its URL."""
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket=name)
    for path in sorted(folder.rglob("*")) if folder else []:
        if path.is_file():
            client.upload_file(str(path), name, str(path.relative_to(folder)))
    return f"s3://{name}"
