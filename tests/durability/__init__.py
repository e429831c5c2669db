"""The durability specification: what is acknowledged is stored, exactly once, whatever happens to the disk."""
