"""Find a face, crop it, and prepare it: the one definition of what a model sees."""
