"""Damaged and made-up files of every kind that the program reads, and their use. Families of `hostile`."""

from __future__ import annotations

import io
import os
import pickle
import random
import struct
import zipfile
import zlib
from contextlib import closing
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

Random = random.Random


def damaged(rng: Random, data: bytes) -> bytes:
    """Bytes that are cut, changed, exchanged or repeated somewhere, or a number in them made huge."""
    content = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        place, length = rng.randrange(len(content) + 1), rng.choice([1, 2, 4, 16, 300])
        taken, put = 0, b""
        match rng.randrange(6):
            case 0:
                taken = rng.choice([length, len(content)])
            case 1:
                taken, put = length, rng.randbytes(length)
            case 2:
                taken, put = 4, rng.choice([b"\xff\xff\xff\x7f", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\xff" * 4])
            case 3:
                put = bytes(content[place : place + length]) * rng.choice([1, 2, 5000 // length + 1])
            case 4:
                taken, put = 2, struct.pack(rng.choice("<>") + "H", rng.choice([0, 1, 16_000, 65_535]))
            case 5:
                put = bytes(rng.choice([1, 100, 100_000]))
        content[place : place + taken] = put
        if not content:
            break
    return bytes(content)


@cache
def whole_pictures() -> dict[str, bytes]:
    """Small pictures of every format, by format and setting."""
    import pillow_heif
    from PIL import Image as PillowImage

    pillow_heif.register_heif_opener()
    picture = PillowImage.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8))
    settings: list[tuple[str, dict[str, Any]]] = [
        ("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {}), ("WEBP", {"lossless": True}),
        ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {"compression": "jpeg"}),
        ("HEIF", {}), ("AVIF", {}),
    ]  # fmt: skip
    made = {}
    for format_, more in settings:
        file = io.BytesIO()
        picture.save(file, format_, **more)
        made[" ".join([format_, *map(str, more.values())])] = file.getvalue()
    return made


def _bomb(rng: Random) -> bytes:
    """A small file that asks for much: pixels, a chunk, a tile, data that unfold, scans."""

    def chunk(kind: bytes, content: bytes, length: int | None = None) -> bytes:
        told = struct.pack(">I", len(content) if length is None else length)
        return told + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    side = rng.choice([16, 16, 64, 5_000, 7_000, 20_000, 65_000])
    depth, colours = rng.choice([(1, 0), (8, 2), (16, 6)])
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, depth, colours, 0, 0, rng.choice([0, 1])))
    packed = zlib.compress(bytes(rng.choice([100, 40_000_000])))
    texts = [chunk(b"zTXt", b"a\0\0" + packed)] * rng.choice([0, 0, 20])
    length = rng.choice([None, None, 0xFFFFFF00, 0x7FFFFFFF])
    png = b"\x89PNG\r\n\x1a\n" + header + b"".join(texts) + chunk(b"IDAT", packed, length) + chunk(b"IEND", b"")
    jpeg = bytearray(whole_pictures()["JPEG True"])
    place = jpeg.index(b"\xff\xc2") + 5
    jpeg[place : place + 4] = struct.pack(">HH", side % 65_000 or 9, side % 65_000 or 9)
    jpeg[-2:-2] = b"\xff\xda\0\x08\x01\x01\0\1\x3f\0" * rng.choice([0, 40, 3000])
    jpeg[-2:-2] = bytes(rng.choice([0, 200_000]))
    tile = rng.choice([16, 16_000, 60_000])
    tags = [(256, side % 65_000), (257, 64), (258, 8), (259, rng.choice([1, 5, 7, 8])), (277, rng.choice([1, 3, 900]))]
    tags += [(262, 1), (273, 200), (279, 64), (322, tile), (323, tile), (324, 200), (325, 64)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags))
    tiff = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + bytes(rng.choice([200, 250_000]))
    return rng.choice([png, bytes(jpeg), tiff])


def make_picture(rng: Random, folder: Path) -> Path:
    """A damaged picture, or a bomb."""
    path = folder / "picture.bin"
    path.write_bytes(_bomb(rng) if rng.random() < 0.3 else damaged(rng, rng.choice(list(whole_pictures().values()))))
    return path


