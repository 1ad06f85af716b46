"""The windows' look: colours, style sheet, icons; and the one QApplication."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from typing import TypeVar

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QColor, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QBoxLayout, QLabel, QLayout, QWidget

from affect.emotions import EMOTIONS, color_hex

INK, DIM, GROUND, PANEL, TRACK = "#F1F3F5", "#AAB2BA", "#17191C", "#212428", "#383D43"
ACCENT, RED, UNSURE = "#6CB6F5", "#F0616D", "#8A929A"

STYLE = f"""
* {{ color: {INK}; }}
QWidget#window, QDialog, QTextBrowser, QMenu, QMessageBox {{ background: {GROUND}; }}
QToolTip {{ background: {PANEL}; color: {INK}; border: 1px solid {TRACK}; padding: 4px; }}
QFrame#card, QFrame#question {{ background: {PANEL}; border-radius: 8px; }}
QFrame#question {{ border: 1px solid {ACCENT}; }}
QLabel#dim {{ color: {DIM}; }}
QFrame#drawn {{ border: 2px solid {ACCENT}; }}
QLabel#hint {{ background: {GROUND}; border-radius: 8px; padding: 12px 18px; }}
QLabel#recording {{ color: {DIM}; }}
QLabel#recording[on="true"] {{ color: {RED}; font-weight: 600; }}
QLabel#paused {{ background: {INK}; color: {GROUND}; border-radius: 4px; padding: 0 6px; font-weight: 600; }}
QLabel#label, QLabel#share {{ font-size: 16pt; font-weight: 700; }}
QLabel#label[sure="false"], QLabel#share[sure="false"] {{ color: {UNSURE}; }}
QLabel#number {{ background: {TRACK}; border-radius: 11px; font-weight: 600; }}
QToolButton, QPushButton {{ background: {PANEL}; border: 1px solid {TRACK}; border-radius: 6px; padding: 3px 8px; }}
QToolButton {{ padding: 3px 1px; }}
QToolButton:hover, QPushButton:hover {{ background: {TRACK}; }}
QToolButton:focus, QPushButton:focus, QLineEdit:focus, QComboBox:focus {{ border: 1px solid {ACCENT}; }}
QPushButton#folder {{ text-align: left; }}
QLabel#heading {{ font-size: 17pt; font-weight: 600; }}
QPushButton:default {{ min-width: 110px; padding: 6px 12px; font-weight: 600;
    background: {ACCENT}; color: {GROUND}; border-color: {ACCENT}; }}
QToolButton:disabled, QPushButton:disabled {{ color: {UNSURE}; background: {PANEL}; border-color: {PANEL}; }}
QToolButton::menu-indicator {{ image: none; }}
QLineEdit, QComboBox, QListWidget {{ background: {GROUND}; border: 1px solid {TRACK}; border-radius: 6px;
    padding: 4px 6px; selection-background-color: {ACCENT}; selection-color: {GROUND}; }}
QListWidget::item {{ padding: 9px 6px; border-radius: 6px; }}
QListWidget::item:selected {{ background: {TRACK}; color: {INK}; }}
QComboBox QAbstractItemView {{ background: {PANEL}; selection-background-color: {TRACK}; selection-color: {INK}; }}
QMenu {{ border: 1px solid {TRACK}; padding: 4px; }}
QMenu::item {{ padding: 5px 22px; border-radius: 4px; }}
QMenu::item:selected {{ background: {TRACK}; }}
QMenu::item:disabled {{ color: {UNSURE}; }}
QMenu::separator {{ height: 1px; background: {TRACK}; margin: 4px 8px; }}
QCheckBox::indicator {{ width: 15px; height: 15px; border: 1px solid {DIM}; border-radius: 3px; }}
QCheckBox::indicator:checked {{ background: {ACCENT}; border-color: {ACCENT}; }}
QCheckBox:focus {{ color: {ACCENT}; }}
QCheckBox:disabled {{ color: {UNSURE}; }}
QTabBar::tab {{ background: {PANEL}; border-radius: 6px; padding: 3px 8px; margin-right: 3px; }}
QTabBar::tab:selected {{ background: {TRACK}; }}
QProgressBar {{ background: {TRACK}; border: none; border-radius: 3px; }}
QProgressBar::chunk {{ background: {UNSURE}; border-radius: 3px; }}
{"".join(f'QProgressBar#{e}[sure="true"]::chunk {{ background: {color_hex(e)}; }}' for e in EMOTIONS)}
QSlider::groove {{ height: 6px; border-radius: 3px; background: qlineargradient(x1: 0, x2: 1, stop: 0 {TRACK},
    stop: 0.48 {TRACK}, stop: 0.485 {DIM}, stop: 0.515 {DIM}, stop: 0.52 {TRACK}, stop: 1 {TRACK}); }}
