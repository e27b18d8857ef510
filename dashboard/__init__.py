"""The faces of TumorXY: the command, the pages, and the service that joins engine and cache."""