def use_picture(path: Path) -> bool:
    """Decode it."""
    from affect.faces.pictures import read_picture

    return read_picture(path) is not None


@cache
def whole_videos() -> dict[str, bytes]:
    """Small videos of three formats, by file name."""
    import av

    made = {}
    kinds = (("a.avi", "mjpeg", "yuvj420p"), ("a.mp4", "libx264", "yuv420p"), ("a.webm", "libvpx", "yuv420p"))
    for name, codec, form in kinds:
        file = io.BytesIO()
        with av.open(file, "w", format=name.partition(".")[2]) as output:
            stream: Any = output.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, form
            for i in range(8):
                picture = np.random.default_rng(i).integers(0, 256, (48, 64, 3), np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, "bgr24").reformat(format=form)
                frame.pts = i
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        made[name] = file.getvalue()
    return made


def make_video(rng: Random, folder: Path) -> Path:
    """Damaged ones; MJPEG of pictures of any size and number of scans; playlists that name themselves and others."""
    name = rng.choice(list(whole_videos()))
    path, content = folder / name, damaged(rng, whole_videos()[name])
    if rng.random() < 0.3:
        import av

        with av.open(str(path), "w", format="avi") as output:
            stream: Any = output.add_stream("mjpeg", rate=10)
            stream.width, stream.height, stream.pix_fmt = *rng.choice([(64, 48), (16_000, 16_000)]), "yuvj420p"
            for i in range(4):
                packet = av.Packet(_bomb(rng))
                packet.pts = packet.dts = i
                packet.stream = stream
                output.mux(packet)
        return path
    if rng.random() < 0.1:
        path = folder / "a.m3u8"
        parts = [f"#EXTINF:{rng.choice(['1', 'nan', '1e30'])},\n{rng.choice([path.name, '/dev/zero', 'http://x'])}"] * 3
        content = "\n".join(["#EXTM3U", "#EXT-X-TARGETDURATION:1", *parts, "#EXT-X-ENDLIST"]).encode()
    path.write_bytes(content)
    return path


def use_video(path: Path) -> bool:
    """Read its first 60 frames."""
    from affect.live.sources.feed import FrameFeed
    from affect.live.sources.files import open_source

    with closing(FrameFeed(open_source(str(path)))) as feed:
        return sum(1 for _ in islice(feed.frames(), 60)) > 0


def make_checkpoint(rng: Random, folder: Path) -> Path:
    """Damaged pickles in whole zips, settings of any value, keys of one hash, many entries, many values."""
    import torch

    from affect.emotions import EMOTIONS
    from affect.faces.preprocessing import Preprocessing

    path = folder / "model.pt"
    odd = rng.choice(
        ["x" * 100_000, 10**400, [1] * 50_000, {"a" * 50: {"b": [None] * 99}}, float("nan"), -1, ("\x1b[2J",), True]
    )
    content = {
        "format_version": 1, "architecture": "mobilenet_v2", "classes": list(EMOTIONS), "temperature": 1.0,
        "preprocessing": Preprocessing().to_dict(), "provenance": {}, "state_dict": {"a": torch.ones(3)},
    }  # fmt: skip
    place = content if rng.random() < 0.6 else content["preprocessing"]
    place[rng.choice(list(place))] = odd  # type: ignore[index,call-overload]
    torch.save(content, path)
    match rng.randrange(5):
        case 0:
            path.write_bytes(damaged(rng, path.read_bytes()))
        case 1 | 2:
            with zipfile.ZipFile(path) as archive:
                entries = {name: archive.read(name) for name in archive.namelist()}
            with zipfile.ZipFile(path, "w") as archive:
                for name, data in entries.items():
                    archive.writestr(name, damaged(rng, data) if name.endswith("data.pkl") else data)
        case 3:
            keys = (pickle.dumps((2**61 - 1) * i, 2)[2:-1] for i in range(rng.choice([10, 60_000])))
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("a/data.pkl", b"\x80\x02}(" + b"".join(key + b"N" for key in keys) + b"u.")
                for i in range(rng.choice([0, 20_000])):
                    archive.writestr(f"a/data/{i}", b"")
    return path


