"""The network, VGG16 or VGG19: its weights, its features, and the use of TensorFlow."""
