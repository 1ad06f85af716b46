"""Checkpoints that were made to do harm, or are damaged: refused in one line, and nothing in them is executed."""

from __future__ import annotations

import copyreg
import io
import pickle
import re
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torchvision.models import MobileNet_V2_Weights, mobilenet_v3_small

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces.preprocessing import Preprocessing
from affect.live.app import main
from affect.live.pipeline.classifier import load_classifier
from affect.model.checkpoint import load_checkpoint
from affect.model.network import build_model, load_initial_weights
from affect.model.safe_pt import GLOBALS, LARGEST_FILE, LEGACY, read_plain
from tests.tools.memory import linux_only, peak_mb
from tests.tools.repeats import made_up, repeats

EXTENSION = 0x7F


def tricks(target: str) -> dict[str, bytes]:
    """Pickles that make the folder `target` when Python's own pickle reads them, a way of doing so each."""
    folder = f"V{target}\n".encode()
    text = f"import os; os.mkdir({target!r})"
    code = f"V{text}\n".encode()
    inner = b"cos\nmkdir\n(" + folder + b"tR."
    return {
        "GLOBAL and REDUCE": inner,
        "STACK_GLOBAL": b"\x80\x04\x8c\x02os\x8c\x05mkdir\x93(" + folder + b"tR.",
        "STACK_GLOBAL with a dotted name": b"\x80\x04\x8c\x07os.path\x8c\x08os.mkdir\x93(" + folder + b"tR.",
        "STACK_GLOBAL from the memo": b"\x80\x04\x8c\x02os\x94\x8c\x05mkdir\x9400h\0h\1\x93(" + folder + b"tR.",
        "INST": b"(" + folder + b"ios\nmkdir\n.",
        "OBJ": b"(cos\nmkdir\n" + folder + b"o.",
        "exec": b"cbuiltins\nexec\n(" + code + b"tR.",
        "eval": b"cbuiltins\neval\n(V__import__('os').mkdir(" + repr(target).encode() + b")\ntR.",
        "the old name of builtins": b"\x80\x02c__builtin__\nexec\n(" + code + b"tR.",
        "memo": b"cos\nmkdir\np7\n0g7\n(" + folder + b"tR.",
        "DUP and POP": b"cos\nmkdir\n20(" + folder + b"tR.",
        "BUILD calls a __setstate__": b"ctypes\nSimpleNamespace\n)R}V__setstate__\ncos\nmkdir\nsb" + folder + b"b.",
        "partial": b"cfunctools\npartial\n(cos\nmkdir\n" + folder + b"tR)R.",
        "NEWOBJ": b"\x80\x02cbuiltins\nmap\ncos\nmkdir\n("
        + folder
        + b"l\x86\x81cbuiltins\nlist\np9\n0p8\n0g9\n(g8\ntR.",
        "nested pickle": b"\x80\x03c_pickle\nloads\n(B" + len(inner).to_bytes(4, "little") + inner + b"tR.",
        "EXT1": b"\x80\x02\x82" + bytes([EXTENSION]) + b"(" + folder + b"tR.",
        "FRAME": b"\x80\x04\x95" + len(inner).to_bytes(8, "little") + inner,
        "code in a value of the dict": b"}Vstate_dict\n" + inner[:-1] + b"s.",
        "code after a whole state_dict": b"}Vstate_dict\n}s0" + inner,
        "code as a key": b"}" + inner[:-1] + b"Nsc__main__\n__name__\n0.",
    }


NAMES = sorted(tricks(""))


@pytest.fixture
def extension() -> Any:
    """os.mkdir in the registry that EXT1 looks in."""
    copyreg.add_extension("os", "mkdir", EXTENSION)
    yield
    copyreg.remove_extension("os", "mkdir", EXTENSION)
    copyreg.clear_extension_cache()


