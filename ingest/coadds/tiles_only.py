"""Fetch only the compression tiles that stamps touch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

import numpy as np

from ingest.coadds.cache import BrickFolder, FileRecord
from ingest.coadds.fetch import Budget, Visit, WholeFiles
from ingest.coadds.files import CoaddFile, check_images
from ingest.coadds.sparse_file import SparseFile, blank_rows, merged
from ingest.transport import RangesIgnored, Source
from ingest.transport.local import sha256_of
from ingest.transport.retrying import Tries, try_again
from pixels.cards import FitsError
from pixels.decode import read_tiles
from pixels.image import TiledImage, open_images
from pixels.tiles import tiles_touched
from pixels.wcs import pixel_from_sky, wcs_from_cards

WHOLE_ABOVE = 0.5  # of a file's bytes: above it the whole file comes, which has a checksum
MARGIN_PIX = 1  # around every stamp, in case a later step rounds positions differently


@dataclass(frozen=True)
class Squares:
    """Where pixels of a brick are wanted.

    Parameters
    ----------
    ra_deg, dec_deg : (n,) float, degree
        Centres.
    size : int, pixel
        Side of the largest square.
    """

    ra_deg: np.ndarray
    dec_deg: np.ndarray
    size: int


@dataclass(frozen=True)
class TilesOnly:
    """A plan to fetch only touched tiles, or the file if those are most of it.

    Parameters
    ----------
    whole : WholeFiles
        How a file is fetched whole.
    squares : dict of str to list of Squares
        By brick.
    """

    whole: WholeFiles
    squares: Mapping[str, Sequence[Squares]]
    are_ranges_ignored: Event = field(default_factory=Event)

    @property
    def source(self) -> Source:
        """Return the source of the files."""
        return self.whole.source

    @property
    def budget(self) -> Budget:
        """Return the budget of bytes to fetch."""
        return self.whole.budget

    def wants(self, folder: BrickFolder, file: CoaddFile, record: FileRecord | None) -> bool:
        """Tell whether a tile that is touched is missing."""
        if record is None or not record.is_ok or not record.tiles:
            return self.whole.wants(folder, file, record)
        try:
            [image, *_] = open_images(folder.file(file.name))
            return bool(set(self._touched(image, file).tolist()) - set(record.tiles))
        except FitsError:
            return True

    def bring(
        self, visit: Visit, file: CoaddFile, known: FileRecord | None, tries: Tries
    ) -> FileRecord:
        """Fetch headers, tile tables and tiles, or the whole file if better."""
        if not self.are_ranges_ignored.is_set():
            try:
                record = try_again(
                    lambda: self._sparse(visit.folder, file, known), self.source.settings, tries
                )
            except RangesIgnored:
                self.are_ranges_ignored.set()
            else:
                if record is not None:
                    return record
        return self.whole.bring(visit, file, known, tries)

    def _touched(self, image: TiledImage, file: CoaddFile) -> np.ndarray:
        """Return the numbers of the tiles that the squares of a brick touch."""
        wcs = wcs_from_cards(image.hdu.cards)
        touched = [np.empty(0, np.int64)]
        for squares in self.squares.get(file.brickname, ()):
            x, y = pixel_from_sky(wcs, squares.ra_deg, squares.dec_deg)
            on_sky = np.isfinite(x) & np.isfinite(y)
            centre = np.floor(np.stack([x[on_sky], y[on_sky]], axis=1)).astype(np.int64)
            corner, side = (
                centre - squares.size // 2 - MARGIN_PIX,
                squares.size + 1 + 2 * MARGIN_PIX,
            )
            touched.append(tiles_touched(image, corner, side))
        return np.unique(np.concatenate(touched))

    def _sparse(
        self, folder: BrickFolder, file: CoaddFile, known: FileRecord | None
    ) -> FileRecord | None:
        """Try once to fetch tiles; None if the whole file is the better choice."""
        fetched: list[int] = []
        facts = self.source.facts(file.path)

        def read(ranges: list[tuple[int, int]]) -> list[bytes]:
            """Read ranges of the file, and count their bytes."""
            parts = self.source.read_ranges(file.path, ranges)
            fetched.extend(map(len, parts))
            self.budget.count(sum(map(len, parts)))
            return parts

        sparse = SparseFile(folder.partial(file.name), facts, read)
        hdus = sparse.fill_headers()
        images = open_images(sparse.path)
        check_images(images, hdus, file)
        numbers = self._with_known(self._touched(images[0], file), known, facts.version)
        ranges = tile_ranges(images[0], numbers)
        if sum(stop - start for start, stop in merged(ranges, 0)) > WHOLE_ABOVE * facts.n_bytes:
            return None
        sparse.fill(ranges)
        _finish(sparse, images, numbers)
        return FileRecord(
            is_ok=True,
            message=f"{len(numbers)} of {len(images[0].table.spans)} tiles",
            n_bytes=facts.n_bytes,
            n_bytes_fetched=sum(fetched),
            sha256=sha256_of(sparse.path),
            source_version=facts.version,
            tiles=numbers.tolist(),
        )

    def _with_known(
        self, numbers: np.ndarray, known: FileRecord | None, version: str
    ) -> np.ndarray:
        """Add the tiles of earlier tasks, if the source's file is the same."""
        if known is None or not known.is_ok or known.source_version != version:
            return numbers
        return np.union1d(numbers, np.array(known.tiles, dtype=np.int64))


def tile_ranges(image: TiledImage, numbers: np.ndarray) -> list[tuple[int, int]]:
    """Return where the bytes of tiles are in the file.

    Parameters
    ----------
    image : TiledImage
    numbers : (n,) int
        Tiles, from 0.
    """
    columns = [image.table.spans, image.table.gzipped]
    return [
        (start, start + length)
        for spans in columns
        if spans is not None
        for start, length in spans[numbers].tolist()
        if length > 0
    ]


def _finish(sparse: SparseFile, images: list[TiledImage], numbers: np.ndarray) -> None:
    """Clear the table rows of tiles that are not here; decode the others.

    Raises
    ------
    FitsError
        ``bad_tile``.
    """
    for index, image in enumerate(images):
        n_tiles = len(image.table.spans)
        held = numbers if index == 0 else numbers[:0]
        blank_rows(sparse, image.hdu, np.setdiff1d(np.arange(n_tiles), held))
    read_tiles(open_images(sparse.path)[0], numbers)
