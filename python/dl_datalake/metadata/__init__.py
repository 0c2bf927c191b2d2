"""What the manifest knows."""
