"""Pictures of what other rooms have worked out: matplotlib's, into a file, without a display."""
