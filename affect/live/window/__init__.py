"""What the window shows, and its keys."""
