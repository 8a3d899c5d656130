"""Benefits (待遇): who has a right to how many months, what was ordered of it, and how it ends."""
