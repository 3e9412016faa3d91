"""Second computations, which share nothing with what they check."""
