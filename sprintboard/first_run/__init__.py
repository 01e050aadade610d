"""From an account to a board: the wizard in four steps, and what to do first."""
