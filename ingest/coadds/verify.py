"""Check a cache again, against its records and the survey's checksums."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ingest.coadds.cache import BrickFolder, FileRecord
from ingest.coadds.files import CoaddFile, check_structure, checksum_list_path
from ingest.transport.checksums import read_checksums, refuse_other_checksum
from ingest.transport.local import sha256_of
from pixels.cards import FitsError
from store.failures import FileRefused


def verify_files(folder: BrickFolder, files: Sequence[CoaddFile]) -> dict[str, FileRecord]:
    """Check a brick's files; remove what is damaged, to be fetched again.

    A whole file without a record, as in a cache filled by other means, gets one.
    """
    records = folder.records()
    checksums = _checksums(folder)
    for file in files:
        known = records.get(file.name, FileRecord(is_ok=False, reason_code="not_fetched"))
        if folder.file(file.name).exists():
            records[file.name] = _verified(folder, file, known, checksums)
        elif known.is_ok or not known.is_absent:
            records[file.name] = replace(known, is_ok=False, reason_code="not_fetched")
    if not all(records[file.name].is_ok or records[file.name].is_absent for file in files):
        folder.unmark()
    folder.write_records(records)
    return records


def _checksums(folder: BrickFolder) -> dict[str, str]:
    """Return the checksums that the cache has for a brick."""
    name = checksum_list_path(folder.brickname).rsplit("/", 1)[-1]
    path = folder.file(name)
    return read_checksums(path) if path.exists() else {}


def _verified(
    folder: BrickFolder, file: CoaddFile, known: FileRecord, checksums: Mapping[str, str]
) -> FileRecord:
    """Return the record of a file after its check; remove a bad file."""
    path = folder.file(file.name)
    try:
        check_structure(path, file)
        sha256 = sha256_of(path)
        if not known.tiles:
            refuse_other_checksum(file.name, sha256, checksums)
        if known.sha256 not in (None, sha256):
            raise FileRefused(
                "checksum_mismatch", f"sha256 {sha256}, it was {known.sha256} when it arrived"
            )
    except (FileRefused, FitsError) as error:
        path.unlink()
        return replace(known, is_ok=False, reason_code=error.reason_code, message=str(error))
    return replace(known, is_ok=True, reason_code=None, n_bytes=path.stat().st_size, sha256=sha256)
