"""The vocabulary: what flows through subfold. Pure; imports nothing of ours."""
