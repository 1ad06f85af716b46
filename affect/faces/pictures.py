"""Pictures of unknown origin: looked at before they are decoded. Called by the data sets and the live image source.

What a file is, its first bytes say, whatever its name ends in. A file of some kilobytes can declare 20,000×20,000
pixels, for which OpenCV takes 1.2 GB; and what it makes of a file that breaks off is a picture whose rest is grey.
Neither teaches a model anything.
"""

from __future__ import annotations

import io
import mimetypes
import stat
from pathlib import Path

import cv2
import numpy as np
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.ImageOps import exif_transpose
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from affect.faces.preprocessing import Image

MOST_PIXELS = 50_000_000  # what the largest cameras give; 150 MB as uint8 BGR
LARGEST_FILE = 3 * MOST_PIXELS + 1_000_000  # bytes: one of so many pixels, not compressed

# The formats by how their files begin: OpenCV would decode a dozen others as well.
_READERS = (
    (b"\xff\xd8\xff", JpegImageFile),
    (b"\x89PNG\r\n\x1a\n", PngImageFile),
    (b"BM", BmpImageFile),
    (b"II*\0", TiffImageFile),
    (b"II+\0", TiffImageFile),
    (b"MM\0*", TiffImageFile),
    (b"MM\0+", TiffImageFile),
)
# Brands of still pictures in the box that HEIF and AVIF share with MP4 (ISO/IEC 23008-12 annex B, AVIF 1.1).
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_ORIENTATION = 0x0112  # EXIF's tag
SNIFFED = 256  # bytes that tell what a file is: a box of brands is shorter
_RAW_VIDEO = (".mjpg", ".mjpeg")  # JPEGs one after the other: they begin as a picture does


def is_picture(path: Path) -> bool:
    """Whether a file begins as one of the formats of `decode_picture` does; it may yet be damaged.

    False for videos (MP4 and HEIC begin alike, but for their brands) and for anything else. Of a file that may not be
    read, the name tells.
    """
    try:
        if not path.is_file() or path.suffix.lower() in _RAW_VIDEO:
            return False
        with path.open("rb") as file:
            return begins_as_picture(file.read(SNIFFED))
    except OSError:
        return str(mimetypes.guess_type(path.name)[0]).startswith("image/")


def begins_as_picture(data: bytes) -> bool:
    """Whether a file's first bytes, 256 or more, are those of one of the formats of `decode_picture`."""
    return _reader(data) is not None


def decode_picture(data: bytes) -> Image | None:
    """A JPEG, PNG, WebP, BMP, TIFF, HEIC or AVIF as uint8 BGR (height, width, 3), upright, or None.

    Upright as its EXIF says; HEIC and AVIF as the turn of their own says, where they have one.
    Transparency is dropped, 16 bits become 8, CMYK and grey become BGR, and of several pictures the first is taken.
    None: it is none of these, damaged, breaks off, or has more than 50 million pixels (which its header tells).
    """
    size = declared_size(data)
    if size is None or not 0 < size[0] * size[1] <= MOST_PIXELS:
        return None
    if (reader := _reader(data)) is not None and data[4:8] == b"ftyp":
        return _decode_with_pillow(data, reader)
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    if decoded is None or sorted(decoded.shape[:2]) != sorted(size):
        return None
    return np.asarray(decoded, np.uint8)


def read_picture(path: Path) -> Image | None:
    """`decode_picture` of a file, or None where it cannot be read, is no regular file, or has more than 151 MB."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            return None
        with path.open("rb") as file:  # cv2.imread cannot open paths with accents on Windows
            return decode_picture(file.read(LARGEST_FILE))
    except OSError:
        return None


def declared_size(data: bytes) -> tuple[int, int] | None:
    """Width and height, pixels, as the header tells them; None where there is none or the file breaks off."""
    reader = _reader(data)
    if reader is None:
        return None
    try:
        with reader(io.BytesIO(data)) as picture:
            size, scan = picture.size, picture.fp.tell()
    except Exception:  # Pillow's readers raise many kinds for damaged headers
        return None
    # what a JPEG's pixels begin with ends in this mark, which cannot be among them; an EXIF thumbnail's lies before
    whole = {JpegImageFile: (b"\xff\xd9", scan), PngImageFile: (b"IEND", 0)}.get(reader)
    return size if whole is None or data.rfind(*whole) >= 0 else None


def _reader(data: bytes) -> type[ImageFile] | None:
    """Pillow's reader of the format that the first bytes are of, or None."""
    if data[4:8] == b"ftyp":
        end = min(int.from_bytes(data[:4], "big"), SNIFFED)
        major, others = data[8:12], {data[i : i + 4] for i in range(16, end, 4)}
        if major in _AVIF_BRANDS or (major in _HEIF_BRANDS and others & _AVIF_BRANDS):
            return AvifImageFile
        if major in _HEIF_BRANDS:
            from pillow_heif import HeifImageFile  # 0.1 s, and few pictures are of this kind

            reader: type[ImageFile] = HeifImageFile
            return reader
        return None
    if data[:4] == b"RIFF":  # as an AVI begins
        return WebPImageFile if data[8:12] == b"WEBP" else None
    return next((r for start, r in _READERS if data.startswith(start)), None)


def _decode_with_pillow(data: bytes, reader: type[ImageFile]) -> Image | None:
    """A HEIC or AVIF, which OpenCV as pip installs it does not read."""
    try:
        with reader(io.BytesIO(data)) as picture:
            # where HEIC has a turn of its own, pillow-heif has done it already, and EXIF only says it again
            if b"irot" not in data and b"imir" not in data:
                picture.getexif()[_ORIENTATION] = picture.info.get("original_orientation") or 1
            upright = np.asarray(exif_transpose(picture).convert("RGB"), np.uint8)
    except Exception:  # the readers raise many kinds for damaged files
        return None
    return np.ascontiguousarray(upright[:, :, ::-1])
