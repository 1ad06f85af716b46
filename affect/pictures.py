"""Pictures of unknown origin: looked at before they are decoded. Called by the data sets and the live image source.

A file of some kilobytes can declare 20,000×20,000 pixels, for which OpenCV takes 1.2 GB; and what it makes of a file
that breaks off is a picture whose rest is grey. Neither teaches a model anything.
"""

from __future__ import annotations

import io
import stat
from pathlib import Path

import cv2
import numpy as np
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from affect.preprocessing import Image

MOST_PIXELS = 50_000_000  # what the largest cameras give; 150 MB as uint8 BGR
LARGEST_FILE = 3 * MOST_PIXELS + 1_000_000  # bytes: one of so many pixels, not compressed

# The formats by how their files begin, whatever their names end in: OpenCV would decode a dozen others as well.
_READERS = (
    (b"\xff\xd8\xff", JpegImageFile),
    (b"\x89PNG\r\n\x1a\n", PngImageFile),
    (b"RIFF", WebPImageFile),
    (b"BM", BmpImageFile),
    (b"II", TiffImageFile),
    (b"MM", TiffImageFile),
)


def decode_picture(data: bytes) -> Image | None:
    """A JPEG, PNG, WebP, BMP or TIFF as uint8 BGR (height, width, 3), upright as its EXIF says, or None.

    Transparency is dropped, 16 bits become 8, CMYK and grey become BGR, and of several pictures the first is taken.
    None: it is none of these, damaged, breaks off, or has more than 50 million pixels (which its header tells).
    """
    size = declared_size(data)
    if size is None or not 0 < size[0] * size[1] <= MOST_PIXELS:
        return None
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
    reader = next((r for start, r in _READERS if data.startswith(start)), None)
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
