"""Signals to numbers: observations."""
