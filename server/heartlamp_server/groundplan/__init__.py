"""What is drawn of a village: houses, roads, water, landmarks, where people gather."""
