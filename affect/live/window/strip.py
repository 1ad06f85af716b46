"""History strip: label and confidence over the last two minutes, with markers; hovering tells time and values."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from affect.emotions import EMOTIONS, UNCERTAIN, color_hex, label_name
from affect.live.frame import FaceResult
from affect.live.texts import certainty, clock, signed, text
from affect.live.window.theme import DIM, INK, PANEL, UNSURE

SPAN_S: Final = 120.0
STEP_S: Final = 0.5


class Moment(NamedTuple):
    """One step of the history.

    at_s: time on a monotonic clock.   recording_s: time in the recording; None: none.   faces: by their id.
    """

    at_s: float
    recording_s: float | None
    faces: dict[int, FaceResult]


class Strip(QWidget):
    """Shows one face's history, the newest moment at the right: the height is the label's confidence.

    face_id: whose history is shown.   language: of what hovering tells.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.face_id: int | None = None
        self.language = "en"
        self._moments: deque[Moment] = deque()
        self._markers: deque[float] = deque(maxlen=200)

    def add(self, now_s: float, faces: list[FaceResult], recording_s: float | None) -> None:
        """Note the faces of now; at most one moment per STEP_S is kept."""
        if self._moments and now_s - self._moments[-1].at_s < STEP_S:
            return
        self._moments.append(Moment(now_s, recording_s, {face.face_id: face for face in faces}))
        while now_s - self._moments[0].at_s > SPAN_S:
            self._moments.popleft()
        if faces and self.face_id not in self._moments[-1].faces:
            self.face_id = faces[0].face_id
        self.setAccessibleName(text("history", self.language))
        self.setAccessibleDescription(self.told(self.width() - 1))
        self.update()

    def mark(self, now_s: float) -> None:
        """Show a marker."""
        self._markers.append(now_s)
        self.update()

    def told(self, x: float) -> str:
        """Time and values at a horizontal position, in pixels; "" where nothing was noted."""
        if not self._moments:
            return ""
        at_s = self._moments[-1].at_s + STEP_S - (self.width() - x) / max(1, self.width()) * SPAN_S
        moment = next((m for m in reversed(self._moments) if m.at_s <= at_s), None)
        if moment is None or at_s - moment.at_s > 2 * STEP_S:
            return ""
        language, ago_s = self.language, self._moments[-1].at_s - moment.at_s
        lines = [text("ago", language, time=clock(ago_s, language))]
        if moment.recording_s is not None:
            lines = [clock(moment.recording_s, language)]
        face = moment.faces.get(self.face_id or 0)
        if face is None:
            return "\n".join([*lines, text("no_face", language)])
        if face.emotion == UNCERTAIN:
            lines.append(label_name(UNCERTAIN, language))
        shares = sorted(zip(face.probabilities, EMOTIONS, strict=True), reverse=True)[:3]
        lines += [f"{label_name(e, language)} {certainty(float(p), language)}" for p, e in shares]
        return "\n".join([*lines, f"{text('valence', language)} {signed(face.valence, language)}"])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell time and values at the pointer."""
        QToolTip.showText(event.globalPosition().toPoint(), self.told(event.position().x()), self)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the moments, the minute between them, and the markers."""
        painter, width, height = QPainter(self), self.width(), self.height()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(PANEL))
        painter.drawRoundedRect(self.rect(), 6, 6)
        now_s = self._moments[-1].at_s if self._moments else 0.0
        small = painter.font()
        small.setPointSizeF(small.pointSizeF() * 0.8)
        painter.setFont(small)
        scale, band = width / SPAN_S, painter.fontMetrics().height() + 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        ends_s = [*(moment.at_s for moment in list(self._moments)[1:]), now_s + STEP_S]
        for moment, end_s in zip(self._moments, ends_s, strict=False):  # without a moment there is an end too many
            face = moment.faces.get(self.face_id or 0)
            if face is not None:
                top = height - face.confidence * (height - band)
                left, lasts_s = width - (now_s + STEP_S - moment.at_s) * scale, min(end_s - moment.at_s, 3 * STEP_S)
                color = UNSURE if face.emotion == UNCERTAIN else color_hex(face.emotion)
                painter.fillRect(QRectF(left, top, lasts_s * scale + 0.5, height - top), QColor(color))
        painter.setPen(QColor(DIM))
        for at, words in ((5, "−2 min"), (width // 2, "−1 min")):
            painter.drawText(at, painter.fontMetrics().ascent() + 2, words)
        for marker_s in self._markers:
            x = width - (now_s - marker_s) * scale
            painter.fillRect(QRectF(x - 1, 0, 2, height), QColor(INK))
            painter.fillRect(QRectF(x - 1, 0, 8, 6), QColor(INK))