def zip_with(pickled: bytes, folder: str = "archive", **more: bytes) -> bytes:
    """A file as torch.save lays it out, around this pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in {"data.pkl": pickled, "version": b"3\n", "byteorder": b"little", **more}.items():
            archive.writestr(f"{folder}/{name}", content)
    return file.getvalue()


def refusal(path: Path) -> str:
    """What is said, in one printable line."""
    with pytest.raises(AffectError) as refused:
        load_checkpoint(path)
    line = str(refused.value)
    assert line.isprintable()
    assert len(line) < len(str(path)) + 500
    return line


@pytest.mark.parametrize("name", NAMES)
def test_the_tricks_do_work_on_pythons_own_pickle(tmp_path: Path, name: str, extension: None) -> None:
    pickle.loads(tricks(str(tmp_path / "executed"))[name])
    assert (tmp_path / "executed").is_dir()


@pytest.mark.parametrize("name", NAMES)
def test_no_trick_is_executed_in_any_kind_of_file(tmp_path: Path, name: str, extension: None) -> None:
    pickled = tricks(str(tmp_path / "executed"))[name]
    kinds = {
        "zip": zip_with(pickled),
        "bare": pickled,
        "legacy": LEGACY + b"\x80\x02M\xe9\x03.\x80\x02}." + pickled + pickled,
        "appended": pickle.dumps({"state_dict": {}}, 2) + pickled,
        "zip appended": zip_with(pickle.dumps({}, 2) + pickled),
        "pickle before the zip": pickled + zip_with(pickled),
        "TorchScript": zip_with(pickled, **{"constants.pkl": pickled, "code/x.py": b"import os"}),
    }
    path = tmp_path / "model.pt"
    for content in kinds.values():
        path.write_bytes(content)
        refusal(path)
        with pytest.raises(AffectError):
            load_initial_weights(build_model(), str(path))
    for backend in ("onnx", "torch"):
        path.write_bytes(kinds["zip"])
        with pytest.raises(AffectError):
            load_classifier(path, backend, lambda _: None)
    assert [p.name for p in tmp_path.iterdir()] == ["model.pt"]


fragments = st.one_of(
    st.sampled_from([bytes([c]) for c in b"()]}ltdsaeub0128oQRN.\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x93\x94"]),
    st.sampled_from(["os mkdir", "builtins exec", "torch load", *sorted(GLOBALS)]).map(
        lambda g: b"c" + g.replace(" ", "\n").encode() + b"\n"
    ),
    st.integers(0, 3).map(lambda i: b"q" + bytes([i])),
    st.integers(0, 3).map(lambda i: b"h" + bytes([i])),
    st.integers(0, 2**31 - 1).map(lambda i: b"J" + i.to_bytes(4, "little")),
    st.sampled_from(["state_dict", "storage", "0", "cpu", "CANARY"]).map(
        lambda t: b"X" + len(t).to_bytes(4, "little") + t.encode()
    ),
    st.binary(max_size=4),
)
reused = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@repeats(100, 1000)
def test_made_up_pickles_are_refused_and_not_executed(tmp_path: Path, repeats: int) -> None:
    all_tricks, path = tricks(str(tmp_path / "executed")), tmp_path / "model.pt"

    @made_up(repeats)
    @given(parts=st.lists(fragments, max_size=25), name=st.sampled_from(NAMES), where=st.integers(0, 25))
    def refused(parts: list[bytes], name: str, where: int) -> None:
        for pieces in (parts, [*parts[:where], all_tricks[name][:-1], *parts[where:]]):
            path.write_bytes(zip_with(b"\x80\x02" + b"".join(pieces) + b".", **{"data/0": bytes(16)}))
            refusal(path)
        assert not (tmp_path / "executed").exists()

    refused()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file laid out as a checkpoint, with a network of two tensors."""
    path = tmp_path_factory.mktemp("small") / "small.pt"
    weights = OrderedDict(a=torch.arange(4.0), b=torch.ones(2, 3, dtype=torch.int64))
    torch.save(content_with(state_dict=weights), path)
    return path.read_bytes()


