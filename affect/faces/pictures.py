"""Safe decoding of image files of unknown origin. Called by the data sets and the live image source.

The format is read from the first bytes, not from the file's name. What decoding takes is known from the structure
(`affect.faces.extents`) before a decoder sees the file, since decoders take what a file of some bytes declares; and
OpenCV fills the rest of a truncated file with grey.
"""

from __future__ import annotations

import io
import mimetypes
import pkgutil
import stat
from pathlib import Path

import cv2
import numpy as np

from affect.faces.extents import Extent, Malformed, extent_of, starts_as_one
from affect.faces.preprocessing import Image

MOST_PIXELS = 49_000_000  # a phone's 48 million fit; 147 MB as uint8 BGR
MOST_BYTES = 295_000_000  # of memory that decoding takes beside the file
LARGEST_FILE = 100_000_000  # bytes
# A JPEG of one colour has at most 512 pixels a byte, a drawing under 300; PNG and AVIF can pack any number.
MOST_PIXELS_A_BYTE, SPARSE_PIXELS = 1000, 1_000_000
MOST_WITH_FILE = 320_000_000  # bytes of both: a photograph of 48 million pixels has 20 MB

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
    return starts_as_one(data) or _phone_format(data) is not None


def decode_picture(data: bytes) -> Image | None:
    """Decode a JPEG, PNG, WebP, BMP, TIFF, HEIC or AVIF to uint8 BGR (height, width, 3), upright; None if it cannot be.

    The orientation is EXIF's, or the rotation property of HEIC and AVIF if they have one.
    Transparency is dropped, 16 bits become 8, CMYK and grey become BGR, and only the first of several pictures is read.
    None: another format, damaged, truncated, or one whose decoding would take more memory than `checked` allows.
    """
    extent = checked(data)
    return None if extent is None else decode(extent)


def checked(data: bytes) -> Extent | None:
    """What a picture's decoding takes; None if it is not to be decoded.

    None: more than 49 million pixels, 295 MB of memory (6 to 15 bytes a pixel, by format), 320 MB with the file itself,
    1,000 pixels a byte (above a megapixel), or a structure that is damaged or cut off.
    """
    try:
        extent = _extent(data)
    except Malformed:
        return None
    pixels, most = extent.width * extent.height, min(MOST_PIXELS, max(SPARSE_PIXELS, MOST_PIXELS_A_BYTE * len(data)))
    fits = extent.cost <= MOST_BYTES and extent.cost + len(data) <= MOST_WITH_FILE
    return extent if 0 < pixels <= most and fits else None


def decode(extent: Extent) -> Image | None:
    """Decode what `checked` let through; see `decode_picture`."""
    if (phone := _phone_format(extent.data)) is not None:
        return _decode_heif(extent) if phone == HEIF else _decode_avif(extent)
    try:
        decoded = cv2.imdecode(np.frombuffer(extent.data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    if decoded is None or sorted(decoded.shape[:2]) != sorted(extent[:2]):
        return None
    return np.asarray(decoded, np.uint8)


def read_picture(path: Path) -> Image | None:
    """Read and decode an image file; None if it is unreadable, not a regular file, or larger than 100 MB."""
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
    try:
        return _extent(data)[:2]
    except Malformed:
        return None


def _extent(data: bytes) -> Extent:
    phone = _phone_format(data)
    return extent_of(data) if phone is None else _phone_extent(data, phone)


# --- HEIC and AVIF, which OpenCV's pip package does not read

HEIF, AVIF = "HEIF", "AVIF"


def _phone_format(data: bytes) -> str | None:
    """HEIF or AVIF by the brands in the `ftyp` box, or None."""
    if data[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(data[:4], "big"), SNIFFED)
    major, others = data[8:12], {data[i : i + 4] for i in range(16, end, 4)}
    if major in _AVIF_BRANDS or (major in _HEIF_BRANDS and others & _AVIF_BRANDS):
        return AVIF
    return HEIF if major in _HEIF_BRANDS else None


def _phone_extent(data: bytes, kind: str) -> Extent:
    """The extent of a HEIC or AVIF. Measured: 6 bytes a pixel and 2 for each of a tile; 15 for an AVIF."""
    # imported only for a picture that has the format: both together take 0.1 s, and a video needs none
    name = "pillow_heif.HeifImageFile" if kind == HEIF else "PIL.AvifImagePlugin.AvifImageFile"
    reader = pkgutil.resolve_name(name)
    try:
        with reader(io.BytesIO(data)) as picture:
            (width, height), tiles = picture.size, picture.info.get("tiling")
    except Exception as error:  # the readers raise many exception types for a damaged file
        raise Malformed from error
    tile = tiles["tile_width"] * tiles["tile_height"] if tiles else width * height
    return Extent(width, height, 15 * width * height if kind == AVIF else 6 * width * height + 2 * tile, data)


def _decode_heif(extent: Extent) -> Image | None:
    """Decode a HEIC with libheif, which applies its own rotation property; EXIF's counts where there is none."""
    import pillow_heif

    try:
        image = pillow_heif.open_heif(io.BytesIO(extent.data), bgr_mode=True)
        decoded, orientation = np.asarray(image), pillow_heif.set_orientation(image.info)
    except Exception:  # libheif's errors have many types
        return None
    if decoded.dtype == np.uint16:  # monochrome ones keep their bits
        decoded = decoded >> 8
    if decoded.shape[:2] != (extent.height, extent.width):
        return None
    turned_by_itself = b"irot" in extent.data or b"imir" in extent.data  # and EXIF repeats it
    return _upright(_bgr(np.asarray(decoded, np.uint8)), 1 if turned_by_itself else orientation or 1)


def _decode_avif(extent: Extent) -> Image | None:
    """Decode an AVIF with Pillow, which tells its rotation property as EXIF's orientation."""
    from PIL.AvifImagePlugin import AvifImageFile

    try:
        with AvifImageFile(io.BytesIO(extent.data)) as picture:
            turned = b"irot" in extent.data or b"imir" in extent.data
            orientation = picture.getexif().get(_ORIENTATION, 1) if turned else 1
            decoded = np.asarray(picture, np.uint8)
    except Exception:  # the reader raises many exception types for a damaged file
        return None
    rgb = _bgr(decoded)
    return _upright(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR, dst=rgb), np.uint8), orientation)


def _bgr(picture: Image) -> Image:
    """Drop a picture's transparency and give grey ones three channels, in their order."""
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    if channels <= 2:
        grey = np.ascontiguousarray(picture if picture.ndim == 2 else picture[:, :, 0])
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    return picture if channels == 3 and picture.flags.writeable else np.ascontiguousarray(picture[:, :, :3]).copy()


def _upright(picture: Image, orientation: int) -> Image:
    """Turn and mirror a picture as EXIF's orientation, 1…8, says (CIPA DC-008, tag 0x0112)."""
    if orientation in (5, 6, 7, 8):
        picture = np.asarray(cv2.transpose(picture), np.uint8)
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return picture if flip is None else np.asarray(cv2.flip(picture, flip), np.uint8)
