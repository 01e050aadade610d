"""What the program costs, measured against the barest one that answers the same (`make bench`)."""
