"""Where data sets come from: AffectNet's public copy, FER+, drawn faces."""
