"""Processes that are killed at every point at which one can die between us and a gateway."""
