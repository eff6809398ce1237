"""What `tfkgrec benchmark` measures."""
