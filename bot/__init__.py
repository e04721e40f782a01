"""The question dealer: decides everything, and knows no chat platform."""
