"""What alterations go with, over many tumors: counts, odds ratios, pairs, regions, outcomes."""
