"""Who reads which transcript next: assignment, leases and repeats."""
