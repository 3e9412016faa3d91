"""What a header says about a table column beyond its type (FITS 4.0, 7.3).

TSCAL, TZERO and TNULL change the values that a column's bytes stand for; TUNIT changes what they
mean; a variable-length column holds pointers in place of values. All are applied as astropy applies
them, or the file is refused.
"""

import re
from dataclasses import dataclass

import numpy as np
from astropy import units

from pixels.cards import CardValue, Hdu
from store.failures import FileRefused

_FORM = re.compile(r"(\d*)([LXBIJKAEDCMPQ])")
_INTEGERS = "BIJK"
# TZERO of the convention by which FITS stores the integers that it has no type for
_OTHER_SIGN: dict[tuple[str, int], np.dtype] = {
    ("B", -(2**7)): np.dtype(np.int8),
    ("I", 2**15): np.dtype(np.uint16),
    ("J", 2**31): np.dtype(np.uint32),
    ("K", 2**63): np.dtype(np.uint64),
}
# Spellings that astropy does not know
_PLURALS = {"nanomaggies": "nanomaggy", "degrees": "deg", "degree": "deg", "arcsecs": "arcsec"}


@dataclass(frozen=True)
class ColumnForm:
    """How the bytes of one column become values.

    Parameters
    ----------
    name : str
        As the file spells it.
    letter : str
        Type of TFORM: one of L X B I J K A E D C M P Q.
    scale, zero : int or float
        TSCAL and TZERO: the value is the stored number times scale, plus zero.
    null : int or None
        TNULL: the stored integer that stands for a missing value.
    unit : str
        TUNIT, stripped; empty when the header says none.
    n_axes : int
        Axes of each cell, as TDIM has it; 1 without TDIM.
    """

    name: str
    letter: str
    scale: int | float
    zero: int | float
    null: int | None
    unit: str
    n_axes: int

    @property
    def is_plain(self) -> bool:
        """Tell whether stored numbers are the values."""
        return self.scale == 1 and self.zero == 0


def column_form(hdu: Hdu, number: int) -> ColumnForm:
    """Read the cards of one column.

    Parameters
    ----------
    hdu : Hdu
    number : int
        Of the column, counted from 1.

    Raises
    ------
    FileRefused
        ``bad_header`` when a card makes no sense.
    """
    form = _FORM.match(hdu.text(f"TFORM{number}"))
    if form is None:
        raise FileRefused("bad_header", f"TFORM{number} is {hdu.text(f'TFORM{number}')!r}")
    return ColumnForm(
        name=hdu.text(f"TTYPE{number}"),
        letter=form.group(2),
        scale=_number(hdu.cards.get(f"TSCAL{number}", 1), f"TSCAL{number}"),
        zero=_number(hdu.cards.get(f"TZERO{number}", 0), f"TZERO{number}"),
        null=_null(hdu, number, form.group(2)),
        unit=hdu.text(f"TUNIT{number}"),
        n_axes=max(1, hdu.text(f"TDIM{number}").count(",") + 1),
    )


def _number(value: CardValue, keyword: str) -> int | float:
    if isinstance(value, bool | str) or not np.isfinite(value):
        raise FileRefused("bad_header", f"{keyword} is {value!r}")
    return value


def _null(hdu: Hdu, number: int, letter: str) -> int | None:
    if f"TNULL{number}" not in hdu.cards or letter not in _INTEGERS:
        return None  # TNULL is of integers only; readers ignore it elsewhere
    return hdu.integer(f"TNULL{number}")


def physical_values(stored: np.ndarray, form: ColumnForm) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the values that stored numbers stand for, as astropy gives them.

    Parameters
    ----------
    stored : (n,) or (n, m) array
        As in the file, of any byte order.
    form : ColumnForm

    Returns
    -------
    values : array of the same shape, native byte order
        Unsigned (or int8) where TZERO is that convention's, float64 where the column is scaled in
        another way, the stored type where it is not.
    is_null : boolean array of the same shape, or None
        Where TNULL stands, or a logical is neither true nor false.

    Raises
    ------
    TypeError
        For a column of pointers, bits or complex numbers; where TNULL stands in a scaled column, as
        the standard compares it with stored numbers and astropy with the scaled ones.
    """
    if form.letter in "PQXCM":
        raise TypeError(f"a column of format {form.letter} is not read")
    native = np.ascontiguousarray(stored, dtype=stored.dtype.newbyteorder("="))
    if form.letter == "L":
        return native == ord("T"), ~np.isin(native, [ord("T"), ord("F")])
    if form.is_plain or form.letter == "A":
        return native, None if form.null is None else native == form.null
    values = _scaled(native, form)
    if form.null is None:
        return values, None
    is_null = native == form.null
    if not np.array_equal(is_null, values == form.null):
        raise TypeError("TNULL of a scaled column, which readers take in different ways")
    return values, is_null


def _scaled(native: np.ndarray, form: ColumnForm) -> np.ndarray:
    """Apply TSCAL and TZERO."""
    other = _OTHER_SIGN.get((form.letter, int(form.zero))) if form.scale == 1 else None
    if other is None or form.zero != int(form.zero):
        return native * np.float64(form.scale) + np.float64(form.zero)
    top_bit = np.array(1 << (8 * other.itemsize - 1), dtype=f"u{other.itemsize}")
    return (native.view(top_bit.dtype) ^ top_bit).view(other)


def check_unit(form: ColumnForm, expected: str) -> None:
    """Refuse a column in another unit than ours; take one without a unit.

    Raises
    ------
    FileRefused
        ``wrong_unit``.
    """
    if not form.unit or not expected:
        return
    ours = units.Unit(expected)
    theirs = units.Unit(_PLURALS.get(form.unit.lower(), form.unit), parse_strict="silent")
    known = not isinstance(theirs, units.UnrecognizedUnit)
    if not (known and theirs.is_equivalent(ours) and np.isclose(theirs.to(ours), 1, rtol=1e-12)):
        raise FileRefused(
            "wrong_unit", f"column {form.name} is in {form.unit!r}, {expected} is needed"
        )
