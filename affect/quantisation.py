"""Is a model of 8-bit integers as good, and faster?  `python -m affect.quantisation --model FILE.pt --data …`

Static quantisation on ONNX Runtime: weights and activations become integers whose ranges are measured beforehand on
training pictures (Jacob et al. 2018, arXiv:1712.05877). Both networks then see the same pictures, timed in turns; the
one in float32 also with the mirror image of each, the mean of both answers (test-time flip).
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from affect.arguments import CommandParser, positive
from affect.data.cache import prepare_pictures
from affect.data.loading import hard_labels
from affect.data.manifest import Manifest
from affect.data.options import add_labelling, manifest_of
from affect.data.splits import stratified_part
from affect.evaluation import probabilities_of
from affect.exit_codes import exit_code_of
from affect.files import atomic_path, sha256_of
from affect.machine import processor
from affect.metrics import metrics_of
from affect.model import load_checkpoint, onnx_export
from affect.preprocessing import Image, Preprocessing
from affect.unseen import warning_of

Floats = npt.NDArray[np.float32]
BATCH = 32  # faces that are numbers at a time: a whole split would take gigabytes, as pictures it lies in a file
ROUNDS = (
    20  # turns of both networks, of FACES faces each; a turn of a few milliseconds each keeps the machine's moods apart
)
FACES = 25
NAMES = {"float32": "float32", "int8": "int8", "mirrored": "float32, mean with the mirror image (`--mirrored`)"}
MOST_LOST = 0.005  # of accuracy: an integer network that loses more is not worth its speed


@dataclass(frozen=True)
class Row:
    """A network's figures.

    ms_a_face:  median, one face at a time on one core, as the live program runs it.
    ms_on_two:  the same on two cores.
    megabytes:  of the ONNX file.
    """

    network: str
    accuracy: float
    f1_macro: float
    ece: float
    ms_a_face: float
    ms_on_two: float
    megabytes: float


@dataclass(frozen=True)
class Comparison:
    """The network as it is, in integers, and as it is with mirror images.

    machine: the processor that the times are of.   n: pictures measured.
    calibrated_on: pictures that the ranges come from.
    speedup: median of the turns' ratios on one core.   agreement: share of pictures that both give the same class.
    """

    model: str
    machine: str
    data: str
    split: str
    n: int
    calibrated_on: int
    float32: Row
    int8: Row
    mirrored: Row
    speedup: float
    agreement: float

    @property
    def worthwhile(self) -> bool:
        """Whether the integers lose little, gain time on one core, and cost none on two."""
        loses_little = self.float32.accuracy - self.int8.accuracy <= MOST_LOST
        return loses_little and self.speedup > 1.05 and self.int8.ms_on_two <= self.float32.ms_on_two


def compare(path: Path, manifest: Manifest, split: str = "val", pictures: int = 512, seed: int = 0) -> Comparison:
    """Quantise a checkpoint's network on training pictures, and measure it beside the original on a split.

    pictures: how many of the training split give the ranges, every class in its share.
    Tells on stderr where the model may have learned from what it is measured on.
    Raises AffectError for an unusable file or an empty split.
    """
    checkpoint = load_checkpoint(path)
    warning_of(path, checkpoint, manifest)
    preprocessing = checkpoint.preprocessing
    train = manifest.rows("train")
    some = train if pictures >= len(train) else train[stratified_part(train, pictures / len(train), seed)]
    calibration, _ = prepare_pictures(manifest, some, preprocessing, "calibration")
    shown, rows = prepare_pictures(manifest, manifest.rows(split), preprocessing)
    with tempfile.TemporaryDirectory() as folder:
        files = {"float32": Path(folder) / "float32.onnx", "int8": Path(folder) / "int8.onnx"}
        files["float32"].write_bytes(onnx_export(checkpoint, sha256_of(path)))
        quantise(files["float32"], files["int8"], _batches(calibration, preprocessing))
        sizes = {name: file.stat().st_size / 1e6 for name, file in files.items()}
        one, two = ({name: _session(file, cores) for name, file in files.items()} for cores in (1, 2))
    logits = {name: _logits(session, shown, preprocessing, name) for name, session in one.items()}
    flipped = _logits(one["float32"], shown[:, :, ::-1], preprocessing, "mirror images")
    logits["mirrored"] = np.mean([logits["float32"], flipped], axis=0)
    faces = preprocessing.normalize(np.asarray(shown[:FACES]))
    times = _times(one, faces)  # before the others: a thread that waits for work keeps its core busy
    on_two = _times(two, faces)
    labels = hard_labels(rows)
    sizes["mirrored"] = sizes["float32"]
    found = {}
    for name in sizes:
        metrics = metrics_of(probabilities_of(logits[name], checkpoint.temperature), labels)
        figures = {key: metrics[key] for key in ("accuracy", "f1_macro", "ece")}
        ms_a_face, ms_on_two = (1e3 * float(np.median(t[name])) for t in (times, on_two))
        found[name] = Row(name, **figures, ms_a_face=ms_a_face, ms_on_two=ms_on_two, megabytes=sizes[name])
    return Comparison(
        model=path.name,
        machine=processor(),
        data=manifest.name,
        split=split,
        n=len(rows),
        calibrated_on=len(calibration),
        **found,
        speedup=float(np.median(times["float32"] / times["int8"])),
        agreement=float((logits["float32"].argmax(1) == logits["int8"].argmax(1)).mean()),
    )


def quantise(source: Path, target: Path, calibration: Iterable[Floats]) -> None:
    """Write an ONNX network in 8-bit integers: weights per channel, activations with the ranges of `calibration`.

    calibration: batches of faces as the network takes them, each float32 (some, 3, side, side).
    Weights are unsigned as the activations are: signed ones overflow 16 bits in AVX2's products, which cost the bundled
    model 1.6 points of accuracy on processors without VNNI.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Batches(CalibrationDataReader):
        def __init__(self) -> None:
            self._batches = iter(calibration)

        def get_next(self) -> dict[str, Floats] | None:
            batch = next(self._batches, None)
            return None if batch is None else {"faces": batch}

    prepared = target.with_suffix(".prepared.onnx")
    log = logging.getLogger()
    level = log.level
    log.setLevel(logging.ERROR)  # it recommends steps that were just done
    try:
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(target),
            Batches(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QUInt8,
        )
    finally:
        log.setLevel(level)
        prepared.unlink(missing_ok=True)


