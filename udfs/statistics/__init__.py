"""Intervals of proportions, the normal distribution and ROC curves.

The first two are functions of SQL.
"""