QSlider::handle {{ width: 6px; margin: -4px 0; border-radius: 3px; background: {INK}; }}
QSlider[sure="false"]::handle {{ background: {UNSURE}; }}
QSlider[seen="false"]::handle {{ background: transparent; }}
QTextBrowser, QScrollArea {{ border: none; }}
"""

_LINE = f'fill="none" stroke="{INK}" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"'
SHAPES = {  # in a square of 24
    "record": f'<circle cx="12" cy="12" r="7" fill="{RED}"/>',
    "record_end": f'<rect x="6" y="6" width="12" height="12" rx="2" fill="{RED}"/>',
    "mark": f'<path d="M7 3v18M7 4h11l-3 4 3 4H7" {_LINE}/>',
    "pause": f'<path d="M8 6v12M16 6v12" {_LINE}/>',
    "resume": f'<path d="M7 4l13 8-13 8z" fill="{INK}"/>',
    "baseline": f'<path d="M3 12h18M12 4v3m0 10v3" {_LINE}/>',
    "snapshot": f'<path d="M3 8h4l2-3h6l2 3h4v11H3z" {_LINE}/><circle cx="12" cy="13" r="3.4" fill="{INK}"/>',
    "menu": f'<path d="M4 7h16M4 12h16M4 17h16" {_LINE}/>',
}


def application(arguments: Sequence[str] = ("affect",)) -> QApplication:
    """Return the QApplication, in the windows' style; it is created by the first call, in the main thread.

    arguments: Qt's own, with the program's name.
    """
    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    if sys.platform == "linux" and os.environ.get("DISPLAY"):  # on Wayland, a window cannot choose its place
        os.environ.setdefault("QT_QPA_PLATFORM", "xcb")
    made = QApplication([*arguments])
    made.setApplicationName("affect")
    made.setStyle("Fusion")
    made.styleHints().setColorScheme(Qt.ColorScheme.Dark)
    palette = QPalette(QColor(TRACK), QColor(GROUND))  # Qt derives the rest, which the style sheet leaves to the style
    palette.setColor(QPalette.ColorRole.Highlight, QColor(ACCENT))
    made.setPalette(palette)
    made.setStyleSheet(STYLE)
    made.setQuitOnLastWindowClosed(False)
    return made


def label(name: str = "", *, wraps: bool = False, align: Qt.AlignmentFlag | None = None) -> QLabel:
    """Create a label of plain text.   name: its style in STYLE."""
    made = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=wraps)
    made.setObjectName(name)
    if align is not None:
        made.setAlignment(align)
    return made


def styled(part: QWidget, name: str, value: bool) -> None:
    """Set a property that STYLE asks for, and restyle the part where it has changed."""
    if part.property(name) != value:
        part.setProperty(name, value)
        part.style().polish(part)


Layout = TypeVar("Layout", bound=QBoxLayout)


def laid(layout: Layout, *parts: QWidget | QLayout | int, spacing: int = 6, margin: int = 0, grows: int = -1) -> Layout:
    """Add parts to a layout, a number as stretch.   grows: index of the part that takes the free room."""
    layout.setSpacing(spacing)
    layout.setContentsMargins(margin, margin, margin, margin)
    for i, part in enumerate(parts):
        if isinstance(part, int):
            layout.addStretch(part)
        elif isinstance(part, QWidget):
            layout.addWidget(part, int(i == grows))
        else:
            layout.addLayout(part, int(i == grows))
    return layout


@cache
def icon(name: str) -> QIcon:
    """Icon of SHAPES, sharp on screens of high resolution."""
    pixmap = QPixmap()
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96" viewBox="0 0 24 24">{SHAPES[name]}</svg>'
    pixmap.loadFromData(QByteArray(drawn.encode()))
    return QIcon(pixmap)
