"""Outcome rows of a brick and its files, from the records of the files."""

from collections.abc import Mapping, Sequence

from ingest.coadds.cache import FileRecord
from ingest.coadds.files import IMAGE, CoaddFile
from ingest.outcomes import Outcome
from store.survey_files import brick_path

MISSING_BRICK = "missing_brick"
PRODUCT = "coadds"
NOT_FETCHED = FileRecord(is_ok=False, reason_code="not_fetched", message="not fetched")


def is_settled(files: Sequence[CoaddFile], records: Mapping[str, FileRecord]) -> bool:
    """Tell whether every file that the source has is here, pixels among them."""
    found = [records.get(file.name) for file in files]
    has_pixels = any(
        records[f.name].is_ok for f in files if f.product == IMAGE and f.name in records
    )
    return has_pixels and all(record and (record.is_ok or record.is_absent) for record in found)


def brick_outcome(
    brickname: str, files: Sequence[CoaddFile], records: Mapping[str, FileRecord]
) -> Outcome:
    """Return the outcome of a brick whose files were all tried."""
    found = {file.name: records.get(file.name, NOT_FETCHED) for file in files}
    failed = {name: record for name, record in found.items() if not record.is_ok}
    return Outcome(
        PRODUCT,
        file_name=f"{brick_path(brickname)}/",
        brickname=brickname,
        is_ok=not failed,
        reason_code=_reason(found, failed),
        message=_message(failed, len(found)),
        n_bytes=sum(record.n_bytes or 0 for record in found.values() if record.is_ok),
        n_tries=sum(record.n_tries or 0 for record in found.values()),
        seconds=sum(record.seconds or 0.0 for record in found.values()),
        source=next(iter(found.values())).source,
    )


def _reason(found: Mapping[str, FileRecord], failed: Mapping[str, FileRecord]) -> str | None:
    """Return the reason code of a brick; None when no file failed."""
    if not failed:
        return None
    if not all(record.is_absent for record in failed.values()):
        return "files_failed"
    return MISSING_BRICK if len(failed) == len(found) else "incomplete_brick"


def _message(failed: Mapping[str, FileRecord], n_files: int) -> str | None:
    """Return a sentence on the files that failed; None without any."""
    if not failed:
        return None
    answers = "; ".join(sorted({record.message or "" for record in failed.values()}))
    return f"{len(failed)} of {n_files} files are not here ({', '.join(failed)}): {answers}"


def file_outcomes(files: Sequence[CoaddFile], records: Mapping[str, FileRecord]) -> list[Outcome]:
    """Return the outcome rows of the files."""
    return [_file_outcome(file, records[file.name]) for file in files if file.name in records]


def _file_outcome(file: CoaddFile, record: FileRecord) -> Outcome:
    """Return the outcome row of one file."""
    return Outcome(
        PRODUCT,
        file_name=file.name,
        brickname=file.brickname,
        band=file.band,
        is_ok=record.is_ok,
        reason_code=record.reason_code,
        message=record.message,
        n_bytes=record.n_bytes,
        sha256=None if record.tiles else record.sha256,
        n_tries=record.n_tries,
        seconds=record.seconds,
        source=record.source,
        source_version=record.source_version,
    )
