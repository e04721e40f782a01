"""Chat platforms: each adapter turns what happens there into requests, and cards into messages."""
