"""rillet: trained models, made small, proved, and run anywhere."""
