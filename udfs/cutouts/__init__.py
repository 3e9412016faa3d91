"""What is measured on a cutout, and what of it a classifier can use.

The features are compiled; the classifiers are scikit-learn.
"""
