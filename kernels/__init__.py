"""Ops on packed sequences: attention, rotary position, segment means; plain torch says what."""
