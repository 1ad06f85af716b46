"""The one exception that is meant for the person at the keyboard.

Everything in `affect` that fails because of what the user gave (a file, a setting, a camera) raises it;
the command lines print its message as one line and leave with exit code 2.
"""


class AffectError(Exception):
    """What happened, to which file or setting, and what to do now, in one line."""