def _batches(pictures: Image, preprocessing: Preprocessing) -> Iterator[Floats]:
    """Pictures, uint8 (n, side, side, channels), as the network takes them: float32 (BATCH or fewer, 3, side, side)."""
    for part in np.array_split(pictures, _batches_of(pictures)):
        yield preprocessing.normalize(np.asarray(part))


def _batches_of(pictures: Image) -> int:
    return -(-len(pictures) // BATCH)


def _session(path: Path, cores: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = cores
    return onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])


def _logits(session: Any, pictures: Image, preprocessing: Preprocessing, title: str) -> Floats:
    """The network's answers to pictures, uint8 (n, side, side, channels): float32 (n, 8)."""
    batches = tqdm(
        _batches(pictures, preprocessing), total=_batches_of(pictures), desc=title, unit="batch", leave=False
    )
    return np.concatenate([session.run(None, {"faces": batch})[0] for batch in batches])


def _times(sessions: dict[str, Any], faces: Floats) -> dict[str, npt.NDArray[np.float64]]:
    """Seconds a face in each of ROUNDS turns, float64 (ROUNDS,), of every network, and of "float32" as "mirrored" with
    the mirror image.

    faces: float32 (n, 3, side, side), shown one at a time.
    """
    alone = [face[None] for face in faces]
    both = [np.stack([face, face[:, :, ::-1]]) for face in faces]
    shown = {name: (session, alone) for name, session in sessions.items()} | {"mirrored": (sessions["float32"], both)}
    times: dict[str, list[float]] = {name: [] for name in shown}
    for turn in range(ROUNDS + 1):
        for name, (session, inputs) in shown.items():
            start = time.perf_counter()
            for batch in inputs:
                session.run(None, {"faces": batch})
            if turn:  # the first warms up
                times[name].append((time.perf_counter() - start) / len(faces))
    return {name: np.array(values) for name, values in times.items()}


def write(found: Comparison, folder: Path) -> None:
    """`int8.json`, and the same to read as `int8.md`."""
    with atomic_path(folder / "int8.json") as part:
        told = {**asdict(found), "worthwhile": found.worthwhile}
        part.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    with atomic_path(folder / "int8.md") as part:
        part.write_text(table_of(found) + "\n", encoding="utf-8")


def table_of(found: Comparison) -> str:
    """The comparison as Markdown."""
    lines = [
        f"{found.model} on {found.data} {found.split}, n = {found.n:,}; integer ranges from {found.calibrated_on:,} "
        f"training pictures; one face at a time on {found.machine}:",
        "",
        "| network | accuracy | macro F1 | ECE | ms a face on one core | on two | MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in (found.float32, found.int8, found.mirrored):
        measured = f"{row.accuracy:.4f} | {row.f1_macro:.4f} | {row.ece:.4f}"
        cost = f"{row.ms_a_face:.2f} | {row.ms_on_two:.2f} | {row.megabytes:.1f}"
        lines.append(f"| {NAMES[row.network]} | {measured} | {cost} |")
    verdict = "worth using" if found.worthwhile else "not worth using"
    lost = 100 * (found.float32.accuracy - found.int8.accuracy)
    lines += [
        "",
        f"int8 loses {lost:+.2f} points, is {found.speedup:.2f} times as fast, and gives the same class for "
        f"{found.agreement:.1%} of the pictures: {verdict} (at most {100 * MOST_LOST:.1f} points, faster on one "
        "core, and not slower on two).",
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = CommandParser(
        prog="python -m affect.quantisation",
        description="A model in 8-bit integers beside itself: accuracy, calibration, time, size. It is not kept.",
        epilog="example: python -m affect.quantisation --model models/starter_ferplus.pt --data ferplus.zip "
        "--out results/ferplus/starter",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.pt")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR_OR_ZIP")
    parser.add_argument("--split", choices=("val", "test", "all"), default="val")
    add_labelling(parser)
    parser.add_argument("--pictures", type=positive, default=512, metavar="N", help="for the ranges (default 512)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write int8.json and int8.md")
    options = parser.parse_args(arguments)

    def work() -> None:
        manifest = manifest_of(options)
        if options.out is not None:
            options.out.mkdir(parents=True, exist_ok=True)
        found = compare(options.model, manifest, options.split, options.pictures)
        if options.out is not None:
            write(found, options.out)
        print(table_of(found))

    return exit_code_of(work)


if __name__ == "__main__":
    sys.exit(main())
