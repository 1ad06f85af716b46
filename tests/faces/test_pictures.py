"""What a file is, its content says: every kind of still picture is read whole, upright and once turned."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image as PillowImage
from PIL import ImageOps

from affect.errors import AffectError
from affect.faces.pictures import MOST_PIXELS, begins_as_picture, declared_size, decode_picture, is_picture
from affect.faces.preprocessing import Image
from affect.live.sources.files import ImageSource, VideoSource, open_source

pillow_heif.register_heif_opener()
ORIENTATION = 0x0112
FORMATS = {"JPEG": "jfif", "PNG": "png", "WEBP": "webp", "TIFF": "tiff", "HEIF": "heic", "AVIF": "avif"}


def quarters(width: int = 96, height: int = 64) -> PillowImage.Image:
    """A picture of four colours, of which no turn and no mirror image is the same."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2, 0] = picture[: height // 2, width // 2 :, 1] = 255
    picture[height // 2 :, : width // 2, 2] = 255
    picture[height // 2 :, width // 2 :] = 255
    return PillowImage.fromarray(picture)


def encoded(picture: PillowImage.Image, format_: str, orientation: int = 1, **more: object) -> bytes:
    exif = PillowImage.Exif()
    exif[ORIENTATION] = orientation
    file = io.BytesIO()
    picture.save(file, format_, exif=exif, quality=95, **more)
    return file.getvalue()


def turned(picture: PillowImage.Image, orientation: int) -> Image:
    """As Pillow turns it, BGR."""
    copy = picture.copy()
    copy.getexif()[ORIENTATION] = orientation
    return np.asarray(ImageOps.exif_transpose(copy))[:, :, ::-1]


def assert_alike(picture: Image | None, wanted: Image) -> None:
    assert picture is not None
    assert picture.shape == wanted.shape
    assert np.abs(picture.astype(int) - wanted).mean() < 15


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_turned_upright_once(format_: str, orientation: int, tmp_path: Path) -> None:
    wanted = turned(quarters(), orientation)
    data = encoded(quarters(), format_, orientation)
    assert_alike(decode_picture(data), wanted)
    for name in (f"a.{FORMATS[format_]}", "b.jfif", "c", "d.mp4", "e.JPG"):
        (tmp_path / name).write_bytes(data)
        (frame,) = open_source(str(tmp_path / name)).frames()
        assert_alike(frame.picture, wanted)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_heic_that_tells_its_turn_twice_is_turned_once(orientation: int) -> None:
    exif = PillowImage.Exif()
    exif[ORIENTATION] = orientation
    phone = pillow_heif.from_bytes("RGB", (96, 64), quarters().tobytes())
    phone.info["exif"] = exif.tobytes()  # pillow-heif writes it as a turn of HEIC's own beside, as phones do
    file = io.BytesIO()
    phone.save(file, quality=95)
    assert (b"irot" in file.getvalue() or b"imir" in file.getvalue()) == (orientation > 1)
    assert pillow_heif.HeifImageFile(file).info["original_orientation"] == (orientation if orientation > 1 else None)
    assert_alike(decode_picture(file.getvalue()), turned(quarters(), orientation))


def test_a_heic_of_tiles_is_one_picture(tmp_path: Path, portrait: Image) -> None:
    path = tmp_path / "phone.heic"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pillow_heif.options, "GRID_TILE_SIZE", 256)
        PillowImage.fromarray(portrait[:, :, ::-1]).save(path, "HEIF", quality=90)
    assert b"grid" in path.read_bytes()
    source = open_source(str(path))
    assert isinstance(source, ImageSource)
    (frame,) = source.frames()
    assert np.abs(frame.picture.astype(int) - portrait).mean() < 5


@pytest.mark.parametrize("format_", ["HEIF", "AVIF"])
def test_transparency_greys_and_sixteen_bits_of_phones_become_bgr(format_: str) -> None:
    for mode in ("L", "RGBA"):
        picture = decode_picture(encoded(quarters().convert(mode), format_))
        assert picture is not None
        assert picture.shape == (64, 96, 3)
    deep = pillow_heif.from_bytes("RGB;16", (32, 32), np.full((32, 32, 3), (0, 0, 65535), np.uint16).tobytes())
    file = io.BytesIO()
    deep.save(file, quality=95)
    picture = decode_picture(file.getvalue())
    assert picture is not None
    assert (picture.reshape(-1, 3).mean(0) > 128).tolist() == [True, False, False]


@pytest.mark.parametrize("format_", ["HEIF", "AVIF"])
def test_a_heic_or_avif_that_breaks_off_is_none_and_told(format_: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = encoded(PillowImage.fromarray(noise), format_)
    assert decode_picture(data) is not None
    for share in (0.02, 0.2, 0.5, 0.9, 0.99):
        assert decode_picture(data[: int(share * len(data))]) is None
    (tmp_path / "cut.bin").write_bytes(data[: len(data) // 2])
    with pytest.raises(AffectError, match=r"cut\.bin cannot be read as an image"):
        open_source(str(tmp_path / "cut.bin"))


def test_a_heic_of_too_many_pixels_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(quarters(), "HEIF")
    place = data.index(b"ispe") + 8
    huge = data[:place] + struct.pack(">II", 10_000, MOST_PIXELS // 10_000 + 1) + data[place + 8 :]
    assert declared_size(huge) == (10_000, MOST_PIXELS // 10_000 + 1)
    monkeypatch.setattr(pillow_heif.HeifImageFile, "load", lambda _: pytest.fail("it is decoded"))
    assert decode_picture(huge) is None


def test_a_heic_whose_header_lies_about_its_size_is_none() -> None:
    data = encoded(quarters(256, 256), "HEIF")
    place = data.index(b"ispe") + 8
    assert decode_picture(data[:place] + struct.pack(">II", 96, 64) + data[place + 8 :]) is None


@pytest.mark.parametrize(
    ("brands", "still"),
    [
        ((b"heic", b"mif1"), True),
        ((b"heix", b"mif1"), True),
        ((b"mif1", b"heic"), True),
        ((b"msf1", b"iso8"), True),
        ((b"avif", b"mif1"), True),
        ((b"mif1", b"avif"), True),
        ((b"isom", b"iso2", b"avc1", b"mp41"), False),
        ((b"qt  ", b"qt  "), False),
        ((b"mp42", b"isom"), False),
        ((b"M4V ", b"mp42"), False),
        ((b"3gp5", b"isom"), False),
    ],
)
def test_a_picture_and_a_video_of_one_family_are_told_apart_by_their_brand(
    brands: tuple[bytes, ...], still: bool
) -> None:
    box = b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])
    assert begins_as_picture(struct.pack(">I", len(box) + 4) + box + bytes(256)) is still


def test_a_video_is_a_video_whatever_its_name(portrait_video: Path, tmp_path: Path) -> None:
    for name in ("talk.jpg", "talk.heic", "talk"):
        path = tmp_path / name
        path.write_bytes(portrait_video.read_bytes())  # an AVI, which begins as a WebP does
        assert not is_picture(path)
        assert isinstance(open_source(str(path)), VideoSource)


def test_jpegs_one_after_the_other_are_a_video(tmp_path: Path, portrait: Image) -> None:
    path = tmp_path / "camera.mjpeg"
    path.write_bytes(3 * cv2.imencode(".jpg", portrait)[1].tobytes())
    assert not is_picture(path)
    assert isinstance(open_source(str(path)), VideoSource)


def test_what_is_no_file_is_no_picture(tmp_path: Path) -> None:
    assert not is_picture(tmp_path)
    assert not is_picture(tmp_path / "nothing.jpg")
