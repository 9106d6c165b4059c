"""Volume change of regions between two T1w images of one participant."""
