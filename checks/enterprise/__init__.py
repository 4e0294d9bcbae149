"""Checks of the guide's deployment considerations and support: what an account must have before many rely on it."""
