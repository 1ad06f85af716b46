"""The ONNX export of a `.pt`: where it lies, and whether this computer made it. Called by the classifier.

What an export says of itself can be forged, and a changed one gives wrong labels. So the SHA-256 of every export that
is made is kept in the user's own cache folder, and a file that is not among them is not even opened by ONNX Runtime.
The export of a bundled model is committed with it, and its SHA-256 is in the code (`bundled.PINNED_EXPORTS`).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from affect.files import atomic_path, cache_folder
from affect.live.bundled import PINNED_EXPORTS
from affect.live.texts import text

LARGEST = 64_000_000  # bytes; the network's export has 9 MB
MADE_FROM = re.compile(rb"source_sha256\x12\x40([0-9a-f]{64})")  # as the metadata lie in the file, at its end


def load_export(
    model: Path, fingerprint: str, make: Callable[[], bytes], notify: Callable[[str], None], language: str
) -> bytes:
    """The export of a `.pt`, made where this computer has none yet.

    fingerprint: the `.pt`'s SHA-256.   make: makes the export.   notify: told in a line what is made, and why.
    It lies beside the `.pt`, or in the cache folder where that one cannot be written to or another program's file has
    its name. Where the cache folder cannot be written to, nothing is kept, and it is made at every start.
    """
    beside = model.with_suffix(".onnx")
    cached = cache_folder() / "exports" / f"{model.stem}-{fingerprint[:16]}.onnx"
    record = cache_folder() / "exports" / f"{fingerprint}.sha256"
    known = _known(record)
    if (pinned := PINNED_EXPORTS.get(fingerprint)) is not None:
        known.add(pinned)
    for path in (beside, cached):
        content = _content(path)
        if content is not None and hashlib.sha256(content).hexdigest() in known:
            return content
    there = _content(beside)
    made_from = MADE_FROM.search(there[-4096:]) if there is not None else None
    foreign = beside.exists() and made_from is None
    if foreign:
        notify(text("export_foreign", language, name=beside.name, model=model.name))
    elif made_from is not None and made_from[1].decode() == fingerprint:
        notify(text("export_unknown", language, name=beside.name, model=model.name))
    else:
        notify(text("preparing", language, name=model.name))
    content = make()
    try:
        _note(record, known | {hashlib.sha256(content).hexdigest()})  # first: an export without a note is worthless
    except OSError as error:
        notify(text("export_unkept", language, folder=record.parent, reason=error.strerror or error))
        return content
    if foreign or not _written(beside, content):
        _written(cached, content)
    return content


def _known(record: Path) -> set[str]:
    """The SHA-256 of all exports that were made of this `.pt`."""
    try:
        return set(record.read_text(encoding="ascii").split())
    except (OSError, UnicodeDecodeError):
        return set()


def _note(record: Path, known: set[str]) -> None:
    record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with atomic_path(record, 0o600) as part:
        part.write_text("\n".join(sorted(known)) + "\n", encoding="ascii")


def _content(path: Path) -> bytes | None:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return None
        return path.read_bytes()
    except OSError:
        return None


def _written(path: Path, content: bytes) -> bool:
    """Whether the folder takes it: a `.pt` may lie where its user cannot write, or on a full disk."""
    if path.parent.exists() and not os.access(path.parent, os.W_OK):
        return False
    try:
        with atomic_path(path) as part:
            part.write_bytes(content)
    except OSError:
        return False
    return True
