"""Reading of data sets in every layout of AffectNet, splits, augmentation, caching, and loading of batches."""
