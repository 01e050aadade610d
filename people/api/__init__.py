"""What every API view stands on: who asks, how often, in what words, and what comes back."""
