"""Frame sources: cameras, video and image files, network streams, and the screen."""
