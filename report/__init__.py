"""The HTML report: one self-contained page.

It says what was injected and what is recovered.
"""
