"""Recognises eight facial expressions in pictures and live video, on a laptop's CPU.

    import affect
    for face in affect.ExpressionReader().read("portrait.jpg"):
        print(face.emotion, face.probabilities)

`ExpressionReader`, `FaceExpression` and `Moment` are the public API (docs/python.md). They are imported on first
access, so that `import affect` costs nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from affect.errors import AffectError
    from affect.reader import ExpressionReader, FaceExpression, Moment

__version__ = "0.1.0"
__all__ = ["AffectError", "ExpressionReader", "FaceExpression", "Moment", "__version__"]

# ONNX Runtime's packages send usage data to Microsoft (on Linux and macOS since 1.29) unless this is set before they
# are loaded. Nothing may leave the machine, so it is set before any module of this package can load them.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'affect' has no attribute {name!r}")
    import affect.errors
    import affect.reader

    return getattr(affect.errors if name == "AffectError" else affect.reader, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
