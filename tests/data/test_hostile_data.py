"""Data sets that are damaged, or were made to do harm: skipped and reported, or refused in one line."""

from __future__ import annotations

import io
import os
import stat
import struct
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from affect.data import source as source_module
from affect.data.annotations import MOST_ROWS, match_paths
from affect.data.cache import prepare_pictures
from affect.data.framing import FaceFinder
from affect.data.manifest import Manifest, read_manifest
from affect.data.source import ENCRYPTED, LARGEST_FILE, ODD_NAME, OUTSIDE, TOO_LARGE
from affect.errors import AffectError
from affect.faces.pictures import decode_picture, read_picture
from affect.faces.preprocessing import Image, Preprocessing
from tests.tools.memory import linux_only, peak_mb
from tests.tools.repeats import made_up, repeats

RED = np.full((8, 8, 3), (0, 0, 255), np.uint8)
PICTURE = cv2.imencode(".png", RED)[1].tobytes()
Entries = list[tuple[zipfile.ZipInfo | str, bytes]]


def zip_of(path: Path, entries: Entries, how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def reasons(manifest: Manifest) -> dict[str, str]:
    return dict(zip(manifest.skipped["pth"], manifest.skipped["reason"], strict=True))


@contextmanager
def refused_in_a_line() -> Iterator[None]:
    """What is inside goes well, or is refused in one line that a terminal can show."""
    try:
        yield
    except AffectError as error:
        if not str(error).isprintable():
            pytest.fail(repr(error))


# --- zips


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../happy/a.png", OUTSIDE),
        ("happy/../../../sad/a.png", OUTSIDE),
        ("/happy/a.png", OUTSIDE),
        ("C:/happy/a.png", OUTSIDE),
        ("..\\happy\\a.png", OUTSIDE),
        ("happy/\x1b[2Ja.png", ODD_NAME),
        ("happy/a\nb.png", ODD_NAME),
        ("happy/" + "x" * 2000 + ".png", ODD_NAME),
        ("happy/" * 40 + "a.png", ODD_NAME),
    ],
)
def test_a_name_that_leads_elsewhere_or_cannot_be_shown_is_left_out_and_told(
    tmp_path: Path, name: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFECT_CACHE", str(tmp_path / "inside" / "cache"))
    info = zipfile.ZipInfo("x")
    info.filename = name
    (tmp_path / "inside").mkdir()
    data = zip_of(tmp_path / "inside" / "set.zip", [(info, PICTURE), ("happy/good.png", PICTURE)])
    manifest = read_manifest(data)
    prepare_pictures(manifest, manifest.rows("all"), Preprocessing(32))
    assert manifest.table["pth"].tolist() == ["happy/good.png"]
    assert list(reasons(manifest).values()) == [reason]
    assert "".join(reasons(manifest)).isprintable()
    assert [p.name for p in tmp_path.iterdir()] == ["inside"]  # nothing was written beside the set and the cache
    assert {p.name for p in (tmp_path / "inside").iterdir()} == {"set.zip", "cache"}
    assert manifest.source.picture(name.replace("\\", "/")) is None


def test_links_encrypted_and_oddly_packed_entries_are_left_out_and_told(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("happy/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    locked, packed = zipfile.ZipInfo("happy/locked.png"), zipfile.ZipInfo("happy/packed.png")
    packed.compress_type = zipfile.ZIP_LZMA
    entries: Entries = [(link, b"/etc/passwd"), (locked, PICTURE), (packed, PICTURE), ("happy/good.png", PICTURE)]
    data = zip_of(tmp_path / "set.zip", entries)
    content = bytearray(data.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the second entry's encryption bit
        start = content.index(mark, content.index(mark, 0) + 1)
        content[start + flags] |= 1
    data.write_bytes(content)
    manifest = read_manifest(data)
    assert manifest.table["pth"].tolist() == ["happy/good.png"]
    assert reasons(manifest) == {
        "happy/link.png": source_module.A_LINK,
        "happy/locked.png": ENCRYPTED,
        "happy/packed.png": source_module.ODDLY_PACKED,
    }


def test_an_encrypted_list_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    data = zip_of(tmp_path / "set.zip", [("labels.csv", b"pth,label\n"), ("happy/a.png", PICTURE)])
    content = bytearray(data.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    data.write_bytes(content)
    with pytest.raises(AffectError, match="labels.csv.*encrypted"):
        read_manifest(data)


def test_a_set_of_which_nothing_is_fit_says_why(tmp_path: Path) -> None:
    with pytest.raises(AffectError, match="2 files are left out, the first: its path leads out"):
        read_manifest(zip_of(tmp_path / "set.zip", [("../happy/a.png", PICTURE), ("/sad/b.png", PICTURE)]))


@linux_only
def test_bombs_cost_neither_memory_nor_the_set(tmp_path: Path) -> None:
    """Declared: 200 MB of zeros in 200 kB. Undeclared: the same, whose size the zip gives as 4 kB."""
    zeros = bytes(200_000_000)
    entries: Entries = [("happy/declared.png", zeros), ("happy/hidden.png", zeros), ("happy/good.png", PICTURE)]
    data = zip_of(tmp_path / "set.zip", entries, zipfile.ZIP_DEFLATED)
    content = data.read_bytes()
    place = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    with data.open("r+b") as file:
        file.seek(place + 24)
        file.write(struct.pack("<I", 4096))
    manifest = read_manifest(data)
    assert reasons(manifest) == {"happy/declared.png": TOO_LARGE}
    assert manifest.source.picture("happy/hidden.png") is None
    assert manifest.source.picture("happy/good.png") is not None

    def read_all() -> None:
        source = read_manifest(data).source
        for name in ("declared", "hidden", "good"):
            source.picture(f"happy/{name}.png")

    assert peak_mb(read_all) < 100


def test_a_list_that_unfolds_without_end_is_refused(tmp_path: Path) -> None:
    bomb = b"pth,label\n" + b"a,happy\n" * 4_000_000
    data = zip_of(tmp_path / "set.zip", [("labels.csv", bomb), ("happy/a.png", PICTURE)], zipfile.ZIP_DEFLATED)
    with pytest.raises(AffectError, match="labels.csv.*too large"):
        read_manifest(data)


def test_pictures_that_are_mostly_filling_are_left_out_and_told(tmp_path: Path) -> None:
    """A zip of a few kilobytes of them took minutes to decode: each has megapixels of one grey."""
    filled = encoded("JPEG", "L", (64, 64))
    filled = filled[:-2] + bytes(100_000) + filled[-2:]
    entries: Entries = [(f"happy/{i}.jpg", filled) for i in range(50)]
    entries += [
        ("happy/small.jpg", encoded("JPEG", "L", (64, 64))),
        ("happy/flat.bmp", encoded("BMP", size=(400, 400))),
    ]
    data = zip_of(tmp_path / "set.zip", entries, zipfile.ZIP_DEFLATED)
    manifest = read_manifest(data)
    assert manifest.table["pth"].tolist() == ["happy/flat.bmp", "happy/small.jpg"]
    assert set(reasons(manifest).values()) == {TOO_LARGE}
    assert manifest.source.picture("happy/0.jpg") is None
    stored = zip_of(tmp_path / "stored.zip", entries[:2])
    assert len(read_manifest(stored).table) == 2


def test_a_zip_whose_entries_are_one_and_the_same_is_refused(tmp_path: Path) -> None:
    noise = cv2.imencode(".png", np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8))[1].tobytes()
    data = zip_of(tmp_path / "set.zip", [("happy/0.png", noise)])
    with zipfile.ZipFile(data, "a") as archive:
        for i in range(1, 3):
            copy = zipfile.ZipInfo(f"happy/{i}.png")
            first = archive.getinfo("happy/0.png")
            copy.CRC, copy.compress_size, copy.file_size = first.CRC, first.compress_size, first.file_size
            copy.header_offset = first.header_offset
            archive.filelist.append(copy)
            archive._didModify = True  # type: ignore[attr-defined]
    with pytest.raises(AffectError, match="its entries overlap"):
        read_manifest(data)


@linux_only
@repeats(20_000, 100_000)
def test_an_entry_takes_three_kilobytes(tmp_path: Path, repeats: int) -> None:
    entries: Entries = [(f"set/{'sad' if i % 3 else 'happy'}/{i}.jpg", b"") for i in range(repeats)]
    data = zip_of(tmp_path / "big.zip", entries)
    read: list[Manifest] = []
    assert peak_mb(lambda: read.append(read_manifest(data))) < 0.003 * repeats
    assert len(read[0].table) == repeats


def test_an_entry_without_a_name_is_passed_over(tmp_path: Path) -> None:
    data = zip_of(tmp_path / "set.zip", [("happy/good.png", PICTURE), ("Xhappy/b.png", PICTURE)])
    data.write_bytes(data.read_bytes().replace(b"Xhappy", b"\0happy"))
    assert read_manifest(data).table["pth"].tolist() == ["happy/good.png"]


def _whole_zip(tmp_path: Path) -> bytes:
    entries: Entries = [("happy/a.png", PICTURE), ("sad/b.png", PICTURE), ("labels.csv", b"pth,label\nsad/b.png,sad\n")]
    return zip_of(tmp_path / "whole.zip", entries, zipfile.ZIP_DEFLATED).read_bytes()


@repeats(100, 500)
def test_a_cut_or_changed_zip_is_read_in_part_or_refused_in_a_line(tmp_path: Path, repeats: int) -> None:
    whole, data = _whole_zip(tmp_path), tmp_path / "set.zip"

    @made_up(repeats)
    @given(
        cut=st.integers(0, 600),
        flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    )
    def holds(cut: int, flips: list[tuple[float, int]]) -> None:
        content = bytearray(whole)
        for place, value in flips:
            content[int(place * len(content))] = value
        data.write_bytes(content[: len(content) - cut] if cut < 300 else content)
        with refused_in_a_line():
            manifest = read_manifest(data)
            for name in manifest.table["pth"]:
                manifest.source.picture(name)

    holds()


# --- folders


@pytest.mark.skipif(os.name == "nt", reason="links and pipes are of other kinds on Windows")
def test_pipes_devices_and_links_to_nowhere_are_skipped_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "set" / "happy"
    folder.mkdir(parents=True)
    (folder / "good.png").write_bytes(PICTURE)
    os.mkfifo(folder / "pipe.png")
    (folder / "endless.png").symlink_to("/dev/zero")
    (folder / "gone.png").symlink_to("nowhere")
    manifest = read_manifest(tmp_path / "set")
    _, rows = prepare_pictures(manifest, manifest.rows("all"), Preprocessing(32))
    assert rows["pth"].tolist() == ["happy/good.png"]
    assert "Of 4 pictures, 3 cannot be decoded" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are Unicode there")
def test_a_file_name_that_is_no_text_is_left_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    (tmp_path / "happy" / "good.png").write_bytes(PICTURE)
    Path(os.fsdecode(os.fsencode(tmp_path / "happy") + b"/ni\xf1o.png")).write_bytes(PICTURE)
    manifest = read_manifest(tmp_path)
    assert manifest.table["pth"].tolist() == ["happy/good.png"]
    assert list(reasons(manifest).values()) == [ODD_NAME]
    manifest.skipped.to_csv(tmp_path / "skipped.csv", index=False)


@pytest.mark.parametrize(("held", "most"), [("file", 2), ("decoded", 3)])
def test_all_workers_together_hold_no_more_than_one_share(
    tmp_path: Path, held: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many cores there are, two files where there is room for two and a half, and three pictures."""
    noise = cv2.imencode(".png", np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8))[1].tobytes()
    entries: Entries = [*[(f"happy/{i}.png", noise) for i in range(24)], ("happy/cut.png", noise[:100])]
    source = read_manifest(zip_of(tmp_path / "set.zip", entries)).source
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    cost = 7 * 20 * 20
    monkeypatch.setattr(
        source_module, "_FILES", source_module._Share(int(2.5 * len(noise)) if held == "file" else 10**9)
    )
    monkeypatch.setattr(source_module, "_DECODED", source_module._Share(10**9 if held == "file" else int(3.3 * cost)))
    at_once, peak, lock = 0, 0, threading.Lock()

    def work(picture: Image | None) -> bool:
        nonlocal at_once, peak
        with lock:
            at_once += 1
            peak = max(peak, at_once)
        time.sleep(0.005)
        with lock:
            at_once -= 1
        return picture is not None

    names = [f"happy/{i}.png" for i in range(24)]
    if held == "decoded":
        assert list(source.each(names, work)) == [True] * 24
        assert list(source.each(["happy/cut.png"], work)) == [False]
    else:  # files are held while they are decoded
        decode = source_module.decode
        monkeypatch.setattr(source_module, "decode", lambda extent: decode(extent) if work(None) is False else None)
        assert sum(picture is not None for picture in source.each(names, lambda p: p)) == 24
    assert peak == most


def test_a_picture_larger_than_the_share_waits_for_all_of_it_and_then_goes_alone() -> None:
    share = source_module._Share(100)
    with share.held(300):
        assert share._free == 0
    assert share._free == 100


def linked_all_ways(tmp_path: Path, folders: int) -> Path:
    """Folders with a picture and a link to each of the others: more paths than can be walked."""
    root = tmp_path / "set"
    for i in range(folders):
        (root / "happy" / f"f{i:02}").mkdir(parents=True)
        (root / "happy" / f"f{i:02}" / "a.png").write_bytes(PICTURE)
    for i in range(folders):
        for j in range(folders):
            if i != j:
                (root / "happy" / f"f{i:02}" / f"to{j:02}").symlink_to(root / "happy" / f"f{j:02}")
    return root


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_folders_that_link_to_one_another_end_and_what_is_passed_over_is_told(tmp_path: Path) -> None:
    root = linked_all_ways(tmp_path, 15)
    start = time.process_time()
    manifest = read_manifest(root)
    assert time.process_time() - start < 2
    assert {f"happy/f{i:02}/a.png" for i in range(15)} <= set(manifest.table["pth"])
    assert len(manifest.table) <= 30  # each once as itself, and once through a link
    assert set(reasons(manifest).values()) == {source_module.LINKED_AGAIN}
    assert read_manifest(root).digest() == manifest.digest()


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_folder_inside_that_a_link_leads_to_is_read_at_both_places(tmp_path: Path) -> None:
    (tmp_path / "set" / "pool").mkdir(parents=True)
    (tmp_path / "set" / "pool" / "a.png").write_bytes(PICTURE)
    (tmp_path / "set" / "happy").symlink_to(tmp_path / "set" / "pool")
    (tmp_path / "set" / "sad").symlink_to(tmp_path / "set" / "pool")
    manifest = read_manifest(tmp_path / "set")
    assert manifest.table["pth"].tolist() == ["happy/a.png"]
    assert reasons(manifest) == {
        "pool/a.png": "not in a class folder",
        "sad": source_module.LINKED_AGAIN,
    }


# --- lists


def with_list(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "set" / "images").mkdir(parents=True, exist_ok=True)
    for name in ("a.png", "b.png"):
        (tmp_path / "set" / "images" / name).write_bytes(PICTURE)
    (tmp_path / "set" / "labels.csv").write_bytes(content)
    return tmp_path / "set"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "needs the columns pth and label"),
        (b"path;emotion\nimages/a.png;happy\n", "needs the columns pth and label, it has path, emotion"),
        (b"\x1b[2J,\x07\n", r"it has \\x1b\[2j, \\x07"),
        ("pth,label\nimages/a.png,happy\n".encode("utf-16"), "UTF-16 text. Save it again as CSV UTF-8"),
        (b"pth,label\n\x81\x8d\x8f,happy\n", "neither UTF-8 nor cp1252"),
        (b"x," * 60_000 + b"\n", "first line.*does not end"),
        (b'pth,label\n"images/a.png,happy\n', "cannot be read as a CSV table"),
        (b"pth,label\n", "No picture in"),
        (b"pth,label\nimages/a.png,bored\n", "names none of the eight classes"),
        (bytes(range(256)) * 40, "labels.csv"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_in_a_printable_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(AffectError, match=message) as refusal:
        read_manifest(with_list(tmp_path, content))
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 600


@pytest.mark.parametrize(
    "content",
    [
        b"pth,label\nimages/a.png,happy\n",
        b"\xef\xbb\xbfpth,label\r\nimages/a.png,happy\r\n",
        b'"pth","label"\n"images/a.png","happy"\n',
        b"label;pth\nhappy;images/a.png\n",
        b"pth,label,note\nimages/a.png,happy,ni\xf1o\n",
        b"pth,label\n../../images/a.png,happy\n",
        b"pth,label\n/etc/passwd,sad\nimages/a.png,happy\n../../../b.jpg,fear\n",
        b"pth,label,votes_happy\nimages/a.png,happy,inf\n",
        b"pth,label,votes_happy\nimages/a.png,happy,-1e300\n",
        b"pth,label\n" + b"x/" * 300_000 + b"a.png,sad\nimages/a.png,happy\n",
    ],
    ids=["plain", "bom crlf", "quotes", "semicolons", "latin-1", "upwards", "out", "inf", "minus", "long"],
)
def test_a_list_from_anywhere_labels_the_picture_and_nothing_outside_the_root(tmp_path: Path, content: bytes) -> None:
    manifest = read_manifest(with_list(tmp_path, content))
    assert manifest.table[["pth", "label"]].to_numpy().tolist() == [["images/a.png", "happy"]]
    if manifest.has_votes:
        assert manifest.table["votes_happy"].tolist() == [0]


@pytest.mark.parametrize("kind", ["one name", "numbers", "deep", "long", "classes"])
def test_a_list_whose_names_almost_match_is_read_in_time(kind: str) -> None:
    """4,000 rows took 16 s, four times as many sixteen times as long."""
    n = 6_000
    deep = "/".join(["1", "x"] * 15)
    makers: dict[str, tuple[Callable[[int], str], Callable[[int], str]]] = {
        "one name": (lambda i: f"happy/{i}/a.png", lambda i: f"sad/{i}/a.png"),
        "numbers": (lambda i: f"{i}/{i % 7}/{i % 11}/a.png", lambda i: f"{i + n}/{i % 5}/a.png"),
        "deep": (lambda i: f"{i}/{deep}/a.png", lambda i: f"{i + n}/{deep}/a.png"),
        "long": (lambda i: f"{i}/a.png", lambda i: "x/" * 490 + f"{i + n}/a.png"),
        "classes": (lambda i: f"happy/{i}/sad/a.png", lambda i: f"fear/{i}/a.png"),
    }
    picture, listed = makers[kind]
    n = 2_000 if kind in ("deep", "long") else n
    pictures, wanted = [picture(i) for i in range(n)], [listed(i) for i in range(n)]
    start = time.process_time()
    match_paths(wanted, pictures)
    assert time.process_time() - start < 2


@linux_only
@repeats(100_000, 1_000_000)
def test_a_row_of_a_list_takes_a_kilobyte_and_a_half(tmp_path: Path, repeats: int) -> None:
    rows = "".join(f"images/{i}.png,happy,{i % 10}\n" for i in range(repeats))
    data = with_list(tmp_path, f"pth,label,votes_sad\n{rows}images/a.png,happy,1\n".encode())
    del rows
    read: list[Manifest] = []
    assert peak_mb(lambda: read.append(read_manifest(data))) < 0.0015 * repeats
    assert (len(read[0].table), len(read[0].skipped)) == (1, repeats + 1)


def test_a_list_with_too_many_rows_is_refused(tmp_path: Path) -> None:
    data = with_list(tmp_path, b"pth,label\n" + b"a,b\n" * (MOST_ROWS + 1))
    with pytest.raises(AffectError, match="more than 2,000,000 rows"):
        read_manifest(data)


@repeats(60, 300)
def test_any_bytes_as_a_list_are_read_or_refused_in_a_line(tmp_path: Path, repeats: int) -> None:
    @made_up(repeats)
    @given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)), headed=st.booleans())
    def holds(content: bytes, headed: bool) -> None:
        with refused_in_a_line():
            read_manifest(with_list(tmp_path, b"pth,label\n" * headed + content))

    holds()


@repeats(60, 300)
def test_any_bytes_as_an_annotation_are_read_or_skipped(tmp_path: Path, repeats: int) -> None:
    saved = io.BytesIO()
    np.save(saved, np.array(3))
    content = saved.getvalue()
    pictures, annotations = (tmp_path / "train_set" / name for name in ("images", "annotations"))
    for folder in (pictures, annotations):
        folder.mkdir(parents=True)
    for name in ("0", "1"):
        (pictures / f"{name}.jpg").write_bytes(PICTURE)
        (annotations / f"{name}_exp.npy").write_bytes(content)

    @made_up(repeats)
    @given(
        place=st.integers(0, 140),
        value=st.binary(min_size=1, max_size=30),
        cut=st.one_of(st.none(), st.integers(0, 140)),
    )
    def holds(place: int, value: bytes, cut: int | None) -> None:
        changed = content[:place] + value + content[place + len(value) :][:cut]
        (annotations / "1_exp.npy").write_bytes(changed)
        manifest = read_manifest(tmp_path)
        assert len(manifest.table) + len(manifest.skipped) == 2

    holds()


# --- pictures


def png_of(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (*chunks, b"IEND")
    )


def png(width: int, height: int, *more: bytes) -> bytes:
    """A PNG of a few bytes that declares this size; `more` chunks come after its header."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png_of(header, *more, b"IDAT" + zlib.compress(b"\0" * 100))


def blank_png(side: int) -> bytes:
    """A whole black PNG of some kilobytes: eight pixels a byte, before they are packed."""
    rows = zlib.compress(bytes((1 + (side + 7) // 8) * side), 1)
    return png_of(b"IHDR" + struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0), b"IDAT" + rows)


def encoded(format_: str, mode: str = "RGB", size: tuple[int, int] = (40, 24), **more: object) -> bytes:
    """A red picture as Pillow writes it."""
    file = io.BytesIO()
    PillowImage.new("RGB", size, (255, 0, 0)).convert(mode).save(file, format_, **more)
    return file.getvalue()


def exif_turned() -> bytes:
    exif = PillowImage.Exif()
    exif[0x0112] = 6  # turned by a quarter
    return encoded("JPEG", exif=exif)


def animated(format_: str) -> bytes:
    others = [PillowImage.new("RGB", (40, 24), color) for color in ((0, 255, 0), (0, 0, 255))]
    return encoded(format_, save_all=True, append_images=others, duration=100)


SIXTEEN = cv2.imencode(".png", np.full((24, 40, 3), (0, 0, 65535), np.uint16))[1].tobytes()


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        (encoded("JPEG"), (24, 40, 3)),
        (encoded("JPEG", "CMYK"), (24, 40, 3)),
        (encoded("PNG", "RGBA"), (24, 40, 3)),
        (encoded("PNG", "P"), (24, 40, 3)),
        (encoded("WEBP", "RGBA", lossless=True), (24, 40, 3)),
        (encoded("TIFF"), (24, 40, 3)),
        (encoded("BMP"), (24, 40, 3)),
        (SIXTEEN, (24, 40, 3)),
        (exif_turned(), (40, 24, 3)),
        (animated("PNG"), (24, 40, 3)),
        (animated("WEBP"), (24, 40, 3)),
        (animated("TIFF"), (24, 40, 3)),
        (encoded("PNG", size=(1, 1)), (1, 1, 3)),
    ],
    ids=["jpeg", "cmyk", "alpha", "palette", "webp", "tiff", "bmp", "16-bit", "exif", "apng", "moving", "pages", "1x1"],
)
def test_every_usual_kind_of_picture_becomes_upright_bgr(data: bytes, shape: tuple[int, ...]) -> None:
    picture = decode_picture(data)
    assert picture is not None
    assert picture.shape == shape
    assert picture.dtype == np.uint8
    blue, green, red = picture.reshape(-1, 3).mean(0)
    assert red > 200
    assert max(blue, green) < 60


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"no picture",
        encoded("GIF"),
        encoded("PPM"),
        encoded("JPEG2000"),
        blank_png(20_000),
        png(0, 10),
        png(2**31 - 1, 2**31 - 1),
        png(1, 60_000_000),
        png(20_000, 20_000, b"IHDR" + struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)),
    ],
    ids=["empty", "zero", "text", "gif", "ppm", "jp2", "large", "flat", "huge", "slender", "two headers"],
)
def test_what_is_no_picture_or_too_large_a_one_is_none(data: bytes, tmp_path: Path) -> None:
    assert decode_picture(data) is None
    path = tmp_path / "picture.jpg"
    path.write_bytes(data)
    assert read_picture(path) is None


def test_a_blank_picture_that_is_small_enough_is_one() -> None:
    picture = decode_picture(blank_png(1000))
    assert picture is not None
    assert picture.shape == (1000, 1000, 3)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_breaks_off_is_none_wherever_it_does(format_: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    file = io.BytesIO()
    PillowImage.fromarray(noise).save(file, format_)
    data = file.getvalue()
    assert decode_picture(data) is not None
    for share in (0.02, 0.2, 0.5, 0.9, 0.99):
        assert decode_picture(data[: int(len(data) * share)]) is None


def test_a_thumbnail_does_not_make_a_cut_picture_whole() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    file = io.BytesIO()
    PillowImage.fromarray(noise).save(file, "JPEG", exif=b"Exif\0\0" + encoded("JPEG"))
    assert decode_picture(file.getvalue()) is not None
    assert decode_picture(file.getvalue()[:-500]) is None


@linux_only
def test_a_small_file_that_declares_a_large_picture_takes_no_memory(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(blank_png(20_000))
    (tmp_path / "endless.png").touch()
    os.truncate(tmp_path / "endless.png", LARGEST_FILE + 1)  # a file of zeros that lies on no disk
    pictures: list[Image | None] = []
    assert peak_mb(lambda: pictures.extend(read_picture(path) for path in tmp_path.iterdir())) < 30
    assert pictures == [None, None]


@settings(deadline=None, derandomize=True, max_examples=400)
@given(
    data=st.sampled_from([encoded(f) for f in ("JPEG", "PNG", "WEBP", "BMP", "TIFF")]),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=5),
    cut=st.floats(0, 1),
)
def test_any_change_to_a_picture_gives_a_picture_or_none(
    data: bytes, flips: list[tuple[float, int]], cut: float
) -> None:
    changed = bytearray(data)
    for place, value in flips:
        changed[int(place * len(changed))] = value
    for content in (changed, changed[: int(cut * len(changed))]):
        picture = decode_picture(bytes(content))
        assert picture is None or (picture.ndim == 3 and picture.dtype == np.uint8)


def test_all_kinds_in_one_set_are_prepared_or_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = {
        "cut.jpg": encoded("JPEG")[:200],
        "zero.png": b"",
        "large.png": png(20_000, 20_000),
        "slender.png": encoded("PNG", size=(4000, 2)),
        "one.png": encoded("PNG", size=(1, 1)),
        "wrong.jpg": PICTURE,
        "cmyk.jpg": encoded("JPEG", "CMYK"),
        "gif.png": encoded("GIF"),
    }
    data = zip_of(tmp_path / "set.zip", [(f"happy/{n}", c) for n, c in kinds.items()])
    manifest = read_manifest(data)
    _, rows = prepare_pictures(manifest, manifest.rows("all"), Preprocessing(32))
    assert set(rows["pth"]) == {f"happy/{n}" for n in ("slender.png", "one.png", "wrong.jpg", "cmyk.jpg")}
    assert "Of 8 pictures, 4 cannot be decoded" in capsys.readouterr().err


@pytest.mark.parametrize("shape", [(2, 40_000, 3), (40_000, 1, 3), (1, 1, 3)])
def test_a_strip_of_a_picture_has_no_face_and_takes_no_memory(shape: tuple[int, int, int]) -> None:
    picture = np.zeros(shape, np.uint8)
    assert FaceFinder().find(picture) is None
    assert FaceFinder().crop(picture, Preprocessing(32)) is None
