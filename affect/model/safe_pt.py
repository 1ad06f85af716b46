"""Atomic writing and safe reading of untrusted `.pt` files. Called by `affect.model`.

A checkpoint is a zip of raw numbers and one pickle. PyTorch's `weights_only` allows more than a state_dict needs:
compressed entries that expand to gigabytes, functions that copy a tensor to any size, nested lists that reference the
same value a billion times, and keys of dicts that all have the same hash, so that each is compared with all before it.
So the file size is limited, the pickle's opcodes and keys are checked before unpickling, and only plain values and
tensors are returned.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

from affect.errors import AffectError, brief
from affect.files import atomic_path

LARGEST_FILE = 64_000_000  # bytes; the network has 9 MB of weights, torchvision's with 1000 classes has 14 MB
MOST_ENTRIES = 5_000  # in the zip; the network has 314 tensors
LARGEST_PICKLE = 1_000_000  # bytes; a checkpoint's names and values take 36 kB
MOST_VALUES = 100_000  # dicts, lists, numbers and strings, each counted once per reference
DEEPEST = 16
LONGEST_NUMBER = 18  # digits of a whole number that is a key: longer ones can all have one hash

# The opcodes that torch.save writes for a state_dict and plain values. GLOBAL carries its name in the file, so that it
# can be checked; opcodes that compute a name (STACK_GLOBAL, INST, OBJ, EXT1, …) are not allowed.
# fmt: off
OPCODES = frozenset([
    "PROTO", "STOP", "MARK", "GLOBAL", "REDUCE", "BUILD", "BINPERSID", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET",
    "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE",
    "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "APPEND", "APPENDS",
    "EMPTY_DICT", "SETITEM", "SETITEMS",
])
# fmt: on
GLOBALS = frozenset(
    [f"torch {kind}Storage" for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int")]
    + ["torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter", "collections OrderedDict"]
)
DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32)
KEYS = ("BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1")  # strings, whose hash is secret, and whole numbers
LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # first bytes of files before PyTorch 1.6


def write_whole(path: str | Path, content: dict[str, Any]) -> None:
    """Write a dict of tensors and plain values atomically.

    Raises OSError if the disk is full.
    """
    whole = io.BytesIO()  # torch.save into a file turns a full disk into an unclear RuntimeError
    torch.save(content, whole)
    with atomic_path(path) as part:
        part.write_bytes(whole.getbuffer())


def read_plain(path: Path) -> Any:
    """Read a `.pt` file: dict, list, tuple, str, int, float, bool, None and dense tensors on the CPU.

    No code in the file is executed. At most 64 MB are read, and memory use is at most three times the file's size.
    Raises AffectError for a missing, damaged, oversized or unsafe file.
    """
    if not path.is_file():
        raise AffectError(
            f"The model file {path} does not exist. Choose one with --model, "
            "or train it with python -m affect.training."
        )
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise AffectError(
                f"{path} is larger than {LARGEST_FILE // 1_000_000} MB, which no checkpoint of this network is. "
                "Choose another model with --model."
            )
        if data.count(b"PK\x01\x02") > MOST_ENTRIES:
            raise AffectError(
                f"{path} holds more files than any checkpoint; it was not loaded. Download or train it again."
            )
        if not zipfile.is_zipfile(io.BytesIO(data)):
            raise _refusal_of_no_zip(path, data)
        entries = _entries(path, data)
        _look_through(path, entries["data.pkl"])
        return _Plain(path).of(_load(entries))
    except AffectError:
        raise
    except pickle.UnpicklingError as error:
        raise _unsafe(path) from error
    except Exception as error:  # torch and zipfile raise many exception types for a damaged file
        raise _damaged(path) from error


def _unsafe(path: Path, what: str = "") -> AffectError:
    named = f" ({what})" if what else ""
    return AffectError(
        f"{path} holds more than tensors and plain values{named}, and could run code; it was not loaded. "
        "Use a checkpoint that holds a state_dict only."
    )


def _damaged(path: Path) -> AffectError:
    return AffectError(f"{path} is damaged or not a PyTorch checkpoint. Download or train it again.")


def _refusal_of_no_zip(path: Path, data: bytes) -> AffectError:
    if data.startswith(LEGACY):
        return AffectError(
            f"{path} has the file format of PyTorch before 1.6, which this program does not read. "
            "Load it with the program that made it, and save its state_dict again with torch.save."
        )
    return _unsafe(path, "it is a bare pickle") if data.startswith(b"\x80") else _damaged(path)


def _entries(path: Path, data: bytes) -> dict[str, bytes]:
    """The zip's entries by name, without the top folder; checksums are verified."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        if any(i.compress_type != zipfile.ZIP_STORED or i.flag_bits & 1 for i in infos):
            raise AffectError(
                f"{path} is packed, which a checkpoint never is, and could unfold to any size; it was not loaded. "
                "Download or train it again."
            )
        if sum(i.file_size for i in infos) > LARGEST_FILE:
            raise AffectError(
                f"{path} says that it holds more than the file's size; it was not loaded. Download or train it again."
            )
        entries = {i.filename.partition("/")[2]: archive.read(i) for i in infos}
    if len(entries) != len(infos) or "data.pkl" not in entries:
        raise _damaged(path)
    if "constants.pkl" in entries or any(name.startswith("code/") for name in entries):
        raise _unsafe(path, "it is a TorchScript program")
    return entries


