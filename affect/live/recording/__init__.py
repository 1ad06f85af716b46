"""Recording of a session: the session folder, CSV and video output."""
