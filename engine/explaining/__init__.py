"""Why one tumor is where it is: attributions, Shapley values, pairs of alterations, what if."""
