"""One file per format: each turns files into a `RawData` and says what it left out."""
