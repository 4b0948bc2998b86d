"""What several panels use: the loop, alerts, pictures, and the transfer of files."""
