"""Coordinates, layers and tiles.

Stored: CGCS2000 (EPSG:4490). Served as GeoJSON: WGS 84 (4326); the two differ by centimetres, so numbers pass
through unchanged. Web maps of China show GCJ-02: `gcj02` converts at the edge.
"""