def _look_through(path: Path, pickled: bytes) -> None:
    """Raise AffectError if a pickle has opcodes or globals that a state_dict of plain values does not need."""
    if len(pickled) > LARGEST_PICKLE:
        raise AffectError(
            f"{path} holds {len(pickled) / 1e6:.1f} MB beside its weights, where a checkpoint holds names and a few "
            "values; it was not loaded. Use a checkpoint that holds a state_dict only."
        )
    stack: list[str] = []  # the opcode that made each value, as the stack of the unpickler has it
    memo: dict[Any, str] = {}
    for opcode, argument, _ in pickletools.genops(pickled):
        name, value = opcode.name, str(argument)
        if name not in OPCODES:
            raise _unsafe(path, f"the pickle operation {name}")
        if name == "GLOBAL" and value not in GLOBALS:
            raise _unsafe(path, brief(value.replace(" ", ".")))
        if name.endswith("BINPUT"):
            memo[argument] = stack[-1]
        elif name.endswith("BINGET"):
            stack.append(memo[argument])
        elif name == "LONG1" and len(value) > LONGEST_NUMBER:
            stack.append("a long number")
        else:
            _follow(path, stack, opcode, value)


def _follow(path: Path, stack: list[str], opcode: pickletools.OpcodeInfo, argument: str) -> None:
    """Apply an opcode to the stack. Raises AffectError for a dict whose keys are neither strings nor whole numbers.

    An OrderedDict is made empty, since its arguments would be keys as well.
    """
    before, taken = opcode.stack_before, []
    if pickletools.markobject in before:
        mark = len(stack) - 1 - stack[::-1].index("MARK")
        taken, before = stack[mark + 1 :], before[: before.index(pickletools.markobject)]
        del stack[mark:]
    if len(stack) < len(before):
        raise _damaged(path)
    taken = stack[len(stack) - len(before) :] + taken
    del stack[len(stack) - len(before) :]
    keys = taken[1::2] if opcode.name in ("SETITEM", "SETITEMS") else []
    if any(key not in KEYS for key in keys):
        raise _unsafe(path, "a dict whose keys are neither names nor short numbers")
    if opcode.name == "REDUCE" and taken == ["collections OrderedDict", taken[1]] and taken[1] != "EMPTY_TUPLE":
        raise _unsafe(path, "an OrderedDict with arguments")
    stack += [argument if opcode.name == "GLOBAL" else opcode.name for _ in opcode.stack_after]


def _load(entries: dict[str, bytes]) -> Any:
    """Load the checked entries with torch.load, from a newly written zip, so that both read the same content."""
    rebuilt = io.BytesIO()
    with zipfile.ZipFile(rebuilt, "w") as archive:
        for name, content in entries.items():
            archive.writestr(f"checkpoint/{name}", content)
    rebuilt.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(rebuilt, map_location="cpu", weights_only=True)


class _Plain:
    """Copies loaded values into plain containers and limits their number, since values can be nested exponentially."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = MOST_VALUES

    def of(self, value: Any, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise AffectError(
                f"{self._path} holds more values than any checkpoint; it was not loaded. "
                "Use a checkpoint that holds a state_dict only."
            )
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, dict):  # not value.items, which a file can overwrite in an OrderedDict
            return {self._key(k): self.of(v, depth + 1) for k, v in dict.items(value)}
        if type(value) in (list, tuple):
            return type(value)([self.of(v, depth + 1) for v in value])
        if isinstance(value, torch.Tensor) and self._is_ordinary(value):
            return value.detach()
        raise _unsafe(self._path, brief(type(value).__name__))

    def _key(self, key: Any) -> Any:
        if type(key) not in (str, int):
            raise _damaged(self._path)
        return key

    @staticmethod
    def _is_ordinary(tensor: torch.Tensor) -> bool:
        """Whether a tensor is dense, of an allowed dtype and size (a stride of 0 repeats one number at will)."""
        return (
            type(tensor) in (torch.Tensor, torch.nn.Parameter)
            and tensor.layout == torch.strided
            and tensor.dtype in DTYPES
            and tensor.numel() * tensor.element_size() <= LARGEST_FILE
        )
