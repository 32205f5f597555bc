"""What handing an array over costs, and what opening and touching one costs: `python -m benchmarks`. See README.md here."""
