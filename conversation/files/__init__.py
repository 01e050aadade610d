"""Files that hang on things: taken in, kept, shown, sent and thrown away."""
