"""Cache of ONNX exports of `.pt` checkpoints, verified by SHA-256. Called by the classifier.

An export's metadata can be forged, and a modified export gives wrong labels. The user's cache folder therefore holds
the SHA-256 of every export made on this computer, and ONNX Runtime opens only files that match one of them.
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
MADE_FROM = re.compile(rb"source_sha256\x12\x40([0-9a-f]{64})")  # the metadata entry, at the end of the file


def load_export(
    model: Path, fingerprint: str, make: Callable[[], bytes], notify: Callable[[str], None], language: str
) -> bytes:
    """Load a checkpoint's verified ONNX export, or make and save it if there is none.

    fingerprint: the `.pt`'s SHA-256.   make: makes the export.   notify: takes a line on what is made, and why.
    The export is saved beside the `.pt`, or in the cache folder if that folder is read-only or another program's file
    has the same name. If the cache folder is read-only, nothing is saved and the export is made at every start.
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
        _note(record, known | {hashlib.sha256(content).hexdigest()})  # first: an export without its hash is not used
    except OSError as error:
        notify(text("export_unkept", language, folder=record.parent, reason=error.strerror or error))
        return content
    if foreign or not _written(beside, content):
        _written(cached, content)
    return content


def _known(record: Path) -> set[str]:
    """Read the SHA-256 hashes of all exports made from one checkpoint; empty if the file is missing or unreadable."""
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
    """Write an export file and return whether that succeeded; the folder may be read-only or the disk full."""
    if path.parent.exists() and not os.access(path.parent, os.W_OK):
        return False
    try:
        with atomic_path(path) as part:
            part.write_bytes(content)
    except OSError:
        return False
    return True
