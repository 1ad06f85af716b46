"""Hostile inputs by family, made from a seed, and what the program does with each: read, refused in a line, or a fault.

    python -m benchmarks.hostile [--each N] [--family NAME …] [--seed 0]       Linux; half an hour on one core

Each input is used in a process of its own, whose time and memory are measured. A fault is another exception than
AffectError, a crash, a line of more than 300 characters beside the file's own name, one that is not printable, more
than 2 s of CPU, or more than 300 MB beyond the idle program. The exit code is 2 if there is any.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import os
import pickle
import random
import re
import resource
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np

from affect.command_line import CommandParser, positive
from affect.errors import AffectError
from benchmarks.hostile_sessions import FAMILIES as SESSIONS
from benchmarks.hostile_sessions import Session

MOST_S, MOST_MB, LONGEST_LINE = 2.0, 300.0, 300
DRAWN = 100
HANGS_S = 20  # of CPU, after which a process is ended
Random = random.Random


Makers = Callable[[int | None, int], list[Callable[[Path], Path]]]


class Family(NamedTuple):
    """A kind of input.

    makers: functions that write an input below a folder and return its path; of a number (None: DRAWN, or the whole
            list) and a seed.
    use:    gives it to the program, which returns whether it was read, or raises AffectError.
    idle:   modules that the program has loaded before.
    """

    makers: Makers
    use: Callable[[Path], bool]
    idle: tuple[str, ...] = ()


def drawn(make: Callable[[Random, Path], Path]) -> Makers:
    """Makers of a family whose inputs are drawn at random."""
    return lambda number, seed: [
        partial(make, random.Random(f"{make.__name__} {seed} {i}"))  # noqa: S311
        for i in range(number or DRAWN)
    ]


class Outcome(NamedTuple):
    """What happened: "read", "refused" or a fault; CPU seconds, MB, and how long the line was."""

    what: str
    cpu_s: float
    mb: float
    line: int


def damaged(rng: Random, data: bytes) -> bytes:
    """Bytes that are cut, changed, exchanged or repeated somewhere, or a number in them made huge."""
    content = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        place, length = rng.randrange(len(content) + 1), rng.choice([1, 2, 4, 16, 300])
        match rng.randrange(6):
            case 0:
                del content[place : place + rng.choice([length, len(content)])]
            case 1:
                content[place : place + length] = rng.randbytes(length)
            case 2:
                content[place : place + 4] = rng.choice(
                    [b"\xff\xff\xff\x7f", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\xff" * 4]
                )
            case 3:
                content[place:place] = content[place : place + length] * rng.choice([1, 2, 5000 // length + 1])
            case 4:
                content[place : place + 2] = struct.pack(rng.choice("<>") + "H", rng.choice([0, 1, 16_000, 65_535]))
            case 5:
                content[place:place] = bytes(rng.choice([1, 100, 100_000]))
        if not content:
            break
    return bytes(content)


# --- pictures


@cache
def _whole_pictures() -> dict[str, bytes]:
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
    jpeg = bytearray(_whole_pictures()["JPEG True"])
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
    path.write_bytes(_bomb(rng) if rng.random() < 0.3 else damaged(rng, rng.choice(list(_whole_pictures().values()))))
    return path


def use_picture(path: Path) -> bool:
    """Decode it."""
    from affect.faces.pictures import read_picture

    return read_picture(path) is not None


# --- videos


@cache
def _whole_videos() -> dict[str, bytes]:
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
    name = rng.choice(list(_whole_videos()))
    path, content = folder / name, damaged(rng, _whole_videos()[name])
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

    feed = FrameFeed(open_source(str(path)))
    try:
        frames = sum(1 for _, _ in zip(feed.frames(), range(60), strict=False))
    finally:
        feed.close()
    return frames > 0


# --- checkpoints


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


# --- detectors


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


# --- data sets


SIGNS: Final = [
    "a",
    "happy",
    "sad",
    "1",
    "7",
    "train",
    "=1",
    "\x1b[2J",
    "..",
    "ñ",
    "\udcff",
    "x" * 300,
    "-",
    "\u202e",
    ".",
]


def make_data_set(rng: Random, folder: Path) -> Path:
    """A folder or a .zip: names of any kind, links all ways, damaged pictures, filling, lists that almost match."""
    pictures = list(_whole_pictures().values())
    names = [
        "/".join(rng.choices(SIGNS, k=rng.randint(1, 5))) + rng.choice([".png", ".jpg", "", ".csv"]) for _ in range(40)
    ]
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


# --- names


def make_name(rng: Random, folder: Path) -> Path:
    """A picture, a video or a text in a folder, both with a name of any signs."""
    signs = rng.choices(
        ["a", "%s", "\n", "\x1b[31m", "=1", "\udce9", "\udcff", "ñ", " ", ":", "-", "*", "\u202e", "日"], k=8
    )
    place = folder / ("".join(signs) + rng.choice(["", "x"]))
    place.mkdir()
    whole = {".png": _whole_pictures()["PNG"], ".avi": _whole_videos()["a.avi"], ".txt": b"no picture"}
    ending = rng.choice(list(whole))
    path = place / ("".join(rng.sample(signs, 8)) + ending)
    path.write_bytes(whole[ending])
    return path


def use_name(path: Path) -> bool:
    """As a source, as the names of outputs, and as a data set's folder."""
    from affect.data.report import data_report
    from affect.live.frame import Frame
    from affect.live.recording.sinks import Outputs
    from affect.live.sources.files import open_source

    source = open_source(str(path))
    json.dumps([source.name, source.description], ensure_ascii=False).encode()
    with Outputs("en", source.fps, path.with_suffix(".csv"), path.with_suffix(".out.avi"), path) as outputs:
        for frame in source.frames():
            outputs.write(Frame(frame.picture, frame.timestamp_s, frame.number), [], None)
    source.close()
    if path.suffix == ".png":
        from affect.data.manifest import read_manifest

        (path.parent / "happy").mkdir()
        path.rename(path.parent / "happy" / "a.png")
        data_report(read_manifest(path.parent)).write(path.parent / "report")
    return True


