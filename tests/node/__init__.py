"""The daemon as a service: under a systemd of its own, or under a parent that does as systemd does."""
