"""Scrapes: families, totals, text."""
