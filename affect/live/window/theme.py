"""The windows' look: colours, style sheet, icons; and the one QApplication."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import QByteArray, QRect, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPalette, QPixmap, QScreen
from PySide6.QtWidgets import QApplication, QBoxLayout, QLabel, QLayout, QWidget

from affect.live.window.region import Region

INK, DIM, GROUND, PANEL, TRACK = "#F1F3F5", "#AAB2BA", "#17191C", "#212428", "#383D43"
ACCENT, RED, UNSURE = "#6CB6F5", "#F0616D", "#8A929A"

STYLE = f"""
* {{ color: {INK}; }}
QWidget#window, QDialog, QTextBrowser, QMenu, QMessageBox {{ background: {GROUND}; }}
QToolTip {{ background: {PANEL}; color: {INK}; border: 1px solid {TRACK}; padding: 4px; }}
QFrame#card, QFrame#question {{ background: {PANEL}; border-radius: 8px; }}
QFrame#question {{ border: 1px solid {ACCENT}; }}
QLabel#dim {{ color: {DIM}; }}
QLabel#hint {{ background: {GROUND}; border-radius: 8px; padding: 12px 18px; }}
QLabel#recording {{ color: {DIM}; }}
QLabel#recording[on="true"] {{ color: {RED}; font-weight: 600; }}
QLabel#paused {{ background: {INK}; color: {GROUND}; border-radius: 4px; padding: 0 6px; font-weight: 600; }}
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
QSlider::groove {{ height: 6px; border-radius: 3px; background: qlineargradient(x1: 0, x2: 1, stop: 0 {TRACK},
    stop: 0.48 {TRACK}, stop: 0.485 {DIM}, stop: 0.515 {DIM}, stop: 0.52 {TRACK}, stop: 1 {TRACK}); }}
QSlider::handle {{ width: 6px; margin: -4px 0; border-radius: 3px; background: {INK}; }}
QSlider[sure="false"]::handle {{ background: {UNSURE}; }}
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
    made.setPalette(_palette())
    made.setStyleSheet(STYLE)
    made.setQuitOnLastWindowClosed(False)
    return made


def _palette() -> QPalette:
    """Colours of what the style sheet leaves to the style, as scroll bars and check boxes."""
    role, palette = QPalette.ColorRole, QPalette()
    for colour, roles in (
        (GROUND, (role.Window, role.Base, role.HighlightedText)),
        (PANEL, (role.AlternateBase, role.ToolTipBase)),
        (TRACK, (role.Button, role.Mid)),
        (INK, (role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.BrightText)),
        (ACCENT, (role.Highlight, role.Link)),
        (DIM, (role.PlaceholderText,)),
    ):
        for each in roles:
            palette.setColor(each, QColor(colour))
    return palette


def label(name: str = "", *, wraps: bool = False, align: Qt.AlignmentFlag | None = None) -> QLabel:
    """Create a label of plain text.   name: its style in STYLE."""
    made = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=wraps)
    made.setObjectName(name)
    if align is not None:
        made.setAlignment(align)
    return made


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


def icon(name: str) -> QIcon:
    """Icon of SHAPES, sharp on screens of high resolution."""
    pixmap = QPixmap()
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96" viewBox="0 0 24 24">{SHAPES[name]}</svg>'
    pixmap.loadFromData(QByteArray(drawn.encode()))
    return QIcon(pixmap)


def region_of(rect: QRect) -> Region:
    """Convert Qt's rectangle to a Region."""
    return Region(rect.x(), rect.y(), rect.width(), rect.height())


def monitors() -> list[Region]:
    """Parts of the monitors that are free for windows, without task bars, in Qt's pixels; the main one first."""
    return [region_of(s.availableGeometry()) for s in sorted(QGuiApplication.screens(), key=_is_other)]


def in_qt(region: Region) -> Region:
    """Convert a rectangle in pixels of the desktop to Qt's pixels, which are larger on screens of high resolution."""
    for screen in QGuiApplication.screens():
        x, y, width, height = region_of(screen.geometry())
        scale = scale_of(screen)
        if x <= region.x < x + width * scale and y <= region.y < y + height * scale:
            left, top = x + (region.x - x) / scale, y + (region.y - y) / scale
            return Region(int(left), int(top), math.ceil(region.width / scale), math.ceil(region.height / scale))
    return region


def scale_of(screen: QScreen) -> float:
    """Pixels of the desktop, as screen sources count them, for one of Qt's: on a Mac both count points."""
    return 1.0 if sys.platform == "darwin" else screen.devicePixelRatio()


def _is_other(screen: QScreen) -> bool:
    return screen != QGuiApplication.primaryScreen()
