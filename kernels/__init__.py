"""One file per op: packed attention and rotary position, with plain torch as the specification."""
