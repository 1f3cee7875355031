"""Files of rows in and out of a graph: tables, arrays and images, a batch in memory at a time."""
