"""Is matching any good: labelled cases, metrics, runs, comparison and benchmarks."""
