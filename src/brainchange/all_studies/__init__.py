"""What studies can tell together, or before any image: previews, claims, effects taken together."""
