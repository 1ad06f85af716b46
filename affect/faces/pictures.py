"""Safe decoding of image files of unknown origin. Called by the data sets and the live image source.

The format is read from the first bytes, not from the file's name. A file of some kilobytes can declare 20,000×20,000
pixels, for which OpenCV takes 1.2 GB, and OpenCV fills the rest of a truncated file with grey: both are refused before
decoding.
"""

from __future__ import annotations

import importlib
import io
import mimetypes
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from affect.faces.preprocessing import Image

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MOST_PIXELS = 50_000_000  # as many as the largest cameras have; 150 MB as uint8 BGR
LARGEST_FILE = 3 * MOST_PIXELS + 1_000_000  # bytes of an uncompressed picture of MOST_PIXELS

# The accepted formats by their first bytes; OpenCV would decode a dozen others as well.
_FORMATS = (
    (b"\xff\xd8\xff", "Jpeg"),
    (b"\x89PNG\r\n\x1a\n", "Png"),
    (b"BM", "Bmp"),
    (b"II*\0", "Tiff"),
    (b"II+\0", "Tiff"),
    (b"MM\0*", "Tiff"),
    (b"MM\0+", "Tiff"),
)
# Brands of still images in the `ftyp` box, which HEIF and AVIF share with MP4 (ISO/IEC 23008-12 annex B, AVIF 1.1).
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_ORIENTATION = 0x0112  # EXIF tag
SNIFFED = 256  # bytes read to recognise a format; an `ftyp` box is shorter
_RAW_VIDEO = (".mjpg", ".mjpeg")  # a sequence of JPEGs, whose first bytes are those of a picture


def is_picture(path: Path) -> bool:
    """Whether a file's first bytes are those of a format that `decode_picture` reads; it may still be damaged.

    False for videos (MP4 and HEIC differ in their brands only) and anything else. For an unreadable file the ending of
    its name decides.
    """
    try:
        if not path.is_file() or path.suffix.lower() in _RAW_VIDEO:
            return False
        with path.open("rb") as file:
            return begins_as_picture(file.read(SNIFFED))
    except OSError:
        return str(mimetypes.guess_type(path.name)[0]).startswith("image/")


def begins_as_picture(data: bytes) -> bool:
    """Whether a file's first bytes, 256 or more, are those of a format that `decode_picture` reads."""
    return _format(data) is not None


def decode_picture(data: bytes) -> Image | None:
    """Decode a JPEG, PNG, WebP, BMP, TIFF, HEIC or AVIF to uint8 BGR (height, width, 3), upright; None if it cannot be.

    The orientation is EXIF's, or the rotation property of HEIC and AVIF if they have one.
    Transparency is dropped, 16 bits become 8, CMYK and grey become BGR, and only the first of several pictures is read.
    None: another format, damaged, truncated, or more than 50 million pixels according to its header.
    """
    size = declared_size(data)
    if size is None or not 0 < size[0] * size[1] <= MOST_PIXELS:
        return None
    if (name := _format(data)) in ("Avif", "Heif"):
        return _decode_with_pillow(data, name)
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    if decoded is None or sorted(decoded.shape[:2]) != sorted(size):
        return None
    return np.asarray(decoded, np.uint8)


def read_picture(path: Path) -> Image | None:
    """Read and decode an image file; None if it is unreadable, not a regular file, or larger than 151 MB."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            return None
        with path.open("rb") as file:  # cv2.imread cannot open paths with accents on Windows
            return decode_picture(file.read(LARGEST_FILE))
    except OSError:
        return None


def declared_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels from the header; None if there is no header or the file is truncated."""
    name = _format(data)
    if name is None:
        return None
    reader = _reader(name)
    try:
        with reader(io.BytesIO(data)) as picture:
            size, scan = picture.size, picture.fp.tell()
    except Exception:  # Pillow raises many exception types for a damaged header
        return None
    # the end marker must come after the start of the scan, since an EXIF thumbnail before it has a marker of its own
    whole = {"Jpeg": (b"\xff\xd9", scan), "Png": (b"IEND", 0)}.get(name)
    return size if whole is None or data.rfind(*whole) >= 0 else None


def _format(data: bytes) -> str | None:
    """The format of a file by its first bytes, as Pillow's classes name it; None if it is not accepted."""
    if data[4:8] == b"ftyp":
        end = min(int.from_bytes(data[:4], "big"), SNIFFED)
        major, others = data[8:12], {data[i : i + 4] for i in range(16, end, 4)}
        if major in _AVIF_BRANDS or (major in _HEIF_BRANDS and others & _AVIF_BRANDS):
            return "Avif"
        return "Heif" if major in _HEIF_BRANDS else None
    if data[:4] == b"RIFF":  # also an AVI starts with RIFF
        return "WebP" if data[8:12] == b"WEBP" else None
    return next((name for start, name in _FORMATS if data.startswith(start)), None)


def _reader(name: str) -> type[ImageFile]:
    """Pillow's class for a format, imported when a picture has it: all of them take 0.1 s, and videos need none."""
    module = importlib.import_module("pillow_heif" if name == "Heif" else f"PIL.{name}ImagePlugin")
    reader: type[ImageFile] = getattr(module, f"{name}ImageFile")
    return reader


def _decode_with_pillow(data: bytes, name: str) -> Image | None:
    """Decode a HEIC or AVIF with Pillow, since OpenCV's pip package does not read them."""
    from PIL.ImageOps import exif_transpose

    reader = _reader(name)
    try:
        with reader(io.BytesIO(data)) as picture:
            # pillow-heif has already applied HEIC's own rotation property, which EXIF repeats
            if b"irot" not in data and b"imir" not in data:
                picture.getexif()[_ORIENTATION] = picture.info.get("original_orientation") or 1
            upright = np.asarray(exif_transpose(picture).convert("RGB"), np.uint8)
    except Exception:  # the readers raise many exception types for a damaged file
        return None
    return np.ascontiguousarray(upright[:, :, ::-1])
