"""What is read in each face: its label with the confidence in large type, and a bar for each of the eight classes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QSizePolicy,
    QSlider,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from affect.emotions import EMOTIONS, UNCERTAIN, label_name
from affect.faces.preprocessing import Image
from affect.live.darkness import too_dark
from affect.live.frame import FaceResult
from affect.live.pipeline.quality import low_quality
from affect.live.texts import certainty, signed, text
from affect.live.window.theme import label, laid, styled

PANEL_HEIGHT = 192  # least height at which all rows of a face are legible, in Qt's pixels
ROW_HEIGHT = 34  # greatest height of a row


class FacePanel(QFrame):
    """One face's label, a note on its picture, its bars and its derived valence. What is not sure is grey."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self.number = label("number", align=Qt.AlignmentFlag.AlignCenter)
        self.number.setFixedSize(22, 22)
        self.label, self.share, self.note = label("label"), label("share"), label("dim", wraps=True)
        self.bars = {emotion: QProgressBar(maximum=1000, textVisible=False) for emotion in EMOTIONS}
        self.valence = QSlider(Qt.Orientation.Horizontal)
        self.valence.setRange(-100, 100)
        self.valence.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.valence.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)  # it is shown, not set
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        self._names = {row: label("dim") for row in (*EMOTIONS, "valence")}
        self.values = {row: label("dim", align=right) for row in self._names}
        table, grid = QWidget(), QGridLayout()
        table.setMaximumHeight(ROW_HEIGHT * len(self._names))
        table.setLayout(grid)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(2, self.fontMetrics().horizontalAdvance(certainty(1, "es")))
        for row, (name, value) in enumerate(self.values.items()):
            grid.addWidget(value, row, 2)
            grid.setRowStretch(row, 1)
            if bar := self.bars.get(name):
                bar.setObjectName(name)
                bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
                grid.addWidget(self._names[name], row, 0)
                grid.addWidget(bar, row, 1)
        grid.addLayout(
            laid(QHBoxLayout(), self._names["valence"], self.valence, spacing=8, grows=1), len(EMOTIONS), 0, 1, 2
        )
        head = laid(QHBoxLayout(), self.number, self.label, self.share, spacing=8, grows=1)
        laid(QVBoxLayout(self), head, self.note, table, 0, spacing=2, margin=8, grows=2)

    def show_face(self, result: FaceResult | None, heading: str, number: int | None, note: str, language: str) -> None:
        """Show a face, or a heading in grey where there is none.   number: from the left; None: the only face."""
        sure = result is not None and result.emotion != UNCERTAIN
        for part in (self.label, self.share, self.valence, *self.bars.values()):
            styled(part, "sure", sure)
        styled(self.valence, "seen", result is not None)
        if result is not None:
            heading = label_name(result.emotion, language)
        share = certainty(result.confidence, language) if result is not None and sure else ""
        self.label.setText(heading)
        self.share.setText(share)
        self.share.setVisible(bool(share))
        self.label.setAccessibleName(f"{text('perceived', language)}: {heading} {share}")
        self.number.setVisible(number is not None)
        if number is not None and result is not None:
            self.number.setText(str(number))
            self.number.setToolTip(text("face_number", language, number=number, id=result.face_id))
        self.note.setText(note)
        self.note.setVisible(bool(note))
        for i, (emotion, bar) in enumerate(self.bars.items()):
            value = 0.0 if result is None else float(result.probabilities[i])
            bar.setValue(round(value * 1000))
            bar.setAccessibleName(label_name(emotion, language))
            self._names[emotion].setText(label_name(emotion, language))
            self.values[emotion].setText("" if result is None else certainty(value, language))
        valence = "" if result is None else signed(result.valence, language)
        self.valence.setValue(0 if result is None else round(result.valence * 100))
        self.values["valence"].setText(valence)
        self._names["valence"].setText(text("valence", language))
        for part in (self.valence, self._names["valence"], self.values["valence"]):
            part.setAccessibleName(f"{text('valence', language)} {valence}".strip())
            part.setToolTip(text("valence_how", language))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the bars as thick as suits the rows."""
        row = min(ROW_HEIGHT, (self.height() - 60) // len(self.values))
        for bar in self.bars.values():
            bar.setFixedHeight(max(7, row // 2))


class Faces(QWidget):
    """A panel for each face, numbered from left to right; where not all have room, the chosen tab's.

    chosen: a tab was chosen.   face_id: of the chosen face; None if there is none.
    """

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tabs = QTabBar(expanding=False, drawBase=False)
        self.tabs.currentChanged.connect(self.chosen)
        self.panels = [FacePanel()]
        self._shown: list[FaceResult] = []
        self._page = laid(QVBoxLayout(self), self.tabs, self.panels[0], grows=1)

    @property
    def face_id(self) -> int | None:
        """Id of the face whose tab is chosen, or of the only one; None if there is none."""
        at = max(0, self.tabs.currentIndex()) if len(self._shown) > 1 else 0
        return self._shown[at].face_id if at < len(self._shown) else None

    def show_faces(self, results: list[FaceResult], heading: str, notes: dict[int, str], language: str) -> None:
        """Show the faces of a frame.   heading: shown where there is none.   notes: on a face's picture, by its id;
        0: where there is none."""
        self._shown = in_order(results)
        several = len(self._shown) > 1
        while len(self.panels) < len(self._shown):
            self.panels.append(FacePanel())
            self._page.addWidget(self.panels[-1], 1)
        self._tab(language if several else "")
        fits = self.height() >= len(self._shown) * (PANEL_HEIGHT + self._page.spacing())
        for i, panel in enumerate(self.panels):
            chosen = i == max(0, self.tabs.currentIndex()) if several else i == 0
            panel.setVisible(chosen or (several and fits and i < len(self._shown)))
            if i < len(self._shown):
                face = self._shown[i]
                panel.show_face(face, "", i + 1 if several else None, notes.get(face.face_id, ""), language)
            elif i == 0:
                panel.show_face(None, heading, None, notes.get(0, ""), language)

    def _tab(self, language: str) -> None:
        count = len(self._shown) if language else 0
        self.tabs.setVisible(count > 0)
        while self.tabs.count() > count:
            self.tabs.removeTab(self.tabs.count() - 1)
        for i in range(count):
            if i == self.tabs.count():
                self.tabs.addTab("")
            self.tabs.setTabText(i, f"{i + 1} {label_name(self._shown[i].emotion, language)}")


def in_order(results: list[FaceResult]) -> list[FaceResult]:
    """Faces from left to right."""
    return sorted(results, key=lambda r: 2 * r.box.x + r.box.width)


def note_on(picture: Image, face: FaceResult | None, language: str) -> str:
    """Why a face is hard to read, or what helps where none is found; "" if it is not.   picture: uint8 BGR."""
    if face is None:
        return text("quality_light" if too_dark(picture) else "no_face_help", language)
    if face.covered:
        return text("quality_covered", language)
    reason = low_quality(picture, face.box)
    return "" if reason is None else text(f"quality_{reason}", language)
