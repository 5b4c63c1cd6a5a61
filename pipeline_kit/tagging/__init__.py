"""Tags, labels and annotations: the names that an image is published under."""
