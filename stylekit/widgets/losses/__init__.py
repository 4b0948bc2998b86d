"""The arithmetic of a loss, from the sum of its terms to the product of two feature maps."""
