"""What decoding a picture takes is known before a decoder sees it: bombs of every format are None, at once."""

from __future__ import annotations

import io
import re
import struct
import sys
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from affect.faces import pictures
from affect.faces.extents import MOST_SCANS, Malformed, extent_of
from affect.faces.pictures import MOST_BYTES, MOST_PIXELS, checked, decode_picture
from affect.faces.preprocessing import Image


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, packed: bytes, *before: bytes) -> bytes:
    """A PNG of 8 bits RGB; `before` are whole chunks before its data."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def rows(width: int, height: int) -> bytes:
    return zlib.compress(bytes(height * (1 + 3 * width)))


def segment(kind: int, content: bytes) -> bytes:
    return bytes([0xFF, kind]) + struct.pack(">H", len(content) + 2) + content


def jpeg(width: int, height: int, scans: int = 0, frame: int = 0xC2, coded: int | None = None) -> bytes:
    """A progressive grey JPEG of one scan with content and `scans` empty ones.   coded: bytes of the first one."""
    table = bytes([1] + [0] * 15)
    blocks = -(-width // 8) * -(-height // 8)
    empty = segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + bytes(15 * (blocks // 16384 + 1) // 8 + 2)
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xDB, bytes([0] + [1] * 64)),
            segment(frame, struct.pack(">BHHB", 8, height, width, 1) + bytes([1, 0x11, 0])),
            segment(0xC4, b"\0" + table + b"\0"),
            segment(0xC4, b"\x10" + table + b"\xe0"),  # the only code: 16,384 empty blocks
            segment(0xDA, bytes([1, 1, 0, 0, 0, 0])) + bytes(blocks // 8 + 1 if coded is None else coded),
            scans * empty,
            b"\xff\xd9",
        ]
    )


def tiff(*tags: tuple[int, int, int, int], more: bytes = b"") -> bytes:
    """A little-endian TIFF of these tags (number, type, count, value)."""
    told = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<I", 8) + told + bytes(4) + more


def tiff_of(width: int, height: int, *tags: tuple[int, int, int, int]) -> bytes:
    own = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1)]
    changed = {tag[0] for tag in tags}
    kept = [tag for tag in own if tag[0] not in changed] + list(tags)
    return tiff(*kept, (273, 4, 1, 200), (279, 4, 1, 64), more=bytes(100_000))


def noise(width: int = 64, height: int = 48) -> Image:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def written(format_: str, **more: object) -> bytes:
    file = io.BytesIO()
    PillowImage.fromarray(noise()).save(file, format_, **more)
    return file.getvalue()


HUGE_CHUNK = png(16, 16, rows(16, 16)).replace(struct.pack(">I", len(rows(16, 16))) + b"IDAT", b"\xff\xff\xff\0IDAT")
WEBP_HEADER = b"RIFF\x40\0\0\0WEBP"
BOMBS = {
    "png chunk of 4 GB": HUGE_CHUNK,
    "png chunk beyond the file": png(16, 16, rows(16, 16))[:-13],
    "png of two headers": png(16, 16, rows(16, 16), chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0))),
    "png whose data go on": png(16, 16, zlib.compress(bytes(60_000_000))),
    "png in pieces whose data go on": png(16, 16, zlib.compress(bytes(60_000_000))[:30_000]).replace(
        chunk(b"IEND", b""), chunk(b"IDAT", zlib.compress(bytes(60_000_000))[30_000:]) + chunk(b"IEND", b"")
    ),
    "png of 200,000 chunks": png(16, 16, rows(16, 16), *[chunk(b"tEXt", b"")] * 200_000),
    "png of one bit and colour": b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 6000, 6000, 1, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(bytes(6000 * 751)))
    + chunk(b"IEND", b""),
    "jpeg of 3,000 scans": jpeg(640, 480, 3000),
    "jpeg of 90 large scans": jpeg(4000, 3000, 90),
    "jpeg without its blocks": jpeg(6000, 6000, coded=9000),
    "jpeg of 200,000 segments": jpeg(64, 64).replace(b"\xff\xd8", b"\xff\xd8" + segment(0xFE, b"") * 200_000),
    "jpeg of two frames": jpeg(64, 64).replace(
        b"\xff\xc4", segment(0xC0, struct.pack(">BHHB", 8, 9, 9, 1) + bytes([1, 0x11, 0])) + b"\xff\xc4"
    ),
    "jpeg lossless": jpeg(64, 64, frame=0xC3),
    "jpeg of 60 MP": jpeg(10_000, 6000),
    "tiff tile of 16,000 pixels": tiff_of(16, 16, (322, 3, 1, 16000), (323, 3, 1, 16000)),
    "tiff strip of 900 samples": tiff_of(9000, 900, (277, 3, 1, 900)),
    "tiff of 100 MP": tiff_of(10_000, 10_000),
    "tiff values that overlap": tiff(*[(300 + i, 1, 60_000, 200) for i in range(40)], more=bytes(100_000)),
    "tiff values beyond the file": tiff_of(16, 16, (700, 1, 2**31, 200)),
    "tiff twice a tag": tiff((256, 3, 1, 16), (256, 3, 1, 60000), (257, 3, 1, 16), (273, 4, 1, 0)),
    "tiff of 600 jpeg scans": tiff_of(4000, 3000, (259, 3, 1, 7)) + b"\xff\xda" * 600,
    "tiff of an odd packing": tiff_of(16, 16, (259, 3, 1, 34925)),
    "bmp of 49 MP": b"BM" + bytes(12) + struct.pack("<Iii", 40, 7000, -7000) + bytes(100),
    "bmp of a negative width": b"BM" + bytes(12) + struct.pack("<Iii", 40, -10, 10) + bytes(100),
    "webp canvas of 268 MP": WEBP_HEADER + b"VP8X\x0a\0\0\0\x02\0\0\0" + b"\xfe\x3f\0\xfe\x3f\0" + bytes(100),
    "webp of 268 MP": WEBP_HEADER + b"VP8L\x40\0\0\0\x2f" + b"\xff\xff\xff\x0f" + bytes(100),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_none_and_no_decoder_sees_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "decode", lambda _: pytest.fail("it is decoded"))
    start = time.process_time()
    assert decode_picture(BOMBS[name]) is None
    assert time.process_time() - start < 1


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_bombs_take_no_memory() -> None:
    def peak_mb() -> float:
        told = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
        assert told is not None
        return int(told[1]) / 1e3

    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = peak_mb()
    for bomb in BOMBS.values():
        decode_picture(bomb)
    assert peak_mb() - before < 30


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (jpeg(640, 480, MOST_SCANS - 1), (640, 480)),
        (jpeg(2000, 1500), (2000, 1500)),
        (png(900, 700, rows(900, 700)), (900, 700)),
        (written("JPEG", progressive=True, quality=90), (64, 48)),
        (written("TIFF", compression="jpeg"), (64, 48)),
        (written("TIFF", compression="tiff_lzw"), (64, 48)),
        (written("WEBP"), (64, 48)),
        (written("WEBP", lossless=True), (64, 48)),
        (written("BMP"), (64, 48)),
        (written("JPEG", quality=90) + b"a film of a phone, or \xff\xda a picture more", (64, 48)),
        (b"\xff\xd8" + segment(0xE1, b"\xff\xd9\xff\xda" * 900) + written("JPEG")[2:], (64, 48)),
    ],
    ids=["scans", "large", "png", "progressive", "jpeg in tiff", "lzw", "webp", "lossless", "bmp", "tail", "markers"],
)
def test_an_honest_picture_is_decoded(data: bytes, size: tuple[int, int]) -> None:
    picture = decode_picture(data)
    assert picture is not None
    assert picture.shape == (size[1], size[0], 3)


def test_what_a_png_does_not_need_is_not_handed_on() -> None:
    packed = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(7_000_000)))
    animated = chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)) + chunk(b"fcTL", bytes(26))
    whole = cv2.imencode(".png", noise())[1].tobytes()
    extent = checked(whole[:33] + packed + animated + whole[33:] + b"behind the end")
    assert extent is not None
    assert extent.data == whole
    picture = decode_picture(extent.data)
    assert picture is not None
    assert np.array_equal(picture, noise())


def test_a_jpeg_is_handed_on_to_its_end_marker() -> None:
    whole = written("JPEG")
    assert extent_of(whole + b"\xff\xd8\xff\xda" * 9).data == whole
    with pytest.raises(Malformed):
        extent_of(whole[:-2])


@pytest.mark.parametrize(
    ("data", "bytes_a_pixel"),
    [
        (jpeg(800, 600, frame=0xC0, coded=2000), 6),
        (jpeg(800, 600), 6),
        (written("JPEG", progressive=True, subsampling=0), 9),
        (png(800, 600, rows(800, 600)), 7),
        (written("WEBP"), 6),
        (written("WEBP", lossless=True), 9),
        (written("BMP"), 6),
        (written("TIFF"), 10),
    ],
)
def test_the_memory_of_decoding_is_as_it_was_measured(data: bytes, bytes_a_pixel: int) -> None:
    width, height, cost, _ = extent_of(data)
    assert cost == bytes_a_pixel * width * height


def test_the_limits_hold_for_pixels_and_for_memory() -> None:
    coded = MOST_PIXELS // 64 // 4 + 1
    assert checked(jpeg(7000, 7000, frame=0xC0, coded=coded)) is not None
    assert checked(jpeg(7001, 7000, frame=0xC0, coded=coded + 1000)) is None
    side = int((MOST_BYTES / 9) ** 0.5)
    colours = written("JPEG", progressive=True, subsampling=0)
    place = colours.index(b"\xff\xc2") + 5
    filled = colours[:-2] + bytes(side * side // 64) + colours[-2:]
    for more, fits in ((-8, True), (8, False)):
        sized = filled[:place] + struct.pack(">HH", side + more, side + more) + filled[place + 4 :]
        assert (checked(sized) is not None) == fits
