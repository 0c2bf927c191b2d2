"""What a program asks the lake by."""
