"""What several panels share: the loop, alerts, pictures, text, and the transfer of files."""