# --- sessions


def use_session(path: Path) -> bool:
    """Write its report and its exports, one after the other as at a recording's end."""
    from affect.live.exports import write_exports
    from affect.live.report import write_report

    language = ("en", "es")[int(path.name) % 2]
    report = write_report([path], language, path / "report.html")
    return all(made.is_file() for made in (report, *write_exports(path, language)))


def listed(sessions: Callable[[], Iterable[Session]]) -> Makers:
    """Makers of a family that is a list: all of it, or so many from all over it."""

    def makers(number: int | None, _: int) -> list[Callable[[Path], Path]]:
        every: list[Callable[[Path], Path]] = [partial(_written, s, str(i)) for i, s in enumerate(sessions())]
        return every if number is None else every[:: max(1, len(every) // number)][:number]

    return makers


def _written(session: Session, name: str, folder: Path) -> Path:
    return session.write(folder / name)


LIVE: Final = (
    "affect.live.sources.files",
    "affect.live.sources.decoding",
    "affect.live.recording.encoding",
    "affect.reader",
)
RESEARCH: Final = ("affect.model.checkpoint", "affect.data.report", "affect.data.cache")
REPORT: Final = (
    "affect.live.report.session_page",
    "affect.live.report.session_folder",
    "affect.live.exports.annotation",
    "affect.live.exports.spreadsheet",
    "pympi.Elan",
    "xlsxwriter",
)
FAMILIES: Final = {
    "pictures": Family(drawn(make_picture), use_picture, LIVE),
    "videos": Family(drawn(make_video), use_video, LIVE),
    "checkpoints": Family(drawn(make_checkpoint), use_checkpoint, RESEARCH),
    "detectors": Family(drawn(make_detector), use_detector, LIVE),
    "data sets": Family(drawn(make_data_set), use_data_set, RESEARCH),
    "names": Family(drawn(make_name), use_name, LIVE + RESEARCH),
} | {name: Family(listed(sessions), use_session, REPORT) for name, sessions in SESSIONS.items()}


# --- running


def used(family: Family, path: Path) -> Outcome:
    """Give an input to the program in a process of its own."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_CPU, (HANGS_S, HANGS_S))
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        what, line, before, start_s = "read", 0, _peak_mb(anew=True), time.process_time()
        try:
            what = "read" if family.use(path) else "refused"
        except AffectError as error:
            line = len(str(error).replace(str(path), ""))
            what = "refused" if str(error).isprintable() else "not printable"
        except BaseException as error:
            what = f"{type(error).__name__}: {error}"[:200]
        outcome = [what, time.process_time() - start_s, _peak_mb() - before, line]
        os.write(writing, json.dumps(outcome).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        told = file.read()
    _, status = os.waitpid(child, 0)
    return Outcome(*json.loads(told)) if told else Outcome(f"ended by {status}", float(HANGS_S), 0.0, 0)


def fault_of(outcome: Outcome) -> str:
    """What is wrong with an outcome; "" if nothing is."""
    if outcome.what not in ("read", "refused"):
        return outcome.what
    if outcome.cpu_s > MOST_S or outcome.mb > MOST_MB:
        return f"{outcome.cpu_s:.1f} s, {outcome.mb:.0f} MB"
    return f"a line of {outcome.line}" if outcome.line > LONGEST_LINE else ""


def _peak_mb(anew: bool = False) -> float:
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    told = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(told[1]) / 1e3 if told else 0.0


def run(name: str, each: int | None, seed: int) -> tuple[Counter[str], list[Outcome]]:
    """Use so many inputs of a family. Returns how often what happened, and all outcomes; faults are printed."""
    family, counts, outcomes = FAMILIES[name], Counter[str](), []
    for module in family.idle:
        importlib.import_module(module)
    for number, make in enumerate(family.makers(each, seed)):
        with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
            outcome = used(family, make(Path(folder)))
        outcomes.append(outcome)
        if fault := fault_of(outcome):
            print(f"{name} {seed} {number}: {fault!a}", file=sys.stderr)
        counts["fault" if fault else outcome.what] += 1
    return counts, outcomes


def main(arguments: list[str] | None = None) -> int:
    """Run the families and print a table. Returns 2 if there was a fault, else 0."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--each", type=positive, metavar="N",
        help=f"inputs of each family (default: {DRAWN} of what is drawn at random, all of what is a list)",
    )  # fmt: skip
    parser.add_argument("--family", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)  # threads do not survive a fork
    faults = tried = 0
    print("| family | inputs | read | refused | faults | most CPU | most memory | longest line |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for name in options.family:
        counts, outcomes = run(name, options.each, options.seed)
        most_s, most_mb, line = (max(each[i] for each in outcomes) for i in (1, 2, 3))
        told = [len(outcomes), counts["read"], counts["refused"], counts["fault"]]
        print(f"| {name} | {' | '.join(map(str, told))} | {most_s:.1f} s | {most_mb:.0f} MB | {line} |", flush=True)
        faults += counts["fault"]
        tried += len(outcomes)
    print(f"\n{tried:,} inputs", flush=True)
    return 2 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
