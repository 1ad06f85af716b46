"""What decoding a picture of unknown origin would take, read from its structure before a decoder sees it.

A file of 53 bytes can name a chunk of 4 GB, one of 250 kB a tile of 16,000×16,000 pixels, and one of 340 kB hold 3,000
scans of one picture: decoders believe it. Called by `affect.faces.pictures`, and for the JPEGs inside videos.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

MOST_SCANS = 100  # of a JPEG; encoders write about ten
MOST_SCANNED = 640_000_000  # scans × pixels: ten scans of the largest picture take a second
MOST_CHUNKS = 50_000  # chunks, segments or tags of a file; libpng writes 12,000 chunks of 8 kB into 100 MB
UNFOLDING = 1032  # the most bytes that one of deflate's becomes (RFC 1951)
SLACK = 20_000_000  # bytes beyond the pixels that a PNG's data may unfold to: 0.05 s


class Extent(NamedTuple):
    """Width and height in pixels, and how many bytes of memory decoding takes beside the file.

    data: what a decoder may read: a PNG without the chunks that are not needed, a JPEG to its end marker.
    """

    width: int
    height: int
    cost: int
    data: bytes


def starts_as_one(data: bytes) -> bool:
    """Whether first bytes are those of a JPEG, PNG, BMP, TIFF or WebP; an AVI starts with RIFF as well."""
    return any(data.startswith(start) for start, _ in _FORMATS) and (data[:4] != b"RIFF" or data[8:12] == b"WEBP")


class Malformed(ValueError):
    """A picture's structure contradicts itself, is cut off, or asks for more than any picture needs."""


def extent_of(data: bytes) -> Extent:
    """The extent of a JPEG, PNG, BMP, TIFF or WebP. Raises Malformed if it is damaged or cut off."""
    try:
        return next(read for start, read in _FORMATS if data.startswith(start))(data)
    except (struct.error, IndexError, StopIteration) as error:
        raise Malformed from error


# --- JPEG (ITU-T T.81)

