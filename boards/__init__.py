"""What a board is made of: data, no behaviour."""
