"""Header cards that change values: applied as astropy and CFITSIO apply them, or refused by name."""

import itertools
import warnings

import fitsio
import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits
from astropy.table import Table

from pixels.binary_table import Column, open_table, record_batches
from pixels.cards import FitsError
from pixels.tiles import cut_squares, open_images, read_section
from store.failures import FileRefused

N_ROWS = 40


def read(path, sql_type, unit=""):
    """Values of the column ``x``, as Arrow has them."""
    columns = [Column("x", sql_type, unit=unit)]
    return pa.Table.from_batches(record_batches(open_table(path), columns))["x"]


def write_table(path, array, form, **cards):
    """A table of one column ``x`` whose numbers are stored as given, with cards such as TZERO."""
    hdu = fits.BinTableHDU.from_columns([fits.Column("x", form, array=array)])
    hdu.writeto(path, overwrite=True)
    with fits.open(path, mode="update", do_not_scale_image_data=True) as file:
        for name, value in cards.items():
            file[1].header[f"{name}1"] = value
    return path


def in_astropy(path):
    """The same column as astropy's tables read it, masked where a value is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Table.read(path, hdu=1)["x"]


SCALED = {
    "unsigned 16": ("I", {"TZERO": 2**15}, "integer"),
    "unsigned 32": ("J", {"TZERO": 2**31}, "bigint"),
    "signed 8": ("B", {"TZERO": -128}, "smallint"),
    "unsigned 8": ("B", {}, "smallint"),
    "scaled float": ("E", {"TSCAL": 0.001}, "double"),
    "scaled double": ("D", {"TSCAL": 2.5, "TZERO": -7.0}, "double"),
    "scaled integer": ("J", {"TSCAL": 0.25, "TZERO": 3.0}, "double"),
    "shifted integer": ("I", {"TZERO": 10}, "integer"),
    "plain integer": ("I", {"TSCAL": 1.0, "TZERO": 0.0}, "smallint"),
}


@pytest.mark.parametrize(
    ("case", "null"),
    [(case, None) for case in SCALED]
    + [("unsigned 8", 7), ("plain integer", 7), ("unsigned 16", 1)],
)
def test_scaled_columns_are_those_of_astropy(tmp_path, case, null):
    form, cards, sql_type = SCALED[case]
    stored = np.arange(N_ROWS).astype({"B": "u1", "I": "i2", "J": "i4", "E": "f4", "D": "f8"}[form])
    if form in "IJ":
        stored[::3] *= -3
        stored[1] = 9  # 1 is the TNULL of a case in which it stands nowhere
    cards = cards | ({} if null is None else {"TNULL": null})
    path = write_table(tmp_path / "t.fits", stored, form, **cards)
    found, expected = read(path, sql_type), in_astropy(path)
    mask = np.ma.getmaskarray(np.ma.asarray(expected))
    assert found.is_null().to_numpy().tolist() == mask.tolist()
    assert mask.sum() == (0 if null is None else (stored == null).sum())
    ours = found.drop_null().to_numpy().astype(float)
    assert np.array_equal(ours, np.asarray(expected, float)[~mask])


def test_unsigned_columns_written_by_cfitsio_are_read_as_it_reads_them(tmp_path):
    path = tmp_path / "t.fits"
    values = np.array([0, 1, 40000, 65535], "u2")
    fitsio.write(path, np.rec.fromarrays([values], names="x"), clobber=True)
    assert read(path, "integer").to_pylist() == values.tolist()
    with pytest.raises(FileRefused, match="column x"):
        read(path, "smallint")


@pytest.mark.parametrize(
    ("form", "sql_type"),
    [
        ("PJ()", "integer[]"),
        ("QE()", "float[]"),
        ("8X", "smallint"),
        ("C", "float"),
        ("M", "double"),
    ],
)
def test_pointers_bits_and_complex_numbers_are_refused(tmp_path, form, sql_type):
    arrays = {
        "P": np.array([np.arange(2, dtype="i4")] * 3, dtype=object),
        "Q": np.array([np.arange(2, dtype="f4")] * 3, dtype=object),
        "8": np.zeros((3, 8), bool),
        "C": np.zeros(3, "c8"),
        "M": np.zeros(3, "c16"),
    }
    path = write_table(tmp_path / "t.fits", arrays[form[0]], form)
    with pytest.raises(FileRefused) as refused:
        read(path, sql_type)
    assert refused.value.reason_code == "wrong_type"


def test_logicals_are_true_false_or_null(tmp_path):
    path = write_table(tmp_path / "t.fits", np.array([True, False, True]), "L")
    content = bytearray(path.read_bytes())
    assert bytes(content[5760:5763]) == b"TFT"
    content[5762] = 0
    path.write_bytes(content)
    assert read(path, "boolean").to_pylist() == [True, False, None]
    with pytest.raises(FileRefused):  # int8 values are no logicals
        read(write_table(tmp_path / "b.fits", np.zeros(3, "u1"), "B", TZERO=-128), "boolean")


def test_two_columns_of_one_name_are_refused(tmp_path):
    path = tmp_path / "t.fits"
    columns = [fits.Column("X", "J", array=[1]), fits.Column("x2", "J", array=[2])]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    with fits.open(path, mode="update") as file:
        file[1].header["TTYPE2"] = "x"
    with pytest.raises(FileRefused, match="more than one column"):
        read(path, "integer")


@pytest.mark.parametrize(
    ("unit", "written", "is_taken"),
    [
        ("deg", "deg", True), ("deg", "degrees", True), ("deg", "", True), ("deg", "hour", False),
        ("deg", "rad", False), ("nmgy", "nanomaggy", True), ("nmgy", "nanomaggies", True),
        ("nmgy", "Jy", False), ("nmgy", "maggy", False), ("1/nmgy2", "1/nanomaggy^2", True),
        ("1/nmgy2", "mag", False), ("arcsec", "pixel", False), ("deg", "furlongs!", False),
    ],
)  # fmt: skip
def test_a_column_in_another_unit_is_refused(tmp_path, unit, written, is_taken):
    path = write_table(tmp_path / "t.fits", np.array([23.5]), "D", TUNIT=written)
    if is_taken:
        assert read(path, "double", unit).to_pylist() == [23.5]
        return
    with pytest.raises(FileRefused) as refused:
        read(path, "double", unit)
    assert refused.value.reason_code == "wrong_unit"


PIXELS = {
    "u1": np.arange(120 * 110).reshape(120, 110) % 251,
    "i2": np.arange(120 * 110).reshape(120, 110) * 5 - 32768,
    "u2": np.arange(120 * 110).reshape(120, 110) * 4 + 7,
    "i4": np.arange(120 * 110).reshape(120, 110) * 1000 - 2**20,
    "u4": np.arange(120 * 110, dtype="i8").reshape(120, 110) * 300000 + 2**20,
    "f4": np.random.default_rng(3).normal(size=(120, 110)),
}


def write_image(path, writer, dtype, compression):
    """A compressed image, or None where a writer cannot make it."""
    values = PIXELS[dtype].astype(dtype)
    path.unlink(missing_ok=True)
    if writer == "astropy":
        compressed = fits.CompImageHDU(values, compression_type=compression, tile_shape=(50, 50))
        fits.HDUList([fits.PrimaryHDU(), compressed]).writeto(path)
    else:
        fitsio.write(path, values, compress=compression, tile_dims=[50, 50])
    return path


def ours(path):
    """The whole image, or the reason why it is refused."""
    try:
        (image,) = open_images(path)
        return read_section(image, slice(0, image.shape[1]), slice(0, image.shape[0]))
    except FitsError as error:
        return error.reason_code


@pytest.mark.parametrize(
    ("writer", "dtype", "compression"),
    list(itertools.product(["astropy", "cfitsio"], PIXELS, ["RICE_1", "GZIP_1", "HCOMPRESS_1"])),
)
def test_images_of_every_type_are_those_of_both_readers_or_refused(
    tmp_path, writer, dtype, compression
):
    path = write_image(tmp_path / "image.fits.fz", writer, dtype, compression)
    found = ours(path)
    if isinstance(found, str):
        # Rice of 8 and 16 bits is not read; uint32 in HCOMPRESS overflows CFITSIO's own reader
        assert found == "unknown_compression"
        assert compression == "RICE_1"
        assert dtype in ("u1", "i2", "u2")
        return
    assert np.array_equal(found, fits.getdata(path, 1), equal_nan=True)
    with fitsio.FITS(path) as file:
        assert np.array_equal(found, file[-1].read(), equal_nan=True)


def test_squares_of_every_type_of_pixel_can_be_cut(tmp_path):
    for dtype in ("u2", "u4"):
        path = write_image(tmp_path / f"{dtype}.fits.fz", "astropy", dtype, "GZIP_1")
        (image,) = open_images(path)
        square = cut_squares(image, np.array([[45, 40]]), 20)[0]
        assert np.array_equal(square, PIXELS[dtype][40:60, 45:65])


def test_blank_values_of_a_column_become_nan(tmp_path):
    """ZBLANK as a column, as LSST writes it: each tile has its own code."""
    path = tmp_path / "blank.fits.fz"
    values = PIXELS["f4"].astype("f4")
    values[5:9, 3:80] = np.nan
    fits.HDUList(
        [
            fits.PrimaryHDU(),
            fits.CompImageHDU(values, compression_type="RICE_1", tile_shape=(50, 50)),
        ]
    ).writeto(path)
    with fits.open(path, disable_image_compression=True) as file:
        data, header = file[1].data, file[1].header
        blank = header.pop("ZBLANK")
        tiles = np.array([data["COMPRESSED_DATA"][i] for i in range(len(data))], dtype=object)
        columns = [
            fits.Column("COMPRESSED_DATA", "PB()", array=tiles),
            fits.Column("ZSCALE", "D", array=data["ZSCALE"]),
            fits.Column("ZZERO", "D", array=data["ZZERO"]),
            fits.Column("ZBLANK", "J", array=np.full(len(data), blank, "i4")),
        ]
        table = fits.BinTableHDU.from_columns(columns)
        table.header.extend((c for c in header.cards if c.keyword.startswith("Z")), update=True)
        table.writeto(tmp_path / "column.fits.fz")
    found = ours(tmp_path / "column.fits.fz")
    expected = fits.getdata(path, 1)
    assert np.isnan(expected).sum() == 4 * 77
    assert np.array_equal(found, expected, equal_nan=True)


@pytest.mark.parametrize(
    "cards", [{"BSCALE": 0.001}, {"BZERO": 5.0}, {"BSCALE": 2.0, "BZERO": 32768}, {"BLANK": 3}]
)
@pytest.mark.parametrize("dtype", ["i4", "f4"])
def test_other_scalings_of_pixels_are_refused(tmp_path, cards, dtype):
    path = write_image(tmp_path / "image.fits.fz", "astropy", dtype, "GZIP_1")
    before = ours(path)
    with fits.open(path, mode="update", disable_image_compression=True) as file:
        file[1].header.update(cards)
    if dtype == "f4" and "BLANK" in cards:  # BLANK is of integers
        assert np.array_equal(ours(path), before)
    else:
        assert ours(path) == "unknown_compression"
