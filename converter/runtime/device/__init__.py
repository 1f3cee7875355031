"""A device: its memory, buffers that wait for their next use, and the order of runs among the work of others."""
