"""What a collector enters for a farmer without a smartphone, and the farmer's word for it."""