_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended and progressive: those that cameras and programs write
_OTHER_FRAMES = (0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # the next one but restarts, stuffed zeros and fill bytes


def _jpeg(data: bytes) -> Extent:
    """The extent of a JPEG from its markers. Its entropy-coded data must have a bit for each block at least."""
    frame: tuple[int, int, list[int], bool] | None = None
    scans, coded, whole_scans, place = 0, 0, True, 2
    for _ in range(MOST_CHUNKS):
        if (marker := _MARKER.search(data, place)) is None:
            break
        kind, place = data[marker.start() + 1], marker.end()
        if kind == 0xD9:
            return _jpeg_extent(frame, scans, coded, whole_scans, data[:place])
        if kind == 0x01 or 0xD0 <= kind <= 0xD8:
            continue
        (length,) = struct.unpack_from(">H", data, place)
        if kind in _OTHER_FRAMES or (kind in _FRAMES and frame is not None) or length < 2:
            raise Malformed
        if kind in _FRAMES:
            bits, height, width, count = struct.unpack_from(">BHHB", data, place + 2)
            shares = [data[place + 9 + 3 * i] for i in range(count)]
            if bits != 8 or not 1 <= count <= 4:
                raise Malformed
            frame = width, height, shares, kind == 0xC2
        place += length
        if kind == 0xDA:
            scans += 1
            if frame is None or scans > MOST_SCANS or scans * frame[0] * frame[1] > MOST_SCANNED:
                raise Malformed
            whole_scans = whole_scans and data[place - length + 2] == len(frame[2])
            found = _MARKER.search(data, place)
            coded += (len(data) if found is None else found.start()) - place
    raise Malformed


def _jpeg_extent(
    frame: tuple[int, int, list[int], bool] | None, scans: int, coded: int, whole_scans: bool, data: bytes
) -> Extent:
    if frame is None or scans == 0:
        raise Malformed
    width, height, shares, progressive = frame
    across, down = max(s >> 4 for s in shares), max(s & 15 for s in shares)
    if min(min(s >> 4, s & 15) for s in shares) < 1 or max(across, down) > 4:
        raise Malformed
    samples = sum((s >> 4) * (s & 15) / (across * down) for s in shares)  # a pixel
    blocks = width * height * samples / 64
    if 8 * coded < blocks * (1 if progressive else 2):  # a code each for the first coefficient and the others
        raise Malformed
    coefficients = 2 * samples if progressive or not whole_scans else 0  # int16, kept until the last scan is read
    return Extent(width, height, round(width * height * max(6, 3 + coefficients)), data)


# --- PNG (ISO/IEC 15948)

_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PNG_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf")  # animations and packed texts are left out


def _png(data: bytes) -> Extent:
    """The extent of a PNG, its chunks counted; its data must not unfold to more than its pixels."""
    kept, packed, place = [data[:8]], [], 8
    for _ in range(MOST_CHUNKS):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data) or (kind == b"IHDR") != (place == 8):
            raise Malformed
        if kind in _PNG_NEEDED:
            kept.append(data[place:end])
        if kind == b"IDAT":
            packed.append(memoryview(data)[place + 8 : end - 4])
        place = end
        if kind == b"IEND":
            break
    else:
        raise Malformed
    width, height, depth, colours = struct.unpack_from(">IIBB", data, 16)
    if colours not in _PNG_CHANNELS or depth > 16 or width * height > 2**31:
        raise Malformed
    raw = height * (1 + (width * depth * _PNG_CHANNELS[colours] + 7) // 8)
    if UNFOLDING * sum(map(len, packed)) > raw + SLACK and _unfolds_beyond(packed, raw + SLACK):
        raise Malformed
    same = sum(map(len, kept)) == len(data)
    return Extent(width, height, 7 * width * height + (0 if same else len(data)), data if same else b"".join(kept))


def _unfolds_beyond(packed: list[memoryview], most: int) -> bool:
    """Whether a zlib stream in pieces unfolds to more than so many bytes."""
    unpacker, size, block = zlib.decompressobj(), 0, 1 << 20
    try:
        for piece in packed:
            rest: bytes | memoryview = piece
            while len(rest) and size <= most and not unpacker.eof:
                size += len(unpacker.decompress(rest, block))
                rest = unpacker.unconsumed_tail
    except zlib.error:
        return False  # the decoder refuses it where this did
    return size > most


# --- WebP (RFC 9649) and BMP


def _webp(data: bytes) -> Extent:
    """The extent of a WebP: of its canvas if it has one. What OpenCV takes was measured: 6, 9 and 11 bytes a pixel."""
    kind = data[12:16]
    if data[8:12] != b"WEBP" or data.count(b"ANMF") > MOST_CHUNKS:
        raise Malformed
    if kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
        return Extent(width, height, 6 * width * height, data)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        return Extent(width, height, 9 * width * height, data)
    if kind != b"VP8X" or len(data) < 30:
        raise Malformed
    width, height = (1 + int.from_bytes(data[i : i + 3], "little") for i in (24, 27))
    return Extent(width, height, 11 * width * height, data)


def _bmp(data: bytes) -> Extent:
    size, width, height = struct.unpack_from("<Iii", data, 14)
    if size == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    return Extent(width, abs(height), 6 * width * abs(height), data)


# --- TIFF (version 6) and BigTIFF

_TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_WIDTH, _HEIGHT, _BITS, _PACKING, _SAMPLES, _ROWS, _TILE_WIDTH, _TILE_HEIGHT = 256, 257, 258, 259, 277, 278, 322, 323
_PACKINGS = (1, 2, 3, 4, 5, 7, 8, 32773, 32946)  # none, fax, LZW, JPEG, deflate, PackBits
_JPEG_PACKED = 7


def _tiff(data: bytes) -> Extent:
    """The extent of a TIFF's first picture, with the strip or tile that is decoded at a time."""
    told = list(_tiff_tags(data))
    tags = dict(told)
    width, height = tags.get(_WIDTH, 0), tags.get(_HEIGHT, 0)
    block_width, block_height = (
        tags.get(_TILE_WIDTH, width),
        tags.get(_TILE_HEIGHT, min(tags.get(_ROWS, height), height)),
    )
    samples, bits, packing = tags.get(_SAMPLES, 1), tags.get(_BITS, 1), tags.get(_PACKING, 1)
    block = block_width * block_height
    if len(tags) < len(told) or packing not in _PACKINGS or samples > 5 or bits > 64 or block <= 0:
        raise Malformed
    if packing == _JPEG_PACKED and data.count(b"\xff\xda") * max(block, 1) > MOST_SCANNED:
        raise Malformed
    opened = 3 * width * height + block * (4 + samples * bits // 8)  # a block is unpacked, then turned to RGBA
    return Extent(width, height, max(6 * width * height, opened), data)


def _tiff_tags(data: bytes) -> Iterator[tuple[int, int]]:
    """Each tag of the first directory with its first number. All values must lie in the file, and not overlap much."""
    order = "<" if data.startswith(b"II") else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    (place,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, place)
    place += 8 if big else 2
    total, inside = 0, 8 if big else 4
    if count > MOST_CHUNKS:
        raise Malformed
    for _ in range(count):
        tag, kind, number = struct.unpack_from(order + ("HHQ" if big else "HHI"), data, place)
        size = number * _TIFF_SIZES.get(kind, 1)
        where = place + (12 if big else 8)
        place = where + inside
        if size > inside:
            (where,) = struct.unpack_from(order + ("Q" if big else "I"), data, where)
        total += size
        if where + size > len(data) or total > len(data):
            raise Malformed
        form = {3: "H", 4: "I", 13: "I", 16: "Q", 1: "B"}.get(kind)
        if form is not None and number:
            yield tag, struct.unpack_from(order + form, data, where)[0]


# The accepted formats by their first bytes; OpenCV would decode a dozen others as well.
_FORMATS = (
    (b"\xff\xd8\xff", _jpeg),
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"BM", _bmp),
    (b"RIFF", _webp),
    *((start, _tiff) for start in (b"II*\0", b"II+\0", b"MM\0*", b"MM\0+")),
)
