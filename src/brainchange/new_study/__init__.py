"""A study file written from what a dataset says about itself; what it does not say is asked."""
