"""The start window, and the dialogs of a program that was started without a terminal."""
