"""The demo workspaces: a story told by the program's own verbs, on the seed clock."""