def content_with(**changed: Any) -> dict[str, Any]:
    """A checkpoint's dict; the weights are missing."""
    return {
        "format_version": 1,
        "architecture": "mobilenet_v2",
        "classes": list(EMOTIONS),
        "preprocessing": Preprocessing().to_dict(),
        "temperature": 1.0,
        "provenance": {},
        "state_dict": {},
    } | changed


@repeats(200, 1000)
def test_damaged_files_are_refused(tmp_path: Path, small: bytes, repeats: int) -> None:
    path = tmp_path / "model.pt"

    @made_up(repeats)
    @given(
        flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
        cut=st.one_of(st.none(), st.floats(0, 1)),
        put=st.tuples(st.floats(0, 1), st.binary(max_size=8)),
    )
    def refused(flips: list[tuple[float, int]], cut: float | None, put: tuple[float, bytes]) -> None:
        content = bytearray(small)
        for place, value in flips:
            content[int(place * len(content))] = value
        place = int(put[0] * len(content))
        content[place:place] = put[1]
        path.write_bytes(content if cut is None else content[: int(cut * len(content))])
        refusal(path)

    refused()


@settings(deadline=None, derandomize=True, max_examples=300, suppress_health_check=reused)
@given(content=st.binary(max_size=300), start=st.sampled_from([b"", b"PK\x03\x04", b"\x80\x02", LEGACY]))
def test_random_bytes_are_refused(tmp_path: Path, content: bytes, start: bytes) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(start + content)
    refusal(path)


odd = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**30), 10**30),
        st.floats(),
        st.text(max_size=20),
        st.builds(lambda: torch.zeros(1).expand(2**40)),
        st.builds(lambda: torch.ones(2)),
        st.builds(lambda: torch.zeros(2, dtype=torch.complex64)),
        st.builds(lambda: torch.eye(2).to_sparse()),
        st.builds(lambda: torch.float32),
        st.builds(bytearray),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=8), st.integers()), inner, max_size=3),
    ),
    max_leaves=8,
)


@repeats(120, 600)
def test_checkpoints_with_a_value_of_any_other_kind_are_refused(tmp_path: Path, repeats: int) -> None:
    path = tmp_path / "model.pt"

    @made_up(repeats)
    @given(
        key=st.sampled_from(sorted(content_with())),
        value=odd,
        inside=st.one_of(st.none(), st.sampled_from(sorted(Preprocessing().to_dict()))),
    )
    def refused(key: str, value: Any, inside: str | None) -> None:
        if inside is not None:
            key, value = "preprocessing", Preprocessing().to_dict() | {inside: value}
        torch.save(content_with(**{key: value}), path)
        refusal(path)

    refused()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("temperature", float("nan"), "temperature is nan"),
        ("temperature", 1e-300, "temperature is 1e-300"),
        ("temperature", 10**400, "temperature"),
        ("temperature", True, "temperature is True"),
        ("format_version", True, "format True"),
        ("architecture", "\x1b[2J\nresnet" * 1000, r"holds a \\x1b\[2J\\n"),
        ("classes", list(EMOTIONS[:7]), "eight of AffectNet"),
        ("classes", torch.zeros(8), "eight of AffectNet"),
        ("provenance", {"x": [torch.zeros(1)]}, "provenance"),
        ("provenance", [1], "provenance"),
        ("preprocessing", None, "preprocessing settings are missing"),
        ("preprocessing", {1: 2, "x" * 10_000: 3}, "do not fit"),
        ("preprocessing", Preprocessing().to_dict() | {"image_size": 10**6}, "between 32 and 1024"),
        ("preprocessing", Preprocessing().to_dict() | {"image_size": 64.5}, "image_size is no int"),
        (
            "preprocessing",
            Preprocessing().to_dict() | {"mean": torch.zeros(1).expand(2**40)},
            "64 MB|more than tensors",
        ),
        ("preprocessing", Preprocessing().to_dict() | {"mean": [float("nan")] * 3}, "mean is not three numbers"),
        ("preprocessing", Preprocessing().to_dict() | {"std": [1e-30] * 3}, "std 0.001"),
    ],
)
def test_an_absurd_setting_is_named(tmp_path: Path, key: str, value: Any, words: str) -> None:
    path = tmp_path / "model.pt"
    torch.save(content_with(**{key: value}), path)
    with pytest.raises(AffectError, match=words) as refused:
        load_checkpoint(path)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 700


