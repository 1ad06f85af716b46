"""Where frames come from: cameras, files, streams, the screen."""