def use_checkpoint(path: Path) -> bool:
    """Load it."""
    from affect.model.checkpoint import load_checkpoint

    load_checkpoint(path)
    return True


@cache
def _whole_detector(value: float) -> bytes:
    """A network with the outputs of YuNet for 320×320 pixels, all numbers this one, whatever the picture shows."""
    from onnx import TensorProto, helper

    nodes = [helper.make_node("ReduceMean", ["input"], ["mean"], keepdims=0)]
    outputs, constants = [], []
    for kind, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
        for step in (8, 16, 32):
            name, shape = f"{kind}_{step}", (1, (320 // step) ** 2, width)
            filled = np.full(shape, 0.9 if kind in ("cls", "obj") else value, np.float32)
            constants.append(helper.make_tensor(f"c_{name}", TensorProto.FLOAT, shape, filled.tobytes(), raw=True))
            nodes.append(helper.make_node("Add", ["mean", f"c_{name}"], [name]))
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, (1, 3, 320, 320))
    graph = helper.make_graph(nodes, "yunet", [given], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=7)
    return bytes(model.SerializeToString())


def make_detector(rng: Random, folder: Path) -> Path:
    """Networks that find anything anywhere, damaged ones, and one of 3 GB."""
    path = folder / "detector.onnx"
    whole = _whole_detector(rng.choice([0.0, 1.0, 8.0, 80.0, -80.0, float("nan"), float("inf"), 1e30]))
    path.write_bytes(whole if rng.random() < 0.4 else damaged(rng, whole))
    if rng.random() < 0.1:
        os.truncate(path, 3_000_000_000)
    return path


def use_detector(path: Path) -> bool:
    """Detect, and crop what is found."""
    from affect.faces.detection import create_detector, crop_face
    from affect.faces.preprocessing import Preprocessing

    picture = np.zeros((320, 320, 3), np.uint8)
    for box in create_detector("yunet", path).detect(picture):
        crop_face(picture, box, Preprocessing(crop_margin=2))
    return True


SIGNS: Final = [
    *("a", "happy", "sad", "1", "7", "train", "=1", "\x1b[2J", "..", "ñ", "\udcff", "x" * 300, "-", "\u202e", "."),
]


def make_data_set(rng: Random, folder: Path) -> Path:
    """A folder or a .zip: names of any kind, links all ways, damaged pictures, filling, lists that almost match."""
    pictures = list(whole_pictures().values())
    endings = [".png", ".jpg", "", ".csv"]
    names = ["/".join(rng.choices(SIGNS, k=rng.randint(1, 5))) + rng.choice(endings) for _ in range(40)]
    rows = [f"{rng.choice(names)},{rng.choice(SIGNS)}" for _ in range(rng.choice([3, 3000]))]
    files = {name: damaged(rng, rng.choice(pictures)) if rng.random() < 0.5 else rng.choice(pictures) for name in names}
    files["labels.csv"] = ("pth,label\n" + "\n".join(rows)).encode("utf-8", "replace")
    files |= {"happy/z.jpg": pictures[0] + bytes(2_000_000), "sad/z.png": pictures[2]}
    if rng.random() < 0.5:
        with zipfile.ZipFile(folder / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name.encode("utf-8", "replace").decode(), content)
        return folder / "set.zip"
    for name, content in files.items():
        path = folder / "set" / "/".join(part[:200] for part in name.split("/") if part not in ("..", "."))
        if not path.exists() and not any(parent.is_file() for parent in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    folders = [path for path in (folder / "set").rglob("*") if path.is_dir()]
    for i in range(30):
        (rng.choice(folders) / f"link{i}").symlink_to(rng.choice(folders))
    return folder / "set"


def use_data_set(path: Path) -> bool:
    """Read the manifest and every picture."""
    from affect.data.manifest import overview, read_manifest

    manifest = read_manifest(path)
    "\n".join([*overview(manifest), *manifest.skipped["pth"]]).encode()
    return sum(manifest.source.each(manifest.table["pth"].tolist(), lambda picture: picture is not None)) > 0
