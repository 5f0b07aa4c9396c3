"""Op cases, one module per file of `rillet.ops`: each holds `CASES`, which serve every mode of the harness."""
