"""The HTML report: one self-contained page that says what was injected and what is recovered."""
