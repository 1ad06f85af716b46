"""Paths of the bundled files: default model and its ONNX export, the demo's portrait, the font of saved videos.

Called by the command line, the Python API, the demo and the lettering. The files lie in `models/` and
`affect/live/media` of a checkout; in an installed package, `models/` is `affect/models` (see pyproject.toml).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from affect.files import same_file

_LIVE = Path(__file__).resolve().parent

# portrait.png: NASA's public-domain portrait of Eileen Collins (S92-40463), upper part of scikit-image's `astronaut`.
# DejaVuSans*.ttf: DejaVu Fonts 2.37, redistributed under their licence, LICENSE_DEJAVU.txt.
MEDIA: Final = _LIVE / "media"


def models_folder() -> Path:
    """Folder of the bundled models, in the installed package or in the checkout."""
    packaged = _LIVE.parent / "models"
    return packaged if packaged.is_dir() else _LIVE.parents[1] / "models"


TRAINED: Final = models_folder() / "best_model_finetuned_affectnet_v4.pt"
# the models that come with the program, the default first: file → key of its terms in `affect.live.texts`
TERMS: Final = {"starter_faces.pt": "terms_research", "starter_ferplus.pt": "terms_mit"}


def bundled_models() -> list[Path]:
    """Paths of the bundled models that are there, the default first."""
    return [path for name in TERMS if (path := models_folder() / name).is_file()]


def terms_of(model: Path) -> str | None:
    """Key of a bundled model's terms in `affect.live.texts`; None for another file, whatever its name."""
    return next((TERMS[known.name] for known in bundled_models() if same_file(model, known)), None)


BUNDLED: Final = next(iter(bundled_models()), models_folder() / next(iter(TERMS)))

# SHA-256 of a committed checkpoint → SHA-256 of the ONNX export committed beside it. After a training, delete the
# export, start the program, which makes it again, and put both sums (`sha256sum models/starter*`) here;
# affect.evaluation.calibrate makes the export and prints both sums.
PINNED_EXPORTS: Final = {
    "f4b4f60c1cc59751dc5744eca51313278dc9a9f385d08a48c1970ed29a733635": (
        "1c846a049335909b96a6bf07d224637f029a2e53cc807634a95e4c68efae8349"
    ),
    "2808c635a5de5096e182969541c51fb74c4f7f337770402b89fd6122a9d705cf": (
        "82fce2010a8a2e68908e15fe27601a6e75afd389d00d8dbbcbf2d994a3179293"
    ),
}


def default_model() -> Path:
    """Path of the default model: the user's own AffectNet v4 checkpoint if it exists, else `BUNDLED`."""
    return TRAINED if TRAINED.is_file() else BUNDLED
