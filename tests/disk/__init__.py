"""Disks that stand in for the real one: one that can lose its power, one on which calls go wrong."""