def laughs() -> bytes:
    """Tuples of ten tuples of ten tuples …: 10²⁵ values in 700 bytes."""
    levels = (b"K" + bytes([i]) + b"(" + 10 * (b"h" + bytes([i])) + b"tq" + bytes([i + 1]) + b"s" for i in range(25))
    return b"\x80\x02}K\xff]q\0s" + b"".join(levels) + b"X\x07\0\0\0classesh\x19s."


def numel_beyond_the_file() -> bytes:
    """A tensor of a million numbers over a record that has four."""
    file = io.BytesIO()
    torch.save({"a": torch.arange(4.0)}, file)
    with zipfile.ZipFile(file) as archive:
        pickled = next(archive.read(n) for n in archive.namelist() if n.endswith("data.pkl"))
    changed = pickled.replace(b"K\x04tq\x07QK\0K\x04\x85", b"J\0\0\x10\0tq\x07QK\0J\0\0\x10\0\x85")
    assert changed != pickled
    return zip_with(changed, **{"data/0": bytes(16)})


def packed(size: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"state_dict": {}}, 2))
        archive.writestr("archive/data/0", bytes(size))
    return file.getvalue()


def overlapping() -> bytes:
    """A zip whose table names the same megabyte a hundred times."""
    content = bytearray(zip_with(b"}.", **{f"data/{i:03}": bytes(1_000_000 if i == 0 else 0) for i in range(100)}))
    first = None
    place = content.index(b"PK\x01\x02")
    while content[place : place + 4] == b"PK\x01\x02":
        name = int.from_bytes(content[place + 28 : place + 30], "little")
        if content[place + 46 : place + 46 + name].endswith(b"data/000"):
            first = content[place + 16 : place + 28], content[place + 42 : place + 46]
        elif first is not None:
            content[place + 16 : place + 28], content[place + 42 : place + 46] = first
        place += 46 + name
    return bytes(content)


