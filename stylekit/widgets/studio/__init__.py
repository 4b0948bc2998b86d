"""The page on which pictures and clips are painted, from upload to download."""
