"""What the converters of tools/ share: jobs, sources, projections."""