BOMBS: dict[str, tuple[bytes, str]] = {
    "packed": (packed(300_000_000), "could unfold to any size"),
    "overlapping": (overlapping(), "damaged|more than the file's size"),
    "lists of lists": (zip_with(laughs()), "more values than any checkpoint"),
    "more numbers than bytes": (numel_beyond_the_file(), "damaged"),
    "a long pickle": (zip_with(b"\x80\x02" + b"]0" * 600_000 + b"}."), "beside its weights"),
    "a bytearray of 100 GB": (zip_with(b"\x80\x02cbuiltins\nbytearray\n\x8a\x05\0\0\0\0\x19\x85R."), "bytearray"),
    "a conversion of 2**33 numbers": (
        zip_with(b"\x80\x02ctorch._utils\n_rebuild_device_tensor_from_cpu_tensor\n."),
        "_rebuild_device_tensor",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
@linux_only
def test_a_bomb_is_refused_before_it_takes_memory(tmp_path: Path, name: str) -> None:
    content, words = BOMBS[name]
    path = tmp_path / "model.pt"
    path.write_bytes(zip_with(b"}."))
    refusal(path)  # what the first one takes is taken
    path.write_bytes(content)
    told: list[str] = []
    assert peak_mb(lambda: told.append(refusal(path))) < 100
    assert re.search(words, told[0])


def long1(number: int) -> bytes:
    return b"\x8a" + bytes([(number.bit_length() + 8) // 8]) + number.to_bytes((number.bit_length() + 8) // 8, "little")


# Keys that all have one hash: each is compared with all before it.
SAME_HASH = {
    "whole numbers": lambda i: long1((2**61 - 1) * i),
    "negative whole numbers": lambda i: b"\x8a\x0c" + (-(2**61 - 1) * (i + 1)).to_bytes(12, "little", signed=True),
    "tuples": lambda i: long1((2**61 - 1) * (i % 4)) + b"J" + (i << 8).to_bytes(4, "little", signed=True) + b"\x86",
    "fractions": lambda i: b"G" + struct.pack(">d", 2.0 ** (61 * (i % 16))),
    "tuples in a memo": lambda i: b"K\x01\x85" + b"r" + i.to_bytes(4, "little") + b"0j" + i.to_bytes(4, "little"),
}


@pytest.mark.parametrize("how", ["one by one", "together", "OrderedDict"])
@pytest.mark.parametrize("kind", SAME_HASH)
def test_keys_that_are_no_names_and_no_small_numbers_are_refused_before_a_dict_is_made(
    tmp_path: Path, kind: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [SAME_HASH[kind](i) for i in range(5000)]
    pickled = {
        "one by one": b"}" + b"".join(key + b"Ns" for key in keys),
        "together": b"}(" + b"".join(key + b"N" for key in keys) + b"u",
        "OrderedDict": b"ccollections\nOrderedDict\n](" + b"".join(key + b"N\x86" for key in keys) + b"e\x85R",
    }[how]
    path = tmp_path / "model.pt"
    path.write_bytes(zip_with(b"\x80\x02" + pickled + b"."))
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("it is loaded"))
    assert "holds more than tensors" in refusal(path)


def test_keys_that_are_names_or_small_numbers_are_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    content = {"a": {1: 2, -7: 3, 2**40: 4, "ñ": [(1.5, None, 10**400)]}, "b": OrderedDict(c=torch.ones(2))}
    torch.save(content, path)
    read = read_plain(path)
    assert read["a"] == content["a"]
    assert torch.equal(read["b"]["c"], torch.ones(2))


def test_a_zip_of_too_many_entries_is_refused_before_they_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(zip_with(b"}.", **{f"data/{i}": b"" for i in range(6000)}))
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("it is opened"))
    assert "more files than any checkpoint" in refusal(path)


LARGE = 100_000


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format_version", "x" * LARGE),
        ("architecture", "\x1b[31m" * LARGE),
        ("classes", ["x" * 1000] * 100),
        ("temperature", list(range(9000))),
        ("temperature", 2**62),
        ("prior", ["y" * LARGE]),
        ("prior_strength", {str(i): i for i in range(9000)}),
        ("preprocessing", {"x" * 400 + str(i): 1 for i in range(200)}),
        ("preprocessing", Preprocessing().to_dict() | {"color": "x" * LARGE}),
        ("preprocessing", Preprocessing().to_dict() | {"image_size": 2**62}),
        ("preprocessing", Preprocessing().to_dict() | {"detail": -(2**62)}),
        ("preprocessing", Preprocessing().to_dict() | {"crop_margin": 2**62}),
        ("preprocessing", Preprocessing().to_dict() | {"crop_shift": 1e308}),
        ("provenance", "x" * LARGE),
        ("state_dict", {"x" * 1000 + str(i): 1 for i in range(100)}),
        ("state_dict", ["x" * LARGE]),
    ],
)
def test_a_refusal_is_a_line_of_300_characters_whatever_the_value(tmp_path: Path, key: str, value: Any) -> None:
    path = tmp_path / "model.pt"
    torch.save(content_with(**{key: value}), path)
    assert len(refusal(path)) <= 300 + len(str(path)) - len("model.pt")


def test_a_file_of_any_size_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE * 10_000)
    assert "larger than 64 MB" in refusal(path)
    with pytest.raises(AffectError, match="larger than 64 MB"):
        load_classifier(path)  # at once: its hash would take minutes


