"""Thrift's compact protocol, as far as the metadata of Parquet need it: integers, text, lists, records.

A value is bytes with a type; a record is a dictionary from field number to value.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

INT32, INT64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
LONG_LIST = 15  # a list of so many or more states its length apart


class Value(NamedTuple):
    """A value as it stands in a record."""

    kind: int
    content: bytes


def int32(number: int) -> Value:
    """A 32-bit integer, or a member of an enumeration."""
    return Value(INT32, _zigzag(number))


def int64(number: int) -> Value:
    """A 64-bit integer."""
    return Value(INT64, _zigzag(number))


def binary(content: bytes) -> Value:
    """Bytes, or text in UTF-8."""
    return Value(BINARY, varint(len(content)) + content)


def array(values: Sequence[Value]) -> Value:
    """A list of values of one type; an empty one counts as of records."""
    kind, n = values[0].kind if values else STRUCT, len(values)
    head = bytes([n << 4 | kind]) if n < LONG_LIST else bytes([0xF0 | kind]) + varint(n)
    return Value(LIST, head + b"".join(value.content for value in values))


def record(fields: Mapping[int, Value]) -> Value:
    """A record; field numbers must rise, by at most 15."""
    content, last = bytearray(), 0
    for number, value in fields.items():
        content += bytes([(number - last) << 4 | value.kind]) + value.content
        last = number
    return Value(STRUCT, bytes(content) + b"\0")


def _zigzag(number: int) -> bytes:
    """A signed integer; numbers near 0 are short."""
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def varint(number: int) -> bytes:
    """An unsigned integer, seven bits a byte, the lowest first."""
    content = bytearray()
    while number > 0x7F:
        content.append(number & 0x7F | 0x80)
        number >>= 7
    content.append(number)
    return bytes(content)
