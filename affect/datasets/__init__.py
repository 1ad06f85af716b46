"""Download, conversion and generation of data sets: AffectNet's public copy, FER+, drawn faces."""
