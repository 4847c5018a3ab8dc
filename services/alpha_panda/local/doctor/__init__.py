"""`panda doctor`: facts are collected at the edges, verdicts on them are pure, each with what is to be done."""
