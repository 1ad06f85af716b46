"""The eight expression classes: order, English and Spanish names, colours; and the label "uncertain" of the live view.

The order is AffectNet's class folders sorted by name, and the order of the model's outputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

EMOTIONS: Final = ("anger", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise")

# The classes whose expression is unpleasant: see `valence`. Surprise is neither pleasant nor unpleasant.
NEGATIVE: Final = ("anger", "contempt", "disgust", "fear", "sad")
_HAPPY: Final = EMOTIONS.index("happy")
_NEGATIVE: Final = [EMOTIONS.index(name) for name in NEGATIVE]

# AffectNet's own numbering of the same eight classes (Mollahosseini et al. 2017, arXiv:1708.03985).
AFFECTNET_NUMBERS: Final = dict(
    enumerate(("neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt"))
)

_SPANISH: Final = ("enfado", "desprecio", "asco", "miedo", "alegría", "neutral", "tristeza", "sorpresa")
NAMES: Final = {
    "en": dict(zip(EMOTIONS, EMOTIONS, strict=True)),
    "es": dict(zip(EMOTIONS, _SPANISH, strict=True)),
}

LANGUAGES: Final = tuple(NAMES)

# Okabe and Ito's colour-blind safe palette (https://jfly.uni-koeln.de/color/), with grey in place of black, which is
# visible on both dark and light backgrounds.
COLORS: Final = {
    "anger": "#D55E00",
    "contempt": "#CC79A7",
    "disgust": "#009E73",
    "fear": "#56B4E9",
    "happy": "#F0E442",
    "neutral": "#999999",
    "sad": "#0072B2",
    "surprise": "#E69F00",
}


# The live label where no class wins clearly. It is not a class: no model predicts it and no metric counts it.
UNCERTAIN: Final = "uncertain"
UNCERTAIN_NAMES: Final = {"en": "uncertain", "es": "incierto"}
UNCERTAIN_COLOR: Final = "#5C5C5C"  # a neutral grey, darker than that of "neutral"


def valence(probabilities: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """Derive valence, −1…1: P(happy) minus the largest probability of the classes in NEGATIVE.

    probabilities: (…, 8) in the order of EMOTIONS; returns (…). It is not measured: no model here learned valence.
    Source: Noldus, "FaceReader Methodology" (the intensity of happy minus that of the strongest negative expression).
    """
    strongest = probabilities[..., _NEGATIVE[0]]
    for place in _NEGATIVE[1:]:  # one by one: all at once would be a copy of the whole, which may be large
        strongest = probabilities[..., place].clip(min=strongest)
    derived: npt.NDArray[np.floating[Any]] = probabilities[..., _HAPPY] - strongest
    return derived


def label_name(label: str, language: str) -> str:
    """The name of a class or of "uncertain" in English ("en") or Spanish ("es"). Raises KeyError for another name."""
    return UNCERTAIN_NAMES[language] if label == UNCERTAIN else NAMES[language][label]


def color_hex(label: str) -> str:
    """The colour of a class or of "uncertain" as #RRGGBB. Raises KeyError for another name."""
    return UNCERTAIN_COLOR if label == UNCERTAIN else COLORS[label]


def color_rgb(label: str) -> tuple[int, int, int]:
    """The colour of a class or of "uncertain": (red, green, blue), each 0…255. Raises KeyError for another name."""
    value = color_hex(label)
    return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)


def takes_dark_ink(red: int, green: int, blue: int) -> bool:
    """Whether dark text is more readable than light text on a colour, 0…255 each (WCAG 2 relative luminance)."""
    return 0.2126 * (red / 255) ** 2.2 + 0.7152 * (green / 255) ** 2.2 + 0.0722 * (blue / 255) ** 2.2 > 0.18