def test_settings_of_a_dict_do_not_stand_in_for_its_methods(tmp_path: Path) -> None:
    names = b"".join(b"X" + bytes([len(n), 0, 0, 0]) + n + b"K\x05s" for n in (b"get", b"keys", b"items", b"values"))
    path = tmp_path / "model.pt"
    path.write_bytes(zip_with(b"\x80\x02ccollections\nOrderedDict\n)R}" + names + b"bX\x01\0\0\0aK\x01s."))
    assert read_plain(path) == {"a": 1}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w.pop("features.3.conv.0.0.weight"), "mobilenet_v2 with eight classes"),
        (lambda w: w.update(more=torch.zeros(1)), "mobilenet_v2 with eight classes"),
        (lambda w: w["classifier.1.bias"].fill_(float("inf")), "not finite"),
        (lambda w: w["features.0.1.running_var"].fill_(-1), "variances below zero"),
        (lambda w: (w["features.18.1.bias"].fill_(1), w["classifier.1.weight"].fill_(3e38)), "no finite numbers"),
        (lambda w: w.update({"classifier.1.bias": torch.zeros(7)}), "shape"),
        (lambda w: w.update({"classifier.1.bias": torch.zeros(8, dtype=torch.complex64)}), "more than tensors"),
        (lambda w: w.update({"classifier.1.bias": "eight"}), "shape"),
    ],
)
def test_weights_that_give_no_answer_are_refused(tmp_path: Path, change: Any, words: str) -> None:
    weights = build_model().state_dict()
    change(weights)
    path = tmp_path / "model.pt"
    torch.save(content_with(state_dict=weights), path)
    assert words in refusal(path)


def test_half_and_double_precision_load(tmp_path: Path, random_model: torch.nn.Module) -> None:
    path = tmp_path / "model.pt"
    for dtype in (torch.float16, torch.float64):
        weights = {k: v.to(dtype) if v.is_floating_point() else v for k, v in random_model.state_dict().items()}
        torch.save(content_with(state_dict=weights), path)
        assert {v.dtype for v in load_checkpoint(path).state_dict.values()} == {torch.float32, torch.int64}


def test_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(mobilenet_v3_small(num_classes=8).state_dict(), path)
    assert "mobilenet_v2 with eight classes" in refusal(path)


@settings(deadline=None, derandomize=True, max_examples=25, suppress_health_check=reused)
@given(place=st.floats(0, 1, exclude_max=True), length=st.integers(1, 10_000), cut=st.booleans())
def test_a_whole_checkpoint_with_a_damage_anywhere_is_refused_or_unchanged(
    checkpoint_file: Path, place: float, length: int, cut: bool
) -> None:
    whole = checkpoint_file.read_bytes()
    start = int(place * len(whole))
    rest = b"" if cut else bytes(b ^ 0x55 for b in whole[start : start + length]) + whole[start + length :]
    path = checkpoint_file.with_name("damaged.pt")
    path.write_bytes(whole[:start] + rest)
    try:
        loaded = load_checkpoint(path)
    except AffectError as error:
        if not str(error).isprintable():
            pytest.fail(repr(error))
    else:  # the damage lies in the space between the tensors
        weights = load_checkpoint(checkpoint_file).state_dict
        assert all(torch.equal(v, weights[k]) for k, v in loaded.state_dict.items())


def test_the_program_refuses_one_in_a_line_and_leaves_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(zip_with(tricks(str(tmp_path / "executed"))["exec"]))
    assert main(["--source", "demo", "--headless", "--model", str(path)]) == 2
    assert "could run code" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "executed").exists()


def test_imagenet_weights_on_the_disk_are_checked_and_never_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    name = MobileNet_V2_Weights.IMAGENET1K_V1.url.rsplit("/", 1)[-1]
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / name).write_bytes(tricks(str(tmp_path / "executed"))["GLOBAL and REDUCE"])
    with pytest.raises(AffectError, match="SHA-256 differs"):
        load_initial_weights(build_model(), "imagenet")
    monkeypatch.setattr("affect.model.network.sha256_of", lambda _: "b0353104")  # and if the hash did fit
    with pytest.raises(AffectError):
        load_initial_weights(build_model(), "imagenet")
    assert not (tmp_path / "executed").exists()
