"""Analysis of files without a window: videos, several at a time, and folders of pictures."""
