"""Tests of the guest book; the image's first stage runs them."""
