"""Session folders that no recording wrote: damaged, made up, or saved by a spreadsheet. Families of `hostile`."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from affect.emotions import EMOTIONS

ROW: Final = (
    "{:.3f},{},1,40,30,200,200,happy,0.860000,0.020000,0.020000,0.020000,0.020000,0.860000,0.020000,0.020000,0.020000"
)
HEADER: Final = "timestamp_s,frame,face_id,x,y,width,height,emotion,confidence," + ",".join(f"p_{e}" for e in EMOTIONS)
TOLD: Final[dict[str, Any]] = {
    "format": 1,
    "state": "finished",
    "started": "2026-11-25T10:00:00+01:00",
    "ended": "2026-11-25T10:00:05+01:00",
    "start_s": 0.0,
    "duration_s": 5.0,
    "clock": "recording",
    "recorded": "2026-11-24T09:00:00+01:00",
    "source": {"kind": "video", "name": "a.mp4", "description": "video a.mp4"},
    "model": {
        "file": "x.pt",
        "sha256": "ab" * 32,
        "temperature": 0.8,
        "figures": {
            "data": "FER+",
            "split": "val",
            "n": 3553,
            "accuracy": 0.85,
            "f1_macro": 0.73,
            "ece": 0.01,
            "per_class": {
                name: {"precision": 0.8, "recall": 0.4, "f1": 0.5, "support": 90} for name in ("happy", "contempt")
            },
        },
    },
    "settings": {
        "faces": 2,
        "language": "en",
        "detector": "haar",
        "backend": "onnx",
        "smoothing_s": 0.4,
        "label_lead": 0.1,
        "label_least": 0.3,
        "label_keeps": 0.2,
        "label_hold_s": 0.5,
    },
    "versions": {"affect": "0.1.0", "python": "3.11.7"},
    "consent": {"given_at": "2026-11-25T09:59:58+01:00", "how": "asked"},
    "frames": 50,
    "frames_with_face": 50,
    "paused_s": 0.0,
    "not_analysed": [[1.0, 1.5]],
    "baseline": [
        {
            "face_id": 1,
            "from_s": 0.0,
            "to_s": 1.0,
            "frames": 10,
            "shift": dict.fromkeys(EMOTIONS, 0.1),
            "away": [[2.0, None]],
            "undone_at_s": 4.0,
        }
    ],
}
EVENTS: Final = (
    "timestamp_s,event,text\n1.000,marker,first\n2.000,pause,\n3.000,resume,\n4.000,snapshot,snapshot_0001.png\n"
)
ODD: Final[list[Any]] = [
    None, True, -1, 1.5, 10**400, 1e308, float("nan"), "", "\x1b[31m<b>", "\ud800", "0001-01-01T00:00:00", [], [None],
    {},
]  # fmt: skip
CELLS: Final = (
    "", "x", "nan", "-1", "1e999", "9" * 20, "9" * 5000, "0,5", "1.234,5", "\x00", "y" * 131_073, '"', "١", "12-mar",
)  # fmt: skip


class Session(NamedTuple):
    """The files of a session folder: text or bytes, or a function that makes something else at a path."""

    told: str | bytes | Callable[[Path], object]
    rows: str | bytes | Callable[[Path], object]
    events: str | bytes | Callable[[Path], object]

    def write(self, folder: Path) -> Path:
        """Write the files into a new folder, and return it."""
        folder.mkdir()
        for name, content in zip(("session.json", "emotions.csv", "events.csv"), self, strict=True):
            if callable(content):
                content(folder / name)
            else:
                raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
                (folder / name).write_bytes(raw)
        return folder


def good(count: int = 50) -> Session:
    """A session as the program writes it."""
    rows = "".join(ROW.format(i / 10, i) + "\n" for i in range(count))
    return Session(json.dumps(TOLD), HEADER + "\n" + rows, EVENTS)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all fields of a nested value."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


def wrong_kinds() -> Iterator[Session]:
    """Each field of session.json as something else, or missing."""
    for path in places(TOLD):
        for value in (*ODD, None):
            told = copy.deepcopy(TOLD)
            holder = told
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = value
            yield good()._replace(told=json.dumps(told))
        del holder[path[-1]]
        yield good()._replace(told=json.dumps(told))


def damaged(part: str, count: int) -> Iterator[Session]:
    """A file with bytes changed, taken out, repeated, or cut off."""
    draw = np.random.default_rng(count)
    whole = str(getattr(good(), part)).encode()
    for _ in range(count):
        data = bytearray(whole)
        for _ in range(int(draw.choice((1, 1, 3, 40)))):
            at = int(draw.integers(len(data) or 1))
            way = draw.integers(4)
            if way == 0:
                data[at : at + 1] = draw.bytes(1)
            elif way == 1:
                del data[at : at + int(draw.choice((1, 2, 50)))]
            elif way == 2:
                data[at:at] = data[at : at + int(draw.choice((1, 5, 300)))]
            else:
                del data[max(1, at) :]
        yield good()._replace(**{part: bytes(data)})


def odd_cells() -> Iterator[Session]:
    """Each column of the tables with odd cells, in one line and in all of them."""
    for part in ("rows", "events"):
        header, *lines = str(getattr(good(), part)).splitlines()
        for column in range(header.count(",") + 1):
            for cell in CELLS:
                for upto in (1, len(lines)):
                    changed = [line.split(",") for line in lines]
                    for cells in changed[:upto]:
                        cells[column] = cell
                    yield good()._replace(**{part: "\n".join([header, *map(",".join, changed)]) + "\n"})


def spreadsheets() -> Iterator[Session]:
    """The table as spreadsheets save it: other separators, decimal commas, lost points, marks and orders."""
    header, *lines = str(good(100).rows).splitlines()
    table = [line.split(",") for line in (header, *lines)]
    points: tuple[Callable[[str], str], ...] = (
        str, lambda c: c.replace(".", ","), lambda c: c.replace(".", ""), lambda c: c.rstrip("0"),
        lambda c: f'"{c.replace(".", ",")}"',
    )  # fmt: skip
    for separator in ",;\t|":
        for point in points:
            for end in ("\n", "\r\n", "\r"):
                for encoding in ("utf-8", "utf-8-sig", "utf-16"):
                    for order in (1, -1):
                        text = end.join(separator.join([*map(point, cells)][::order]) for cells in table) + end
                        yield good()._replace(rows=text.encode(encoding))


def oddities() -> Iterator[Session]:
    """Deep, long and empty files, and what is no file."""
    deep = "[" * 5000 + "]" * 5000
    for told in ("", "[]", "0", deep, '{"a":' * 5000 + "1" + "}" * 5000, '{"format": 1}', "\ufeff" + json.dumps(TOLD)):
        yield good()._replace(told=told)
    for field in ("source", "versions", "baseline", "not_analysed", "settings"):
        yield good()._replace(told=json.dumps({**TOLD, field: "HERE"}).replace('"HERE"', deep))
    for seconds in (0.0, -1.0, 3600.0, 86_400.0, 3 * 86_400.0, 4 * 86_400.0, 1e7, 1e15):
        yield good()._replace(told=json.dumps({**TOLD, "duration_s": seconds}))
    for start_s in (0, 1000.0, 1e8):
        for clock in ("source", "recording"):
            yield good()._replace(told=json.dumps({**TOLD, "start_s": start_s, "clock": clock}))
            old = {key: value for key, value in TOLD.items() if key != "start_s"} | {"clock": clock}
            yield good()._replace(told=json.dumps(old), rows=str(good().rows).replace("\n4.", f"\n{start_s:.0f}4."))
    for part in ("told", "rows", "events"):
        for make in (Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: None):
            yield good()._replace(**{part: make})
        for text in ("", "\n", "\x00" * 1000, ",".join("a" * 1000), HEADER, HEADER + "\n", "x" * 3_000_000, '"' * 1001):
            yield good()._replace(**{part: text})
    many = "".join(ROW.format(i / 10, i).replace(",1,40", f",{i},40") + "\n" for i in range(50))
    yield good()._replace(rows=f"{HEADER}\n{many}")
    yield good()._replace(rows=HEADER.replace("frame", "timestamp_s") + "\n" + ROW.format(0.1, 1) + "\n")


FAMILIES: Final[dict[str, Callable[[], Iterator[Session]]]] = {
    "session.json: wrong kinds, missing fields": wrong_kinds,
    "session.json: damaged bytes": lambda: damaged("told", 200),
    "emotions.csv: damaged bytes": lambda: damaged("rows", 200),
    "events.csv: damaged bytes": lambda: damaged("events", 100),
    "tables: odd cells": odd_cells,
    "tables: saved by a spreadsheet": spreadsheets,
    "deep, long, empty, no files": oddities,
}
