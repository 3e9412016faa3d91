"""Light and its noise: magnitudes, dust, profiles, PSFs, draws.

Shared by the batch renderer and the reference.
"""
