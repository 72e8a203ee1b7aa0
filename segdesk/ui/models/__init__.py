"""Qt models over the Workbench's values. They hold no truth: each answer is asked anew."""
